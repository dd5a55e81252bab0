"""Segments as players and decoders see them: whole, each by itself, and one after the other as if they were one."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from itertools import islice, pairwise
from pathlib import Path

import av
import pytest

from config.clock import SystemClock
from storage.models.columns import random_id
from tests.video import footage
from video.addresses import Allowed, file_address
from video.facts import Finished, Gap, Reason, Run
from video.segments import SegmentWriter
from video.sources import Packet, open_source
from video.spool import CameraSpool, Spool, SpoolFull
from video.timing import TIMESCALE, Normaliser

# So long ago that nothing written here is of the future.
NOW = SystemClock().now() - timedelta(minutes=5)


@pytest.fixture
def camera(tmp_path: Path) -> CameraSpool:
    return Spool(tmp_path / "spool", 1 << 30, reserve_bytes=0).camera("door")


def write(
    camera: CameraSpool,
    path: Path,
    until: int | None = None,
    *,
    end: bool = True,
    camera_id: str = "door",
    began_at: datetime = NOW,
    codec: str = "h264",
    clock_said: datetime | None = None,
) -> None:
    """Record a file as fast as it goes, in segments of two seconds; up to where the spool is full."""
    source = open_source(Allowed(folder=path.parent).reach(file_address(path), None))
    run = Run(random_id(), camera_id, began_at, clock_said or began_at, codec, footage.WIDTH, footage.HEIGHT)
    normaliser = Normaliser(source.time_base)
    writer = SegmentWriter(camera, run, source.stream, 1.0, 2.0)
    with suppress(SpoolFull):
        for number, packet in enumerate(islice(_as_fast_as_it_goes(path), until)):
            elapsed = number / footage.FPS
            placed = normaliser.place(packet.dts, packet.pts, key=packet.is_keyframe, elapsed_s=elapsed)
            assert placed is not None
            writer.add(packet, placed, elapsed)
    if end:
        writer.close(lambda at: camera.open_gap(at, Reason.ENDED))
    else:
        writer._open.close()  # as the system does when a process dies
    source.close()


def _as_fast_as_it_goes(path: Path) -> Iterator[Packet]:
    with av.open(str(path)) as file:
        yield from (packet for packet in file.demux(file.streams.video[0]) if packet.size)


def finished(camera: CameraSpool) -> list[tuple[Finished, bytes]]:
    return [(each, path.read_bytes()) for path, each in camera.waiting() if isinstance(each, Finished)]


@pytest.mark.parametrize(
    ("codec", "b_frames"), [("libx264", 0), ("libx264", 2), ("libx265", 0)], ids=["H.264", "B-frames", "H.265"]
)
def test_segments_are_whole_and_one_after_the_other_they_are_what_came(
    camera: CameraSpool, tmp_path: Path, codec: str, b_frames: int
) -> None:
    path = footage.make(tmp_path / "a.mp4", 200, codec, b_frames=b_frames)
    write(camera, path)
    segments = finished(camera)
    assert [footage.numbers(media) for _, media in segments] == [
        list(range(25)), list(range(25, 75)), list(range(75, 125)), list(range(125, 175)), list(range(175, 200))
    ]  # fmt: skip
    for each, media in segments:
        assert each.bytes == len(media)
        assert each.packets == len(footage.numbers(media))
        assert all(before.end == after.begin for before, after in pairwise(each.fragments))
        assert each.fragments[0].key
        assert all(fragment.length <= TIMESCALE for fragment in each.fragments)
    for (before, _), (after, _) in pairwise(segments):
        assert before.ended_at == after.begun.began_at
        assert before.media_end == after.begun.media_begin == after.fragments[0].begin
    # As a playlist does it: one init part, and then every fragment of every file.
    inits = {media[: each.init_bytes] for each, media in segments}
    one = next(iter(inits)) + b"".join(media[each.init_bytes :] for each, media in segments)
    assert len(inits) == 1
    assert footage.numbers(one) == list(range(200))
    with av.open(BytesIO(one), "r") as file:
        times = [packet.dts for packet in file.demux(file.streams.video[0]) if packet.dts is not None]
    assert times == [number * TIMESCALE // footage.FPS for number in range(200)]


def test_key_frames_that_are_rare_make_long_segments_and_short_fragments(camera: CameraSpool, tmp_path: Path) -> None:
    write(camera, footage.make(tmp_path / "a.mp4", 300, gop=250))
    segments = finished(camera)
    assert [each.packets for each, _ in segments] == [250, 50]
    assert [len(each.fragments) for each, _ in segments] == [10, 2]
    assert [fragment.key for fragment in segments[0][0].fragments] == [True] + [False] * 9


def test_a_full_spool_keeps_what_was_written_and_the_gap_begins_behind_it(tmp_path: Path) -> None:
    path = footage.make(tmp_path / "a.mp4", 200)
    camera = Spool(tmp_path / "spool", 12_000, reserve_bytes=0).camera("door")
    write(camera, path)
    segments = finished(camera)
    (gap,) = [each for _, each in camera.waiting() if isinstance(each, Gap)]
    shown = [number for _, media in segments for number in footage.numbers(media)]
    assert shown == list(range(len(shown)))
    assert 25 <= len(shown) < 200
    assert gap.started_at == segments[-1][0].ended_at
    assert camera.used_bytes == sum(len(media) for _, media in segments) <= 12_000
    with pytest.raises(SpoolFull):
        camera.make_sure_of_room()
    for place, each in list(camera.waiting()):
        if isinstance(each, Finished):
            camera.remove_media(place)
            camera.remove_facts(place)
    camera.make_sure_of_room()
    assert [each for _, each in camera.waiting() if isinstance(each, Gap)] == [gap]
