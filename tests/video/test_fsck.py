"""What fsck says of cameras: nothing while all is well; each way in which a line can be wrong is told by its word."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Gap, Segment
from tests.video import footage
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from video.fsck import LineLook
from video.salvage import recover


@pytest.fixture
def door(site: Site, tmp_path: Path) -> str:
    """A camera with a gap, four segments, and a gap that lasts."""
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    recover(spool, NOW - timedelta(seconds=3)).end(NOW)
    write(spool, footage.make(tmp_path / "a.mp4", 150), camera_id=door)
    assert site.upload.run()
    return door


def kinds(site: Site) -> list[str]:
    return [each.kind for each in LineLook(site.house.database, site.clock).look()]


def second(session: Session) -> Segment:
    return session.scalars(sa.select(Segment).order_by(Segment.began_at).offset(1).limit(1)).one()


def take_a_gap_away(session: Session) -> None:
    # From the middle: the segment before what is taken stays.
    row = second(session)
    row.began_at += timedelta(seconds=1)


def let_two_overlap(session: Session) -> None:
    second(session).began_at -= timedelta(milliseconds=40)


def stop_watching(session: Session) -> None:
    last = session.scalars(sa.select(Gap).where(Gap.ended_at.is_(None))).one()
    session.delete(last)
    for row in (*session.scalars(sa.select(Segment)), *session.scalars(sa.select(Gap))):
        for name in ("began_at", "started_at", "ended_at"):
            if hasattr(row, name):
                setattr(row, name, getattr(row, name) - timedelta(hours=2))


def lie_about_packets(session: Session) -> None:
    second(session).packets += 1


def lie_about_time(session: Session) -> None:
    second(session).media_end += 1


def lie_about_bytes(session: Session) -> None:
    row = second(session)
    offset, *others = row.fragments[-1]
    row.fragments = [*row.fragments[:-1], [offset + 1, *others]]


def test_all_is_well(site: Site, door: str) -> None:
    look = LineLook(site.house.database, site.clock)
    assert list(look.look()) == []
    assert look.seen == len(site.segments(door)) + len(site.gaps(door))


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (take_a_gap_away, "line_hole"),
        (let_two_overlap, "line_overlap"),
        (stop_watching, "camera_unwatched"),
        (lie_about_packets, "segment_untrue"),
        (lie_about_time, "segment_untrue"),
        (lie_about_bytes, "segment_untrue"),
    ],
)
def test_what_is_spoiled_is_found(site: Site, door: str, spoil: Callable[[Session], None], kind: str) -> None:
    with site.house.database.begin() as session:
        spoil(session)
    assert kinds(site) == [kind]


def test_a_camera_of_which_nothing_was_ever_known_is_found_after_an_hour(site: Site) -> None:
    site.add("lift", "rtsp://127.0.0.1/live")
    assert kinds(site) == []
    site.house.clock.sleep((site.clock.now() - site.house.clock.now() + timedelta(hours=2)).total_seconds())
    (found,) = LineLook(site.house.database, site.house.clock).look()
    assert found.kind == "camera_unwatched"
