"""Recorded by a recorder that was cut off, while nobody was told (I8): it is not kept, and somebody is told of that."""

from datetime import timedelta
from pathlib import Path

import pytest

from storage.models import Zone
from tests.storage.plain_house import PlainHouse
from tests.video import footage
from tests.video.signed import OWNER, Signed
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from video.facts import Reason
from video.postings import post, withdraw
from video.salvage import recover
from video.sheets import sheet_for


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


@pytest.mark.parametrize("grace_days", [0, 14])
def test_a_version_that_came_into_force_meanwhile_counts_too(site: Site, door: str, grace_days: int) -> None:
    clock = site.house.clock
    clock.sleep((NOW - timedelta(days=1) - clock.now()).total_seconds())
    Signed(site.house).publish("Another purpose", grace_days=grace_days)
    assert site.upload.run()
    assert site.account(door, range(200)) == (list(range(200)) if grace_days else [])
