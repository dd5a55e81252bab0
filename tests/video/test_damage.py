"""Media in the spool that cannot be read any more: what is whole is stored, the rest is a gap, and all else goes on."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.models import Deletion, ObjectCopy, StoredObject
from tests.video import footage
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from video.damage import Media
from video.facts import Reason
from video.salvage import recover


@pytest.fixture
def door(site: Site, tmp_path: Path) -> str:
    """A camera of which five segments and two gaps lie in the spool."""
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    gap = recover(spool, NOW - timedelta(seconds=3))
    write(spool, footage.make(tmp_path / "a.mp4", 200), camera_id=door)
    gap.end(NOW)
    return door


def second(site: Site, door: str) -> Path:
    """The media of frames 25 to 74: fragments of 25 frames each."""
    return sorted(site.spool.camera(door).folder.glob("*.mp4"))[1]


def cut_to(share: float) -> Callable[[Path], None]:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def overwritten(path: Path) -> None:
    path.write_bytes(b"\xff" * 50)


@pytest.mark.parametrize(
    ("damage", "left"),
    [
        (Path.unlink, 0),
        (cut_to(0), 0),
        (cut_to(0.1), 0),
        (overwritten, 0),
        (cut_to(0.8), 25),
        (lambda path: os.truncate(path, path.stat().st_size - 1), 25),
    ],
    ids=["gone", "empty", "no whole fragment", "something else", "half", "a byte less"],
)
def test_what_is_whole_is_stored_and_the_rest_is_a_gap(
    site: Site, door: str, damage: Callable[[Path], None], left: int
) -> None:
    damage(second(site, door))
    assert site.upload.run()
    kept = [number for number in range(200) if not 25 + left <= number < 75]
    assert site.account(door, range(200)) == kept
    assert site.reasons(door) == [Reason.STARTING, Reason.FAILED, Reason.ENDED]
    lost = site.gaps(door)[1]
    assert lost.ended_at is not None
    assert (lost.ended_at - lost.started_at) / timedelta(seconds=(50 - left) / 25) == pytest.approx(1, rel=0.01)
    assert site.house.findings() == [("footage_unreadable", door)]
    assert [path.suffix for path in site.spool.camera(door).folder.iterdir()] == [".gap"]
    with site.house.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ObjectCopy)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Deletion)) == (not left)
        dates = sa.select(StoredObject.counted_from).where(StoredObject.state == "stored")
        assert set(session.scalars(dates)) == {each.ended_at for each in site.segments(door)}
    if not left:
        # Not before it is certain that no attempt to store it is under way.
        clock = site.house.clock
        clock.sleep((site.clock.now() + timedelta(days=2) - clock.now()).total_seconds())
        assert site.house.deleter.run() == 1
    assert site.upload.run()


def test_a_disk_that_could_not_be_read_for_a_moment_loses_nothing(
    site: Site, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(media: Media) -> None:
        media.broken = True
        raise OSError(5, "no")

    with monkeypatch.context() as patched:
        patched.setattr(Media, "__iter__", failing)
        assert not site.upload.run()
    assert site.upload.run()
    assert site.account(door, range(200)) == list(range(200))
    assert site.house.findings() == []
