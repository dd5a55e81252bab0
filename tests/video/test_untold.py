"""Recorded by a recorder that was cut off, while nobody was told (I8): it is not kept, and somebody is told of that."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.models import SignPosting, Zone
from tests.storage.plain_house import PlainHouse
from tests.video import footage
from tests.video.signed import OWNER, Signed
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from video.facts import Reason
from video.postings import post, withdraw
from video.salvage import recover
from video.sheets import sheet_for
from video.sign_fsck import SignsLook


@pytest.fixture
def door(site: Site, tmp_path: Path) -> str:
    """A camera in a zone whose sign hung there for weeks; eight seconds of it lie in the spool."""
    Signed(site.house).post(site.zone_id)
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    gap = recover(spool, NOW - timedelta(seconds=3))
    write(spool, footage.make(tmp_path / "a.mp4", 200), camera_id=door)
    gap.end(NOW)
    return door


def gone(house: PlainHouse, zone_id: str, after_s: float) -> None:
    with house.database.begin() as session:
        zone = session.get_one(Zone, zone_id)
        withdraw(session, zone, by="operator", reason="it fell down", now=NOW + timedelta(seconds=after_s))


def there_again(house: PlainHouse, zone_id: str, after_s: float) -> None:
    with house.database.begin() as session:
        now = NOW + timedelta(seconds=after_s)
        sheet = sheet_for(session, session.get_one(Zone, zone_id), OWNER, house.clock.now())
        post(session, sheet, by="operator", photo_object_id=None, now=now)


def test_while_it_hangs_all_is_kept(site: Site, door: str) -> None:
    gone(site.house, site.zone_id, 8.5)
    assert site.upload.run()
    assert site.account(door, range(200)) == list(range(200))


def test_from_the_moment_on_in_which_it_was_gone_nothing_is_kept(site: Site, door: str) -> None:
    gone(site.house, site.zone_id, 4.5)
    assert site.upload.run()
    # Fragments are of a second: what lies across the moment is none of those that were told.
    assert site.account(door, range(200)) == list(range(100))
    reasons = site.reasons(door)
    assert (reasons[0], set(reasons[1:-1]), reasons[-1]) == (Reason.STARTING, {Reason.NO_SIGN}, Reason.ENDED)
    assert [path.suffix for path in site.spool.camera(door).folder.iterdir()] == [".gap"]
    assert site.spool.camera(door).used_bytes == 0
    assert site.house.findings() == [], "nobody can stop at once"
    assert site.upload.run()


def test_what_was_recorded_long_after_is_told(site: Site, door: str) -> None:
    gone(site.house, site.zone_id, -3600)
    assert site.upload.run()
    assert site.account(door, range(200)) == []
    assert Reason.NO_SIGN in site.reasons(door)
    assert site.house.findings() == [("recorded_without_sign", door)]


def test_it_counts_again_when_another_was_confirmed(site: Site, door: str) -> None:
    gone(site.house, site.zone_id, 2.5)
    there_again(site.house, site.zone_id, 4.5)
    assert site.upload.run()
    # A segment that begins within, or goes on in it, has a key frame at each of its seconds.
    assert site.account(door, range(200)) == [*range(50), *range(125, 200)]


@pytest.mark.parametrize("seconds", [0, 3600])
def test_a_clock_that_was_ahead_makes_nothing_that_was_told_untold(site: Site, tmp_path: Path, seconds: int) -> None:
    """The clock was set back: the line goes on ahead of it. The recorder stopped when the sign was gone."""
    Signed(site.house).post(site.zone_id)
    door, lead = site.add("door", "rtsp://127.0.0.1/live"), timedelta(seconds=seconds)
    gap = recover(site.spool.camera(door), NOW + lead - timedelta(seconds=3))
    write(
        site.spool.camera(door),
        footage.make(tmp_path / "a.mp4", 200),
        camera_id=door,
        began_at=NOW + lead,
        clock_said=NOW,
    )
    gap.end(NOW + lead)
    gone(site.house, site.zone_id, 4.5)
    assert site.upload.run()
    assert site.account(door, range(200)) == list(range(100))
    assert ("recorded_without_sign", door) not in site.house.findings()
    assert list(SignsLook(site.house.database, site.clock).look()) == []


def test_a_clock_that_was_lost_makes_nothing_told(site: Site, tmp_path: Path) -> None:
    """A machine without a battery begins in 1970; what it records under that clock is of no time before the sign."""
    Signed(site.house).post(site.zone_id)
    door = site.add("door", "rtsp://127.0.0.1/live")
    gap = recover(site.spool.camera(door), NOW - timedelta(seconds=3))
    never = datetime(1970, 1, 1, tzinfo=UTC)
    write(site.spool.camera(door), footage.make(tmp_path / "a.mp4", 200), camera_id=door, clock_said=never)
    gap.end(NOW)
    gone(site.house, site.zone_id, -60)
    assert site.upload.run()
    assert site.account(door, range(200)) == []


def test_two_confirmations_of_one_moment_are_one(site: Site, door: str) -> None:
    """Of two machines, one a little ahead: the second confirmation is of the moment of the first, which ended in it."""
    for number in range(2):
        there_again(site.house, site.zone_id, -60 - number)
    with site.house.database.begin() as session:
        at = NOW - timedelta(seconds=60)
        first, second = session.scalars(sa.select(SignPosting).where(SignPosting.confirmed_at == at))
        # Whichever of the two a database gives first.
        second.ended_at = at
        session.flush()
        first.ended_at = None
    assert site.upload.run()
    assert site.account(door, range(200)) == list(range(200))
    assert site.house.findings() == []


@pytest.mark.parametrize("grace_days", [0, 14])
def test_a_version_that_came_into_force_meanwhile_counts_too(site: Site, door: str, grace_days: int) -> None:
    clock = site.house.clock
    clock.sleep((NOW - timedelta(days=1) - clock.now()).total_seconds())
    Signed(site.house).publish("Another purpose", grace_days=grace_days)
    assert site.upload.run()
    assert site.account(door, range(200)) == (list(range(200)) if grace_days else [])
