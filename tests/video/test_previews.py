"""Previews of segments: made once, an object of their own, that shares its segment's dates, holds and end."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from config import milestones
from config.milestones import Milestone
from storage.deriving import LEASE, Deriving
from storage.models import Deletion, Preview, PreviewTask, Receipt, Segment, StoredObject
from storage.retention.claim import claim
from storage.retention.holds import Span, Why, hold_span
from tests.video import footage
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from tests.video.test_upload import Killed
from video import looking
from video.footage import Previewed, previewed
from video.line import _cut
from video.previews import previews, want_lost_previews
from video.salvage import recover

AT_A_PREVIEW = (
    Milestone.PREVIEW_CLAIMED, Milestone.ARRIVING_COMMITTED, Milestone.KEY_MADE, Milestone.OBJECT_PUT,
    Milestone.OBJECT_COMMITTED, Milestone.PREVIEW_COMMITTED,
)  # fmt: skip


@pytest.fixture
def door(site: Site, tmp_path: Path) -> str:
    """A camera of which four segments are stored."""
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    recover(spool, NOW - timedelta(seconds=3)).end(NOW)
    write(spool, footage.make(tmp_path / "a.mp4", 150), camera_id=door)
    assert site.upload.run()
    # The recorder's clock is the system's: the house's goes on from there.
    site.house.clock.sleep(max(0.0, (site.clock.now() - site.house.clock.now()).total_seconds()))
    return door


def made_by(site: Site) -> Deriving:
    house = site.house
    return previews(house.database, house.clock, house.intake, house.playback)


def of_kind(site: Site, kind: str) -> list[StoredObject]:
    with site.house.database.read() as session:
        return list(session.scalars(sa.select(StoredObject).where(StoredObject.kind == kind)))


def rows(site: Site) -> list[Preview]:
    with site.house.database.read() as session:
        return list(session.scalars(sa.select(Preview)))


def tasks(site: Site) -> list[PreviewTask]:
    with site.house.database.read() as session:
        return list(session.scalars(sa.select(PreviewTask)))


def all_made(site: Site, door: str) -> None:
    segments = {each.object_id: each for each in site.segments(door)}
    kept = {each.id: each for each in of_kind(site, "preview") if each.state == "stored"}
    assert tasks(site) == []
    assert {each.segment_object_id for each in rows(site)} == set(segments)
    for row in rows(site):
        preview, segment = kept.pop(row.object_id), site.house.row(row.segment_object_id)
        assert preview.parent_id == segment.id
        for name in ("centre_id", "source_id", "began_at", "counted_from", "delete_after", "holds"):
            assert getattr(preview, name) == getattr(segment, name), name
        content = site.house.content(preview.id)
        assert content.startswith(b"\xff\xd8")
        assert content[row.thumbnail_bytes :].startswith(b"\xff\xd8")
        assert len(content) >= row.thumbnail_bytes + row.strip_bytes
        assert row.pictures[0] == 0
    assert kept == {}


def test_each_segment_gets_one(site: Site, door: str) -> None:
    many = len(site.segments(door))
    assert made_by(site).run() == many
    all_made(site, door)
    assert made_by(site).run() == 0


@pytest.mark.parametrize("milestone", AT_A_PREVIEW)
def test_killed_anywhere_each_is_made_once(
    site: Site, door: str, milestone: Milestone, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = len(site.segments(door))

    def die(at: Milestone) -> None:
        if at == milestone:
            raise Killed

    monkeypatch.setattr(milestones, "_watchers", [die])
    with pytest.raises(Killed):
        made_by(site).run()
    monkeypatch.setattr(milestones, "_watchers", [])
    site.house.clock.sleep(LEASE.total_seconds())
    made_by(site).run()
    all_made(site, door)
    assert len(rows(site)) == many


def test_a_segment_that_cannot_be_read_is_given_up_with_a_reason(
    site: Site, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = min(site.segments(door), key=lambda each: each.number)
    real = site.house.playback.read
    monkeypatch.setattr(
        site.house.playback,
        "read",
        lambda item: iter([b"nothing of a video"]) if item.object_id == first.object_id else real(item),
    )
    for _ in range(10):
        made_by(site).run()
        site.house.clock.sleep(400)
    (left,) = tasks(site)
    assert (left.object_id, left.next_attempt_at, left.attempts) == (first.object_id, None, 5)
    assert left.last_error
    assert len(rows(site)) == len(site.segments(door)) - 1, "the others do not wait for it"
    site.house.deleter.run()
    assert "arriving" not in {each.state for each in of_kind(site, "preview")}


def test_i6_they_go_with_their_segments_oldest_first_and_i5_stay_with_a_hold(site: Site, door: str) -> None:
    house, clock = site.house, site.house.clock
    made_by(site).run()
    segments = site.segments(door)
    clock.sleep((segments[2].ended_at + timedelta(days=30) - clock.now()).total_seconds())
    span = Span(door, segments[0].began_at, segments[0].began_at + timedelta(seconds=0.5))
    with house.database.begin() as session:
        hold_span(session, span, Why("1", "a test", "operator", clock.now() + timedelta(days=1)), clock.now())
    assert house.deleter.run() == 4, "two segments, and their previews"
    assert [each.number for each in site.segments(door)] == [0, *range(3, len(segments))]
    all_made(site, door)
    gone = {each.object_id for each in segments[1:3]}
    with house.database.read() as session:
        receipts = set(session.scalars(sa.select(Receipt.object_id)))
        assert set(session.scalars(sa.select(Deletion.object_id))) == receipts
    assert len(receipts) == 4
    assert gone < receipts
    assert {each.segment_object_id for each in rows(site)}.isdisjoint(gone)


def test_of_a_deletion_that_was_taken_back_they_are_made_anew(site: Site, door: str) -> None:
    """A segment's key is marked as held, which the main database does not know. Its preview went in a batch before."""
    made_by(site).run()
    house = site.house
    first = site.segments(door)[0].object_id
    (before,) = [each.object_id for each in rows(site) if each.segment_object_id == first]
    house.keys.hold(first)
    with house.database.begin() as session:
        assert claim(session, before, "policy", house.clock.now()) == 1
    house.deleter.run()
    house.clock.sleep(timedelta(days=40).total_seconds())
    house.deleter.run()
    assert house.row(first).state == "stored"
    with house.database.begin() as session:
        assert want_lost_previews(session, house.clock.now()) == 1
        assert want_lost_previews(session, house.clock.now()) == 0
    assert made_by(site).run() == 1
    assert [each.segment_object_id for each in rows(site)] == [first]


@pytest.mark.parametrize("first", ["made", "cut"])
def test_of_a_segment_whose_front_is_cut_off_they_are_shown_at_their_moments(
    site: Site, door: str, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """By another recorder's of a higher lease, before or after its preview was made."""
    monkeypatch.setattr(looking, "PICTURE_EVERY_S", 1.0)
    segment = site.segments(door)[1]

    def seen() -> Previewed:
        made_by(site).run()
        with site.house.database.read() as session:
            found = previewed(session, door, segment.began_at, segment.ended_at)
        return next(each for each in found if each.segment_object_id == segment.object_id)

    whole = seen() if first == "made" else None
    second = timedelta(seconds=1)
    with site.house.database.begin() as session:
        row = session.get_one(Segment, segment.id)
        _cut(session, row, (row.began_at - second, row.began_at + 0.9 * second), site.clock.now())
    cut = seen()
    assert (cut.began_at - segment.began_at) / second == pytest.approx(1, abs=0.01)
    assert cut.pictures == pytest.approx([-1000, 0], abs=10)
    assert len(cut.motion) == 1
    if whole is not None:
        assert whole.pictures == pytest.approx([0, 1000], abs=10)
        assert (cut.motion, len(whole.motion)) == (whole.motion[1:], 2)
