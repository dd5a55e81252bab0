"""Facts in the spool that cannot be read any more: their time is a gap, and their media is nobody's share for ever."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.findings import close_finding
from storage.models import Finding
from storage.retention.holds import Span, Why, hold_span
from tests.video import footage
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from video.facts import Reason
from video.salvage import recover
from video.spool import Spool
from video.upload import Upload


@pytest.fixture
def door(site: Site, tmp_path: Path) -> str:
    """A camera of which five segments and two gaps lie in the spool: of 25, 50, 50, 50 and 25 frames."""
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    gap = recover(spool, NOW - timedelta(seconds=3))
    write(spool, footage.make(tmp_path / "a.mp4", 200), camera_id=door)
    gap.end(NOW)
    return door


def restarted(site: Site) -> None:
    """As a new process finds the spool."""
    site.spool = Spool(site.spool.root, 1 << 30, reserve_bytes=0)
    site.upload = Upload(site.spool, site.house.database, site.intake, site.clock)


def suffixes(site: Site, door: str) -> list[str]:
    return sorted("".join(path.suffixes) for path in site.spool.camera(door).folder.iterdir())


def without(first: int, last: int) -> list[int]:
    return [number for number in range(200) if not first <= number <= last]


def test_a_segment_whose_facts_are_broken_is_a_gap_and_counts_as_nothing(site: Site, door: str) -> None:
    facts = sorted(site.spool.camera(door).folder.glob("*.json"))[1]
    facts.write_bytes(b'{"id": "b')
    assert site.upload.run()
    assert site.account(door, range(200)) == without(25, 74)
    assert site.reasons(door) == [Reason.STARTING, Reason.FAILED, Reason.ENDED]
    lost = site.gaps(door)[1]
    assert lost.ended_at is not None
    assert (lost.ended_at - lost.started_at) / timedelta(seconds=2) == pytest.approx(1, rel=0.01)
    assert suffixes(site, door) == [".gap", ".json.lost", ".mp4.lost"]
    assert site.spool.camera(door).used_bytes == 0
    assert site.house.findings() == [("footage_unreadable", door)]


def test_it_is_told_once(site: Site, door: str) -> None:
    sorted(site.spool.camera(door).folder.glob("*.json"))[1].write_bytes(b"\xff")
    assert site.upload.run()
    with site.house.database.begin() as session:
        found = session.scalars(sa.select(Finding.id)).one()
        close_finding(session, found, "operator", "the disk was replaced", site.clock.now())
    restarted(site)
    recover(site.spool.camera(door), site.clock.now())
    assert site.upload.run()
    with site.house.database.read() as session:
        assert session.scalars(sa.select(Finding.closed_at)).one() is not None
    assert site.account(door, range(200)) == without(25, 74)


def test_what_comes_before_it_is_waited_for(site: Site, door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is away nobody knows up to when there is something in front of it."""
    sorted(site.spool.camera(door).folder.glob("*.json"))[2].write_bytes(b"")

    def away(*_args: object) -> None:
        raise OSError(5, "away")

    with monkeypatch.context() as patched:
        patched.setattr(site.house.store, "put", away)
        assert not site.upload.run()
        assert site.reasons(door) == [Reason.STARTING, Reason.ENDED]
    assert site.upload.run()
    assert site.account(door, range(200)) == without(75, 124)
    assert site.reasons(door) == [Reason.STARTING, Reason.FAILED, Reason.ENDED]


def test_a_segment_that_died_and_whose_facts_are_broken_is_a_gap_too(site: Site, tmp_path: Path) -> None:
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    recover(spool, NOW - timedelta(seconds=3)).end(NOW)
    write(spool, footage.make(tmp_path / "a.mp4", 150), until=140, end=False, camera_id=door)
    (begun,) = spool.folder.glob("*.begun")
    begun.write_bytes(b"{")
    restarted(site)
    recover(site.spool.camera(door), site.clock.now())
    assert site.spool.camera(door).used_bytes > 0
    assert site.upload.run()
    assert site.account(door, range(140)) == list(range(125))
    assert site.reasons(door) == [Reason.STARTING, Reason.RECORDER_KILLED]
    assert suffixes(site, door) == [".begun.lost", ".gap", ".part.lost"]
    assert site.spool.camera(door).used_bytes == 0
    assert site.house.findings() == [("footage_unreadable", door)]


def test_a_gap_whose_facts_are_broken_is_one_of_unknown_reason(site: Site, door: str, tmp_path: Path) -> None:
    spool = site.spool.camera(door)
    gap = recover(spool, NOW)
    later = NOW + timedelta(minutes=1)
    write(spool, footage.make(tmp_path / "b.mp4", 50), camera_id=door, began_at=later)
    gap.end(later)
    gap.path.write_bytes(b"[]")
    assert site.upload.run()
    site.check_line(door)
    assert site.reasons(door) == [Reason.STARTING, Reason.FAILED, Reason.ENDED]
    assert suffixes(site, door) == [".gap", ".gap.lost"]


def test_its_media_goes_when_footage_of_that_age_does_unless_that_time_is_held(site: Site, door: str) -> None:
    folder = site.spool.camera(door).folder
    sorted(folder.glob("*.json"))[1].write_bytes(b"{}")
    assert site.upload.run()
    now = site.clock.now()

    def aged(days: int) -> list[str]:
        for path in folder.glob("*.lost"):
            os.utime(path, times=((now - timedelta(days=days)).timestamp(),) * 2)
        restarted(site)
        assert site.upload.run()
        return suffixes(site, door)

    assert aged(29) == [".gap", ".json.lost", ".mp4.lost"]
    at = now - timedelta(days=31)
    with site.house.database.begin() as session:
        span = Span(door, at - timedelta(minutes=1), at)
        hold_span(session, span, Why("1", "a test", "operator", now + timedelta(days=1)), now)
    assert aged(31) == [".gap", ".json.lost", ".mp4.lost"]
    assert aged(32) == [".gap"]
