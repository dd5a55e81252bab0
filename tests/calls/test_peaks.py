"""Peaks of recordings: made once, an object of their own, that shares its recording's dates, holds and end."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.worker import Worker
from config import milestones
from config.milestones import Milestone
from storage.deriving import LEASE
from storage.models import LeafOpening, PeaksTask, Receipt, StoredObject
from storage.retention.card_data import ask
from storage.retention.claim import claim
from storage.retention.holds import lift
from storage.retention.publish import set_policy
from storage.retention.restriction import release, restrict
from telephony.peaks import document
from telephony.waveform import waveform
from tests.calls.purging import approved, everything_agrees, hold
from tests.house import House

INTAKE = [
    Milestone.PEAKS_CLAIMED,
    Milestone.ARRIVING_COMMITTED,
    Milestone.KEY_MADE,
    Milestone.OBJECT_PUT,
    Milestone.OBJECT_COMMITTED,
    Milestone.PEAKS_COMMITTED,
]


class Killed(BaseException):
    """As SIGKILL: nothing in the process catches it."""


@pytest.fixture
def recorded(house: House) -> House:
    house.call("stay", "ru", "listen")
    house.work()
    return house


def of_kind(house: House, kind: str) -> list[StoredObject]:
    return [row for row in house.objects() if row.kind == kind]


def tasks(house: House) -> list[PeaksTask]:
    return list(house.ask(lambda s: s.scalars(sa.select(PeaksTask)).all()))


def made(house: House) -> tuple[StoredObject, StoredObject]:
    """The recording's object and its peaks', both stored."""
    (recording,) = [row for row in of_kind(house, "recording") if row.state == "stored"]
    (peaks,) = [row for row in of_kind(house, "peaks") if row.state == "stored"]
    return recording, peaks


def test_they_are_made_once_and_are_what_the_recording_sounds_like(recorded: House) -> None:
    assert recorded.at.peaks.run() == 1
    assert recorded.at.peaks.run() == 0
    assert tasks(recorded) == []
    recording, peaks = made(recorded)
    told = json.loads(recorded.plain(peaks))
    assert recorded.plain(peaks) == document(waveform([recorded.plain(recording)]))
    assert len(told["channels"]) == 2
    assert all(max(channel) > 20 for channel in told["channels"])
    assert told["channels"][0] != told["channels"][1]
    for name in ("centre_id", "source_id", "began_at", "counted_from", "delete_after"):
        assert getattr(peaks, name) == getattr(recording, name), name
    assert peaks.parent_id == recording.id
    assert [(p.purpose, p.until, p.policy_id) for p in peaks.purposes] == [
        (p.purpose, p.until, p.policy_id) for p in recording.purposes
    ]
    assert set(recorded.at.keys.object_ids()) == {recording.id, peaks.id}
    assert recorded.at.keys.get(peaks.id) != recorded.at.keys.get(recording.id)
    everything_agrees(recorded)


@pytest.mark.parametrize("milestone", INTAKE)
def test_i7_killed_anywhere_they_are_made_by_the_next_worker(
    recorded: House, milestone: Milestone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(at: Milestone) -> None:
        if at is milestone:
            raise Killed

    monkeypatch.setattr(milestones, "_watchers", [die])
    with pytest.raises(Killed):
        recorded.at.peaks.run()
    monkeypatch.setattr(milestones, "_watchers", [])
    done = milestone in {Milestone.OBJECT_COMMITTED, Milestone.PEAKS_COMMITTED}
    assert recorded.at.peaks.run() == 0, "a claim is its worker's for a while"
    recorded.clock.sleep(LEASE.total_seconds() + 1)
    assert recorded.at.peaks.run() == (0 if done else 1)
    recording, peaks = made(recorded)
    assert sorted(recorded.in_store()) == sorted([recording.key or "", peaks.key or ""])
    assert tasks(recorded) == []
    everything_agrees(recorded)


def test_i6_they_go_with_the_recording_and_have_their_receipt(recorded: House) -> None:
    recorded.at.peaks.run()
    recorded.clock.sleep(timedelta(days=91).total_seconds())
    recorded.work()
    assert {row.state for row in recorded.objects()} == {"deleted"}
    assert recorded.in_store() == []
    assert list(recorded.at.keys.object_ids()) == []
    receipts = recorded.ask(lambda s: s.scalars(sa.select(Receipt)).all())
    assert {each.content["kind"] for each in receipts} == {"recording", "peaks"}
    everything_agrees(recorded)


def test_i6_a_recording_that_goes_early_takes_them_along_also_while_they_are_made(recorded: House) -> None:
    taken = recorded.at.peaks._take()
    assert taken is not None
    now = recorded.clock.now()
    with recorded.at.database.begin() as session:
        for purpose in ("training", "quality"):
            set_policy(session, purpose=purpose, window="PT1S", reason="a test", centre=None, now=now, dry_run=False)
    recorded.clock.sleep(60)
    recorded.at.deleter.run()
    assert recorded.at.peaks._make(taken) == 0  # type: ignore[arg-type]
    recorded.work_for(1200, 60)
    recorded.at.peaks.run()
    assert {row.state for row in recorded.objects()} == {"deleted"}
    assert recorded.in_store() == []
    assert tasks(recorded) == []
    everything_agrees(recorded)


@pytest.mark.parametrize("first", ["hold", "claim", "peaks"])
def test_i5_a_hold_on_the_recording_holds_them(recorded: House, first: str) -> None:
    (recording,) = recorded.objects()
    taken: Any = None
    if first == "hold":
        held = hold(recorded, recording.id)
        assert recorded.at.peaks.run() == 1
    elif first == "claim":
        taken = recorded.at.peaks._take()
        held = hold(recorded, recording.id)
        assert recorded.at.peaks._make(taken) == 1
    else:
        recorded.at.peaks.run()
        held = hold(recorded, recording.id)
    assert [row.holds for row in made(recorded)] == [1, 1]
    recorded.clock.sleep(timedelta(days=91).total_seconds())
    recorded.work()
    assert {row.state for row in recorded.objects()} == {"stored"}
    everything_agrees(recorded)
    with recorded.at.database.begin() as session:
        lift(session, held, "closed", recorded.clock.now())
    recorded.work_for(10)
    assert {row.state for row in recorded.objects()} == {"deleted"}
    everything_agrees(recorded)


@pytest.mark.parametrize("held", [False, True])
def test_of_a_silenced_copy_they_are_made_anew(recorded: House, held: bool) -> None:
    recorded.at.peaks.run()
    before, old = made(recorded)
    if held:
        hold(recorded, before.id)
    # As long as any recording of the practice phone: from its begin to its end nothing is to be heard.
    (recording,) = recorded.recordings()
    with recorded.at.database.begin() as session:
        lasts_ms = recorded.at.card_data.lasts_ms(before)
        row = session.get_one(StoredObject, before.id)
        request = ask(session, row, [(0, lasts_ms)], lasts_ms, "a card", "a" * 32, recorded.clock.now())
    approved(recorded, request)
    recorded.work()
    recorded.at.peaks.run()
    copy, new = made(recorded)
    assert (copy.id != before.id, new.id != old.id, new.parent_id) == (True, True, copy.id)
    states = {row.id: row.state for row in recorded.objects()}
    assert (states[before.id], states[old.id]) == ("deleted", "deleted")
    told = json.loads(recorded.plain(new))
    assert {max(channel) for channel in told["channels"]} == {0}
    assert (new.holds, copy.holds) == ((1, 1) if held else (0, 0))
    assert recording.duration_s == pytest.approx(told["seconds"], abs=0.01)
    everything_agrees(recorded)


def test_of_what_is_restricted_nothing_is_made_until_it_is_released(recorded: House) -> None:
    (recording,) = recorded.objects()
    with recorded.at.database.begin() as session:
        restrict(session, recording.id, "the caller asks", recorded.clock.now())
    assert recorded.at.peaks.run() == 0
    with recorded.at.database.begin() as session:
        release(session, recording.id, "settled", recorded.clock.now())
    recorded.clock.sleep(3601)
    assert recorded.at.peaks.run() == 1


def test_what_cannot_be_drawn_is_tried_once_and_leaves_nothing(
    recorded: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded.at.playback, "read", lambda *_: iter([b"no WAV file at all"]))
    assert recorded.at.peaks.run() == 0
    monkeypatch.undo()
    (task,) = tasks(recorded)
    assert task.next_attempt_at is None
    assert "RIFF" in (task.last_error or "")
    recorded.work_for(1200, 60)
    assert {row.state for row in of_kind(recorded, "peaks")} == {"deleted"}
    everything_agrees(recorded)


def test_a_store_that_is_away_only_makes_it_wait(recorded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(recorded.at.store, "put", away)
    assert recorded.at.peaks.run() == 0
    assert "away" in (tasks(recorded)[0].last_error or "")
    monkeypatch.undo()
    recorded.clock.sleep(5)
    assert recorded.at.peaks.run() == 1
    everything_agrees(recorded)


def test_the_ledger_has_them_as_what_they_are(recorded: House) -> None:
    recorded.at.peaks.run()
    recording, peaks = made(recorded)
    (facts,) = recorded.ask(
        lambda s: s.scalars(sa.select(LeafOpening.facts).where(LeafOpening.subject_id == peaks.id)).all()
    )
    assert (facts["kind"], facts["parent"]) == ("peaks", recording.id)


def test_a_recording_whose_deletion_was_taken_back_gets_new_ones(recorded: House) -> None:
    """Its key is marked as held, which the main database does not know. Its peaks went in a batch before."""
    assert recorded.at.peaks.run() == 1
    recording, before = made(recorded)
    recorded.at.keys.hold(recording.id)
    with recorded.at.database.begin() as session:
        assert claim(session, before.id, "policy", recorded.clock.now()) == 1
    recorded.work()
    recorded.clock.sleep(timedelta(days=91).total_seconds())
    recorded.work_for(60)
    (kept,) = [row for row in of_kind(recorded, "recording") if row.state == "stored"]
    assert (kept.id, kept.holds) == (recording.id, 1)
    assert [row.state for row in of_kind(recorded, "peaks")] == ["deleted"]
    assert [task.object_id for task in tasks(recorded)] == [recording.id], "wanted once"
    assert recorded.at.peaks.run() == 1
    assert Worker(recorded.at).want_lost_peaks() == 0
    after = made(recorded)[1]
    assert after.id != before.id
    assert after.holds == 1
    everything_agrees(recorded)
