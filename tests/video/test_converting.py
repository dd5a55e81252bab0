"""What few browsers play, made into what each plays: the same pictures, fewer and smaller."""

from io import BytesIO
from pathlib import Path

import av
import pytest

from tests.video import footage
from tests.video.site import Site
from tests.video.test_clips import DAY, Studio, studio_of
from video.clips_asked import LONGEST_CONVERTED, ask
from video.converting import NothingToConvert, converted


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_its_pictures_are_the_same_and_half_as_many(tmp_path: Path, codec: str) -> None:
    made = converted(iter([footage.make(tmp_path / "a.mp4", 100, codec).read_bytes()]))
    with av.open(BytesIO(made), "r") as file:
        (shown,) = file.streams.video
        assert (shown.codec_context.name, shown.width, shown.height) == ("h264", footage.WIDTH, footage.HEIGHT)
        seen = [(picture.time, footage.number_in(picture)) for picture in file.decode(shown)]
    assert [number for _, number in seen] == [*range(0, 100, 2)]
    assert all(at == pytest.approx(number / footage.FPS, abs=0.002) for at, number in seen)


def test_a_large_picture_is_made_small(tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    with av.open(path, "w", options={"movflags": "frag_keyframe+empty_moov"}) as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1918, 1078, "yuv420p"
        out.mux(stream.encode(av.VideoFrame(1918, 1078, "yuv420p")))
        out.mux(stream.encode())
    with av.open(BytesIO(converted(iter([path.read_bytes()])))) as file:
        shown = file.streams.video[0]
        assert (shown.width, shown.height) == (640, 360)


def test_of_nothing_nothing_is_made(tmp_path: Path) -> None:
    whole = footage.make(tmp_path / "a.mp4", 5).read_bytes()
    damaged = whole.replace(b"avc1", b"xxxx")
    with pytest.raises(NothingToConvert):
        converted(iter([damaged]))


@pytest.fixture
def studio(site: Site, tmp_path: Path) -> Studio:
    return studio_of(site, tmp_path)


def test_i6_it_is_of_its_segments_and_goes_within_a_day(studio: Studio) -> None:
    house = studio.site.house
    with house.database.begin() as session:
        before = studio.clip(studio.ask(0, 30))
        clip = ask(
            session, before.camera, (before.from_at, before.to_at), studio.person_id, house.clock.now(), convert=True
        )
    studio.place()
    assert studio.clips.run(clip_id=clip.id) == 1
    made = studio.clip(clip.id)
    assert (made.state, made.converted, made.bytes_done) == ("made", True, made.bytes_all)
    assert made.manifest is not None
    assert made.manifest["converted"] is True
    assert len(made.manifest["parts"]) > 2
    row = house.row(str(made.object_id))
    assert row.delete_after is not None
    assert row.delete_after <= house.clock.now() + DAY
    assert len(footage.numbers(house.content(row.id))) == 100 + 50
    assert LONGEST_CONVERTED < DAY
