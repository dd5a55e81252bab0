"""What follows once it is known how a call ended: the outcome, the number erased, recordings released or refused.

Called in the transaction of whatever has just become known, as often as something does: the same facts give the same
outcome in any order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from storage.findings import note_finding
from storage.ledger.log import append
from storage.models import Call, ConsentRecord, Recording
from storage.models.columns import random_id
from storage.retention.claim import discard
from storage.reviews import forget_reviews
from telephony.carrier.port import CarrierRecording
from telephony.outcome import NEVER_ANSWERED, WITHOUT_MEDIA, WITHOUT_NUMBER, CallFacts, outcome
from telephony.pauses import end_with_call

log = structlog.get_logger()

# The carrier's own times are evidence beside ours, read with this tolerance.
CARRIER_CLOCK = timedelta(seconds=2)
# After so many looks at the carrier (the last of them some 50 s after the end) what has not come will not come.
LOOKS_ENOUGH = 4
OURS = frozenset({"DialVerb", None})


def note_recording(
    session: Session, call: Call, told: CarrierRecording, found_by: Literal["callback", "reconciler"], now: datetime
) -> Recording:
    """Make or complete the row of a recording that the carrier tells of."""
    row = session.scalars(
        sa.select(Recording).where(Recording.recording_sid == told.recording_sid).with_for_update(of=Recording)
    ).one_or_none()
    if row is None:
        row = Recording(
            id=random_id(),
            recording_sid=told.recording_sid,
            call_id=call.id,
            call=call,
            state="pending",
            found_by=found_by,
            carrier_copy="present",
            first_seen_at=now,
            attempts=0,
        )
        session.add(row)
    if row.state != "stored":
        # Of what is stored we know better: its own header tells the channels, and more than whole seconds.
        row.channels = told.channels if told.channels is not None else row.channels
        row.duration_s = told.duration_s if told.duration_s is not None else row.duration_s
    row.started_at = told.started_at or row.started_at
    if told.status == "absent" and row.state == "pending":
        row.state, row.carrier_copy = "absent", "deleted"
    if row.state == "pending" and not _is_ours(call, told):
        refuse(session, row, now)
        note_finding(
            session,
            "foreign_recording",
            told.recording_sid,
            "The carrier recorded a call of ours without our asking, or before the notice had ended. It is being "
            "deleted there. Switch off recording by default in the carrier's account.",
            now,
        )
    session.flush()
    return row


def _is_ours(call: Call, told: CarrierRecording) -> bool:
    if call.agreed_at is None:
        return True  # not decided here: without consent the outcome refuses it
    begun = told.started_at
    return told.source in OURS and (begun is None or begun >= call.agreed_at - CARRIER_CLOCK)


def refuse(session: Session, row: Recording, now: datetime) -> None:
    """Let a recording never be stored, or be stored no longer; and its copy at the carrier go."""
    if row.state in {"pending", "fetching"}:
        row.state = "refused"
        row.next_attempt_at = None
        append(session, "recording_refused", row.id, now, {"recording": row.id, "call": row.call_id})
    # Whatever was said of it: of a call that turns out not to have been recorded there is none (I2).
    forget_reviews(session, Recording.id == row.id)
    if row.object_id is not None:
        discard(session, row.object_id, "notice_not_proven", now)
    if row.carrier_copy == "present" and row.next_removal_at is None:
        row.next_removal_at = now


def settle(session: Session, call: Call, now: datetime) -> None:
    """Decide the outcome from what is known now, and let it take effect.

    The caller holds the call's row. Rows are locked in one order everywhere: call, its pauses, recordings, objects.
    """
    end_with_call(session, call)
    rows = session.scalars(
        sa.select(Recording).where(Recording.call_id == call.id).order_by(Recording.id).with_for_update(of=Recording)
    ).all()
    decided = outcome(_facts(call, rows))
    if decided is None:
        _release(call, rows, now)
        return
    if decided != call.outcome:
        call.outcome = decided
        call.settled_at = now
        append(session, "call_settled", call.id, now, _told_of(call))
        log.info("call_settled", call=call.id, outcome=decided)
    if decided == "recorded":
        _release(call, rows, now)
    if decided in WITHOUT_NUMBER:
        call.from_number = None
    if decided in WITHOUT_MEDIA:
        for row in rows:
            refuse(session, row, now)
        session.execute(sa.update(ConsentRecord).where(ConsentRecord.call_id == call.id).values(state="void"))


def _told_of(call: Call) -> dict[str, Any]:
    return {"call": call.id, "outcome": call.outcome, "line": call.line_id, "language": call.language}


def retell(session: Session, call_id: str) -> dict[str, Any] | None:
    """What the ledger was told of a call's outcome, from its row as it is now."""
    call = session.get(Call, call_id)
    return None if call is None else _told_of(call)


def _facts(call: Call, rows: Sequence[Recording]) -> CallFacts:
    media: Literal["none", "coming", "stored"] = "none"
    if any(row.state == "stored" for row in rows):
        media = "stored"
    elif any(row.state in {"pending", "fetching"} for row in rows):
        media = "coming"
    return CallFacts(
        ended=call.ended_at is not None,
        declined_key=call.declined_key,
        agreed=call.agreed_at is not None,
        # Falling back after consent does not undo it: a recording may come all the same, and late.
        went_on_unrecorded=call.unrecorded_reason is not None and call.agreed_at is None,
        play_failed=call.play_failed,
        media=media,
        media_ruled_out=(call.looks >= LOOKS_ENOUGH and not call.media_to_come)
        or call.dial_status in NEVER_ANSWERED
        or any(row.state == "absent" for row in rows),
    )


def _release(call: Call, rows: Sequence[Recording], now: datetime) -> None:
    # Nothing is fetched before the carrier's own account of the call was read: a notice whose sound failed to play
    # must not have been stored even for a minute.
    if call.ended_at is None or call.agreed_at is None or call.play_failed is not False:
        return
    for row in rows:
        if row.state == "pending" and row.next_attempt_at is None:
            row.next_attempt_at = now
