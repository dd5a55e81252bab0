"""From the spool into the store: whatever is away, and wherever it is killed, each segment is stored once."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from config import milestones
from config.milestones import Milestone
from storage.models import Deletion, ObjectCopy, ObjectPurpose, Receipt, RetentionPolicy, Segment, StoredObject
from storage.objects.store import StoreUnavailable
from storage.retention.claim import claim
from storage.retention.deletion import Deleter
from storage.retention.holds import Span, Why, hold_span
from storage.retention.other_copies import CopyUnreachable
from tests.video import footage
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from video.copies import SpoolCopies
from video.facts import Reason
from video.recorder import Recorder
from video.salvage import recover
from video.spool import Spool
from video.upload import Upload

AT_AN_UPLOAD = (
    Milestone.GAP_COMMITTED, Milestone.ARRIVING_COMMITTED, Milestone.KEY_MADE, Milestone.OBJECT_PUT,
    Milestone.OBJECT_COMMITTED, Milestone.SPOOL_REMOVED,
)  # fmt: skip


class Killed(BaseException):
    """As if the process had died here."""


@pytest.fixture
def door(site: Site, tmp_path: Path) -> str:
    """A camera of which five segments and two gaps lie in the spool."""
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    gap = recover(spool, NOW - timedelta(seconds=3))
    write(spool, footage.make(tmp_path / "a.mp4", 200), camera_id=door)
    gap.end(NOW)
    return door


def all_stored(site: Site, door: str) -> None:
    """Everything is stored, once, and nothing is left in the spool but the gap that lasts."""
    assert site.account(door, range(200)) == list(range(200))
    assert [path.suffix for path in site.spool.camera(door).folder.iterdir()] == [".gap"]
    assert site.spool.camera(door).used_bytes == 0
    with site.house.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ObjectCopy)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(StoredObject)) == 5


def test_segments_are_objects_like_any_other(site: Site, door: str) -> None:
    assert site.upload.run()
    all_stored(site, door)
    with site.house.database.read() as session:
        for segment, kept in session.execute(
            sa.select(Segment, StoredObject).join(StoredObject, StoredObject.id == Segment.object_id)
        ):
            assert (kept.kind, kept.state, kept.source_id) == ("segment", "stored", door)
            assert (kept.began_at, kept.counted_from) == (segment.began_at, segment.ended_at)
            assert [each.purpose for each in kept.purposes] == ["security"]
            assert kept.delete_after == segment.ended_at + timedelta(days=30)
            assert kept.bytes == sum(row[1] for row in segment.fragments) + segment.init_bytes
    assert site.upload.run(), "nothing is left to be done"


@pytest.mark.parametrize("milestone", AT_AN_UPLOAD)
def test_killed_anywhere_each_segment_is_stored_once(
    site: Site, door: str, milestone: Milestone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for nth in (1, 2, 5):
        left = [nth]

        def die(at: Milestone, left: list[int] = left) -> None:
            left[0] -= at == milestone
            if at == milestone and not left[0]:
                raise Killed

        monkeypatch.setattr(milestones, "_watchers", [die])
        try:
            site.upload.run()
        except Killed:
            pass
        else:
            assert left[0] > 0
        # a new process
        site.spool = Spool(site.spool.root, 1 << 30, reserve_bytes=0)
        recover(site.spool.camera(door), NOW)
        site.upload = Upload(site.spool, site.house.database, site.intake, site.clock)
    monkeypatch.setattr(milestones, "_watchers", [])
    assert site.upload.run()
    all_stored(site, door)


def test_while_the_store_is_away_it_waits_and_the_neighbours_gaps_are_told(
    site: Site, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lift = site.add("lift", "rtsp://127.0.0.1/live")
    recover(site.spool.camera(lift), NOW)
    used = site.spool.camera(door).used_bytes

    def away(*_args: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(site.house.store, "put", away)
        assert not site.upload.run()
        assert not site.upload.run()
    assert site.spool.camera(door).used_bytes == used
    assert site.segments(door) == []
    assert site.reasons(lift) == [Reason.STARTING]
    assert site.upload.run()
    all_stored(site, door)


def test_without_a_policy_nothing_is_stored_and_somebody_is_told(site: Site, door: str) -> None:
    with site.house.database.begin() as session:
        session.execute(
            sa.update(RetentionPolicy).where(RetentionPolicy.purpose == "security").values(state="superseded")
        )
    assert not site.upload.run()
    assert site.segments(door) == []
    assert site.house.findings() == [("no_policy", door)]
    with site.house.database.begin() as session:
        session.execute(
            sa.update(RetentionPolicy).where(RetentionPolicy.purpose == "security").values(state="published")
        )
    assert site.upload.run()
    all_stored(site, door)


def test_a_hold_over_a_span_keeps_what_is_still_in_the_spool(site: Site, door: str) -> None:
    span = Span(door, NOW + timedelta(seconds=1.5), NOW + timedelta(seconds=2.5))
    with site.house.database.begin() as session:
        now = site.house.clock.now()
        hold_span(session, span, Why("1", "a test", "operator", now + timedelta(days=1)), now)
    assert site.upload.run()
    with site.house.database.read() as session:
        held = sa.select(Segment.number).join(StoredObject, StoredObject.id == Segment.object_id)
        assert list(session.scalars(held.where(StoredObject.holds == 1))) == [1]


def test_a_deletion_reaches_what_a_dead_recorder_left_in_its_spool(
    site: Site, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(at: Milestone) -> None:
        if at == Milestone.OBJECT_COMMITTED:
            raise Killed

    monkeypatch.setattr(milestones, "_watchers", [die])
    with pytest.raises(Killed):
        site.upload.run()
    monkeypatch.setattr(milestones, "_watchers", [])
    with site.house.database.read() as session:
        (copy,) = session.scalars(sa.select(ObjectCopy)).all()
        assert copy.object_id == session.scalars(sa.select(StoredObject.id)).one()
    copies = SpoolCopies(site.spool.root)
    assert not copies.is_gone(copy.ref)
    with site.house.database.begin() as session:
        assert claim(session, copy.object_id, "policy", site.clock.now()) == 1
    house = site.house
    elsewhere = Deleter(house.database, house.store, house.keys, site.clock, [SpoolCopies(site.home / "elsewhere")])
    assert elsewhere.run() == 0, "the spool of another machine is waited for"
    with house.database.begin() as session:
        session.execute(sa.update(Deletion).values(next_attempt_at=site.clock.now()))
    assert Deleter(house.database, house.store, house.keys, site.clock, [copies]).run() == 1
    assert copies.is_gone(copy.ref)
    with pytest.raises(CopyUnreachable):
        SpoolCopies(site.home / "elsewhere").is_gone(copy.ref)
    # The recorder, when it lives again, does not bring back what is being deleted.
    assert site.upload.run()
    with site.house.database.read() as session:
        assert session.get_one(StoredObject, copy.object_id).state == "deleted"
        assert session.scalar(sa.select(sa.func.count()).select_from(ObjectCopy)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(ObjectPurpose)) == 5
    assert len(site.segments(door)) == 4


def test_segments_go_when_their_day_comes_and_what_a_hold_keeps_stays(site: Site, door: str) -> None:
    house, clock = site.house, site.house.clock
    assert site.upload.run()
    segments = site.segments(door)
    clock.sleep((segments[2].ended_at + timedelta(days=30) - clock.now()).total_seconds())
    span = Span(door, segments[0].began_at, segments[0].began_at + timedelta(seconds=0.5))
    with house.database.begin() as session:
        hold_span(session, span, Why("1", "a test", "operator", clock.now() + timedelta(days=1)), clock.now())
    assert house.deleter.run() == 2
    assert [each.number for each in site.segments(door)] == [0, 3, 4]
    with house.database.read() as session:
        receipts = set(session.scalars(sa.select(Receipt.object_id)))
    assert receipts == {segments[1].object_id, segments[2].object_id}
    assert footage.numbers(site.media(segments[0])) == list(range(25))


def test_what_a_recorder_left_is_salvaged_also_of_cameras_that_are_not_wanted_any_more(
    site: Site, tmp_path: Path
) -> None:
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    recover(spool, NOW - timedelta(seconds=3)).end(NOW)
    write(spool, footage.make(tmp_path / "a.mp4", 100), until=60, end=False, camera_id=door)
    site.spool = Spool(site.spool.root, 1 << 30, reserve_bytes=0)
    upload = Upload(site.spool, site.house.database, site.intake, site.clock)
    recorder = Recorder(site.spool, upload, site.clock, list)
    recorder.stopping.set()
    recorder.run()
    assert site.account(door, range(50)) == list(range(50))
    assert site.reasons(door) == ["starting", "recorder_killed"]
