"""Thumbnails and strips, of real segments: what they show is what was in front of the camera at that moment."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.video import footage
from tests.video.test_segments import camera, finished, write
from video.looking import TILE_WIDTH, Look, NothingToSee, look
from video.spool import CameraSpool
from video.timing import TIMESCALE

__all__ = ["camera"]


def pieces(data: bytes, size: int = 1000) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def shown(jpeg: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture


def number_shown(picture: np.ndarray) -> int:
    bars = picture[-picture.shape[0] // 6 :].mean(axis=0)
    return sum(int(part[2:-2].mean() > 125) << bar for bar, part in enumerate(np.array_split(bars, footage.BARS)))


def looks(spool: CameraSpool) -> list[tuple[int, Look]]:
    """Each segment's first frame, and what is seen of it."""
    found = []
    for each, data in finished(spool):
        begin = each.begun.media_begin / TIMESCALE
        seen = look(pieces(data), begin, each.media_end / TIMESCALE - begin)
        found.append((footage.numbers(data)[0], seen))
    return found


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_pictures_are_of_the_moments_that_are_said(camera: CameraSpool, tmp_path: Path, codec: str) -> None:
    write(camera, footage.make(tmp_path / "a.mp4", 200, codec))
    seen = looks(camera)
    assert len(seen) >= 3
    for first, each in seen:
        assert number_shown(shown(each.thumbnail)) == first
        strip = shown(each.strip)
        assert strip.shape[1] == TILE_WIDTH * len(each.pictures)
        tiles = np.hsplit(strip, len(each.pictures))
        assert [number_shown(tile) for tile in tiles] == [first + ms * footage.FPS // 1000 for ms in each.pictures]


def fragmented(path: Path) -> bytes:
    """The same as a segment is: fragments."""
    out = BytesIO()
    with av.open(str(path)) as file, av.open(out, "w", "mp4", options={"movflags": "frag_keyframe+empty_moov"}) as made:
        stream = made.add_stream_from_template(file.streams.video[0])
        for packet in file.demux(file.streams.video[0]):
            if packet.size:
                packet.stream = stream
                made.mux(packet)
    return out.getvalue()


def test_a_picture_each_five_seconds_and_a_look_each_second(tmp_path: Path) -> None:
    seen = look(pieces(fragmented(footage.make(tmp_path / "a.mp4", 600, gop=5))), 0.0, 24.0)
    assert seen.pictures == (0, 5000, 10000, 15000, 20000)
    assert len(seen.grids) == 23 * 16 * 9, "however often key frames come"
    assert len(seen.motion) == 24
    assert max(seen.motion) > 0


def test_what_is_long_has_no_more_pictures(tmp_path: Path) -> None:
    data = fragmented(footage.make(tmp_path / "a.mp4", 250 * 25, gop=125))
    seen = look(pieces(data, 1 << 16), 0.0, 250.0)
    assert len(seen.pictures) == 24, "every 10.4 s, at the next key frame"


def test_what_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    data = footage.make(tmp_path / "a.mp4", 50).read_bytes()
    with pytest.raises((NothingToSee, av.error.FFmpegError)):
        look(pieces(b"no video at all" * 100), 0.0, 2.0)
    with pytest.raises(ConnectionError):
        look(broken(data), 0.0, 2.0)


def broken(data: bytes) -> Iterator[bytes]:
    yield data[:100]
    raise ConnectionError("the store is away")


@pytest.mark.parametrize(("width", "height"), [(64, 512), (512, 64)])
def test_what_is_drawn_out_further_than_a_cameras_picture_is_not_drawn(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((height, width, 3), np.uint8), "rgb24")))
        out.mux(stream.encode())
    with pytest.raises(NothingToSee, match=f"{width}x{height}"):
        look(pieces(fragmented(path)), 0.0, 1.0)
