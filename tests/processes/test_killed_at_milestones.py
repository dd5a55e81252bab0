"""Every process, killed at every milestone: nothing lost, nothing doubled, nothing left over (I1, I2, I6, I7)."""

import hashlib
import io
import os
import wave
from functools import partial

import pytest
import sqlalchemy as sa

from config.milestones import Milestone
from storage.models import Call, CallStep, ConsentRecord, Leaf, LeafOpening, Receipt, Recording
from telephony.practice.caller import CallResult
from tests.backend import everything_in
from tests.processes.plant import KEPT_FOR_S, Plant

KILLS_PER_STEP = int(os.environ.get("KILLS_PER_STEP", "2"))
IN_WEB = {Milestone.CALL_ANSWERED, Milestone.STEP_ANSWERED}
# Nothing is held here: tests/processes/test_killed_while_mirroring.py kills at these.
OF_HOLDS = {Milestone.HOLD_IN_KEYS, Milestone.HOLD_IN_STORE, Milestone.HOLD_MIRROR_OFF}
# A call has three steps (menu, notice, the end of the conversation): each of its kills takes another.
# The third is only asked for when the other side ends the conversation: who hangs up asks for nothing more.
CALLEE = "hangs-up-first"
TIMES_IN_A_CALL = {Milestone.STEP_ANSWERED: 3}


IN_PURGE = {Milestone.PURGE_CLAIMED, Milestone.PURGE_COMMITTED}
IN_PEAKS = {Milestone.PEAKS_CLAIMED, Milestone.PEAKS_COMMITTED}
# No camera is recorded here: tests/video/test_upload.py and tests/video/test_previews.py stop at these.
OF_CAMERAS = {
    Milestone.GAP_COMMITTED, Milestone.SPOOL_REMOVED, Milestone.PREVIEW_CLAIMED, Milestone.PREVIEW_COMMITTED,
}  # fmt: skip
ELSEWHERE = IN_PURGE | IN_PEAKS | OF_HOLDS | OF_CAMERAS


@pytest.mark.parametrize("milestone", [each for each in Milestone if each not in ELSEWHERE])
def test_killed_there_nothing_is_lost_doubled_or_left_over(plant: Plant, milestone: Milestone) -> None:
    for kill in range(KILLS_PER_STEP):
        # Of the web's two processes, now both die, now the one that answers: then the other replaces it.
        whole = kill % 2 == 0
        plant.deaths.clear()
        plant.arm(milestone, 1 + kill % TIMES_IN_A_CALL.get(milestone, 1), whole=whole)
        caller = f"+7701555{kill:04}"
        result = plant.call(from_number=caller, callee=CALLEE)
        outcome = plant.until(partial(plant.outcome, result.call_sid), "the call is settled", pace=20)
        if outcome == "recorded":
            object_id = is_stored_once(plant, result)
            everything_agrees(plant)
            plant.clock.advance(KEPT_FOR_S)
            is_deleted_once(plant, object_id)
        assert plant.fuse.died is not None, "the milestone was never reached"
        if milestone in IN_WEB:
            assert plant.deaths == ([("web", -9)] if whole else [])
            is_told_first(plant, result, outcome, caller)
        else:
            assert plant.deaths == [("worker", -9)]
            assert outcome == "recorded"
        is_empty(plant)
        everything_agrees(plant)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_web_process_that_dies_in_its_answer_is_asked_again(plant: Plant, nth: int) -> None:
    """The answer was kept before the process died: asked again, another gives the same one, word for word."""
    plant.arm(Milestone.STEP_ANSWERED, nth, whole=False)
    result = plant.call(callee=CALLEE)
    assert plant.fuse.died is not None, "the step was never answered"
    assert plant.until(lambda: plant.outcome(result.call_sid), "the call is settled", pace=20) == "recorded"
    is_stored_once(plant, result)
    assert plant.deaths == []
    steps = plant.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(CallStep)))
    assert steps == 3


def is_stored_once(plant: Plant, result: CallResult) -> str:
    """One recording, one object, whole; in the store that one key, and with the carrier nothing."""
    (sid,) = result.recording_sids
    (row,) = plant.until(
        lambda: [r for r in plant.recordings(result.call_sid) if (r.state, r.carrier_copy) == ("stored", "deleted")],
        "the recording is stored, and the carrier's copy gone",
        pace=5,
    )
    assert row.recording_sid == sid
    (kept,) = [each for each in plant.objects() if each.state != "deleted"]
    assert (kept.id, kept.state) == (row.object_id, "stored")
    assert plant.in_store() == [kept.key]
    assert plant.at_carrier() == []
    plain = plant.plain(kept)
    assert hashlib.sha256(plain).hexdigest() == kept.sha256
    with wave.open(io.BytesIO(plain)) as sound:
        assert sound.getnchannels() == 2
        assert sound.getnframes() / sound.getframerate() == pytest.approx(row.duration_s, abs=0.01)
    assert list(plant.at.keys.object_ids()) == [kept.id]
    return kept.id


def is_deleted_once(plant: Plant, object_id: str) -> None:
    """The receipt stands, once, with its place in the ledger."""
    plant.until(lambda: all(kept.state == "deleted" for kept in plant.objects()), "the object is deleted", pace=5)
    (receipt,) = plant.ask(lambda s: s.scalars(sa.select(Receipt).where(Receipt.object_id == object_id)).all())
    plant.until(lambda: plant.ask(lambda s: s.get_one(Leaf, receipt.leaf_id).position) is not None, "leaf has a place")
    told = sa.select(Leaf.kind).join(LeafOpening).where(LeafOpening.subject_id == object_id).order_by(Leaf.position)
    assert plant.ask(lambda s: s.scalars(told).all()) == ["object_stored", "object_deleted"]


def everything_agrees(plant: Plant) -> None:
    """What `eskertu fsck --content` finds, while everything runs: nothing."""
    assert [found for seen in plant.at.fsck(content=True).check() for found in seen.found] == []


def is_told_first(plant: Plant, result: CallResult, outcome: str, caller: str) -> None:
    """I1, I2: what was recorded was recorded after the notice; whose consent did not come is not known any more."""
    call = plant.ask(lambda s: s.scalars(sa.select(Call).where(Call.call_sid == result.call_sid)).one())
    consents = plant.ask(lambda s: s.scalars(sa.select(ConsentRecord).where(ConsentRecord.call_id == call.id)).all())
    if outcome == "recorded":
        assert [consent.state for consent in consents] == ["given"]
        assert call.from_number == caller
        return
    assert outcome in {"declined_hangup", "unrecorded", "incomplete"}
    assert (outcome == "incomplete") == bool(consents)
    assert result.recording_sids == ()
    assert call.from_number is None
    plant.at.database.forget_deleted()
    files = [path.read_bytes() for path in (plant.folder / "var").rglob("*") if path.is_file()]
    urls = (plant.at.settings.database_url, plant.at.settings.keys_database_url)
    said = b"".join([*files, *(everything_in(url) for url in urls if url is not None)])
    assert caller[1:].encode() not in said


def is_empty(plant: Plant) -> None:
    """No byte, no upload, no key, no copy: with us, in the store, with the carrier."""
    assert plant.in_store() == []
    assert plant.at.store.abort_uploads("") == 0
    assert list(plant.at.keys.object_ids()) == []
    assert plant.at_carrier() == []
    waiting = sa.select(Recording.state).where(Recording.state.in_(("pending", "fetching")))
    assert plant.ask(lambda s: s.scalars(waiting).all()) == []
