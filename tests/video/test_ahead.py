"""A recorder's clock that was ahead: a person is told, and nothing is kept longer for it (I4)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.models import StoredObject
from storage.retention.dates import wrong_dates
from tests.video import footage
from tests.video.site import Site
from tests.video.test_segments import write
from video.salvage import recover

WINDOW = timedelta(days=30)


def recorded_at(site: Site, tmp_path: Path, began_at: datetime, clock_said: datetime | None = None) -> str:
    """A camera of which eight seconds lie in the spool, from a moment on."""
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    gap = recover(spool, began_at - timedelta(seconds=3))
    write(spool, footage.make(tmp_path / "a.mp4", 200), camera_id=door, began_at=began_at, clock_said=clock_said)
    gap.end(began_at)
    return door


def dates(site: Site) -> Iterator[tuple[datetime, datetime, datetime]]:
    with site.house.database.read() as session:
        for row in session.scalars(sa.select(StoredObject)):
            assert row.stored_at is not None
            assert row.delete_after is not None
            yield row.counted_from, row.stored_at, row.delete_after
        assert list(wrong_dates(session)) == []


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=365)])
def test_what_a_clock_that_was_ahead_stamped_is_kept_no_longer(site: Site, tmp_path: Path, ahead: timedelta) -> None:
    door = recorded_at(site, tmp_path, site.clock.now() + ahead)
    assert site.upload.run()
    assert site.account(door, range(200)) == list(range(200))
    for counted_from, stored_at, delete_after in dates(site):
        assert counted_from > stored_at
        assert delete_after == stored_at + WINDOW
    assert site.house.findings() == [("clock_ahead", door)]


def test_a_run_that_goes_on_where_a_clock_that_was_ahead_ended_is_told(site: Site, tmp_path: Path) -> None:
    """Stored so late that the clock has caught up: what it said when the run began still tells."""
    began_at = site.clock.now() - timedelta(hours=1)
    door = recorded_at(site, tmp_path, began_at, began_at - timedelta(minutes=5))
    assert site.upload.run()
    assert all(delete_after == counted_from + WINDOW for counted_from, _, delete_after in dates(site))
    assert site.house.findings() == [("clock_ahead", door)]


def test_a_second_or_two_are_no_matter(site: Site, tmp_path: Path) -> None:
    began_at = site.clock.now() - timedelta(hours=1)
    recorded_at(site, tmp_path, began_at, began_at - timedelta(seconds=2))
    assert site.upload.run()
    assert site.house.findings() == []
