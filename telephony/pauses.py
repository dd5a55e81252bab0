"""Pauses of a call's recording, as rows: what is known of them, and what the ledger is told. Called in a transaction.

The carrier never shows that a recording is paused, so nothing here is ever assumed: `paused` is what the carrier said
in answer to our asking, and whatever it did not say is told as not known.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.ledger.log import append
from storage.models import Call, RecordingPause

# What can still become something else.
GOING_ON = frozenset({"asked", "paused", "resuming"})


def pauses_of(session: Session, call_id: str) -> Sequence[RecordingPause]:
    """All pauses of a call, in their order."""
    query = sa.select(RecordingPause).where(RecordingPause.call_id == call_id)
    return session.scalars(query.order_by(RecordingPause.number)).all()


def last_pause(session: Session, call_id: str) -> RecordingPause | None:
    """The newest pause of a call, its row held until the transaction ends. The caller holds the call's row."""
    query = sa.select(RecordingPause).where(RecordingPause.call_id == call_id)
    return session.scalars(query.order_by(RecordingPause.number.desc()).limit(1).with_for_update()).one_or_none()


def confirm_paused(session: Session, row: RecordingPause, now: datetime) -> None:
    """The carrier said that it is paused."""
    row.state, row.paused_at = "paused", now
    append(session, "recording_paused", row.id, now, _told_of_begin(row))


def close(session: Session, row: RecordingPause, state: str, now: datetime) -> None:
    """Nothing more becomes of it. What was never confirmed ends as that, whatever `state` says."""
    row.state, row.ended_at = state, now
    if row.paused_at is None:
        row.state = "refused" if state == "refused" else "unconfirmed"
        return
    append(session, "pause_ended", row.id, now, _told_of_end(row))


def end_with_call(session: Session, call: Call) -> None:
    """The call is over, and with it whatever pause went on. The caller holds the call's row."""
    if call.ended_at is None:
        return
    row = last_pause(session, call.id)
    if row is not None and row.state in GOING_ON:
        close(session, row, "ended", max(call.ended_at, row.asked_at))


def _told_of_begin(row: RecordingPause) -> dict[str, Any]:
    return {
        "pause": row.id,
        "call": row.call_id,
        "asked_by": row.asked_by,
        "token": row.token_id,
        "asked_at": row.asked_at.isoformat(),
        "paused_at": row.paused_at.isoformat() if row.paused_at else None,
    }


def _told_of_end(row: RecordingPause) -> dict[str, Any]:
    return {
        "pause": row.id,
        "call": row.call_id,
        "how": row.state,
        "silent_until": row.silent_until.isoformat() if row.silent_until else None,
    }


def retell_begin(session: Session, pause_id: str) -> Mapping[str, Any] | None:
    """What the ledger was told of a pause's begin, from its row as it is now."""
    row = session.get(RecordingPause, pause_id)
    return None if row is None else _told_of_begin(row)


def retell_end(session: Session, pause_id: str) -> Mapping[str, Any] | None:
    """What the ledger was told of a pause's end, from its row as it is now."""
    row = session.get(RecordingPause, pause_id)
    return None if row is None else _told_of_end(row)
