"""A fetch takes a while. What happens meanwhile elsewhere must neither lose it nor let it through (I2, I6, I7)."""

from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from config.milestones import Milestone
from storage.models import Call, Deletion, Recording
from telephony.recordings import LEASE
from telephony.settlement import settle
from tests.calls.watched import WatchedHouse


def ready_to_fetch(house: WatchedHouse) -> Recording:
    """One recording that is released, and not fetched yet."""
    house.call("stay", "ru", "listen")
    house.at.closing.run()
    (row,) = house.recordings()
    assert (row.state, row.next_attempt_at) == ("pending", house.clock.now())
    return row


def notice_turns_out_unheard(house: WatchedHouse) -> None:
    """What the carrier tells later: the sound of the notice had failed."""
    with house.at.database.begin() as session:
        call = session.scalars(sa.select(Call)).one()
        call.play_failed = True
        settle(session, call, house.clock.now())


def test_what_is_refused_while_it_is_fetched_leaves_neither_bytes_nor_a_key(watched: WatchedHouse) -> None:
    """I2, I6: also when its deletion was over before its bytes came."""
    ready_to_fetch(watched)

    def refused_and_deleted() -> None:
        notice_turns_out_unheard(watched)
        watched.at.deleter.run()
        (kept,) = watched.objects()
        assert kept.state == "deleted"

    watched.door.before_put = refused_and_deleted
    assert watched.at.recordings.run() == 0
    watched.work_for(180)
    (row,), (kept,) = watched.recordings(), watched.objects()
    assert (row.state, row.carrier_copy, kept.state) == ("refused", "deleted", "deleted")
    assert watched.in_store() == []
    assert list(watched.at.keys.object_ids()) == []
    assert watched.at_carrier() == []
    assert watched.ask(lambda s: s.scalars(sa.select(Call.from_number)).one()) is None


def test_what_is_refused_before_its_first_byte_came_leaves_no_key(
    watched: WatchedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I2, I6: its key must not be made after it was destroyed."""
    ready_to_fetch(watched)

    def refused_and_deleted(milestone: Milestone) -> None:
        if milestone is Milestone.RECORDING_CLAIMED:
            monkeypatch.undo()
            notice_turns_out_unheard(watched)
            watched.at.deleter.run()

    monkeypatch.setattr("config.milestones._watchers", [refused_and_deleted])
    watched.at.recordings.run()
    watched.work_for(180)
    (row,), (kept,) = watched.recordings(), watched.objects()
    assert (row.state, kept.state) == ("refused", "deleted")
    assert watched.in_store() == []
    assert list(watched.at.keys.object_ids()) == []


def test_what_turns_out_unheard_after_it_was_stored_goes_at_once(watched: WatchedHouse) -> None:
    """I2: a complaint can come late; then the object goes, and says why."""
    watched.call("stay", "ru", "listen")
    watched.work()
    assert len(watched.in_store()) == 1
    notice_turns_out_unheard(watched)
    watched.work()
    assert (watched.in_store(), watched.at_carrier()) == ([], [])
    assert watched.ask(lambda s: s.scalars(sa.select(Deletion.cause)).all()) == ["notice_not_proven"]
    assert watched.ask(lambda s: s.execute(sa.select(Call.outcome, Call.from_number)).one()) == ("unrecorded", None)


def test_a_worker_that_was_too_slow_does_not_spoil_what_another_has_begun(watched: WatchedHouse) -> None:
    """I7: its lease ran out, another took over and stored; the slow one's bytes go, the other's stay."""
    ready_to_fetch(watched)

    def taken_over() -> None:
        watched.clock.sleep(LEASE.total_seconds() + 1)
        assert watched.at.recordings.run() == 1

    watched.door.before_put = taken_over
    assert watched.at.recordings.run() == 0
    (row,), (kept,) = watched.recordings(), watched.objects()
    assert (row.state, row.attempts, kept.state, kept.attempt) == ("stored", 2, "stored", 2)
    assert watched.in_store() == [kept.key]
    assert watched.plain(kept).startswith(b"RIFF")


def test_a_slow_worker_that_fails_leaves_the_one_that_took_over_alone(watched: WatchedHouse) -> None:
    """I7: it may say that its own try failed, not that of the other, which is still under way."""
    ready_to_fetch(watched)

    def both_overlap() -> None:
        watched.clock.sleep(LEASE.total_seconds() + 1)
        watched.door.before_put = slow_one_fails
        assert watched.at.recordings.run() == 1, "the second one stores"

    def slow_one_fails() -> None:
        with watched.at.database.read() as session:
            first = session.scalars(sa.select(Recording)).one()
        first.attempts -= 1
        watched.at.recordings._postpone(first, "the first one's")

    watched.door.before_put = both_overlap
    watched.at.recordings.run()
    (row,), (kept,) = watched.recordings(), watched.objects()
    assert (row.state, kept.state, row.last_error) == ("stored", "stored", None)
    assert watched.in_store() == [kept.key]


def test_media_is_asked_for_again_soon_and_ever_more_rarely(watched: WatchedHouse) -> None:
    """I7: after two seconds, never more than twenty apart for five minutes, and for hours after that."""
    watched.faults.media_not_ready_s = 3 * 3600
    row = ready_to_fetch(watched)
    begun, tries = watched.clock.now(), [watched.clock.now()]
    while watched.clock.now() - begun < timedelta(hours=1):
        watched.at.recordings.run()
        (row,) = watched.recordings()
        assert row.next_attempt_at is not None
        watched.clock.sleep((row.next_attempt_at - watched.clock.now()).total_seconds())
        tries.append(watched.clock.now())
    gaps = [(after - before).total_seconds() for before, after in pairwise(tries)]
    early = [gap for gap, at in zip(gaps, tries, strict=False) if at - begun < timedelta(minutes=5)]
    assert (gaps[0], max(early), max(gaps)) == (2, 20, 600)
    watched.work_for(3 * 3600, step=600)
    assert [row.state for row in watched.recordings()] == ["stored"]
