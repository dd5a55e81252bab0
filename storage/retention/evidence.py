"""Rows about people have dates too: purpose `evidence`, longer than the media's, not for ever (I4)."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import (
    Call,
    CallStep,
    CarrierEvent,
    Centre,
    ConsentRecord,
    LeafOpening,
    Line,
    Recording,
    RecordingPause,
    StoredObject,
)
from storage.retention.policy import Policy, applicable, schedule, window_end
from storage.retention.schedule import published_policies
from storage.reviews import bring_forward, forget_reviews

# No call lasts as long: one without an outcome after this never gets one (the carrier has forgotten it, say).
SETTLED_BY_NOW = timedelta(days=2)


def evidence_ends(session: Session, centre: Centre, counted_from: datetime) -> datetime:
    """When rows about a call at this centre go.

    Raises:
        PolicyError: if no evidence policy is published: then nothing about anybody is written.
    """
    (due,) = schedule(published_policies(session), ["evidence"], centre.jurisdiction, centre.id, counted_from)
    return due.until


def bring_evidence_forward(session: Session, policies: list[Policy]) -> int:
    """Let the dates of call rows come earlier, never later, as the policies now say. Returns how many did."""
    changed = 0
    rows = session.execute(sa.select(Call, Centre).join(Line, Line.id == Call.line_id).join(Centre))
    for call, centre in rows:
        policy = applicable(policies, "evidence", centre.jurisdiction, centre.id)
        if policy is None or (end := window_end(call.ringing_at, policy.window)) >= call.delete_after:
            continue
        call.delete_after = end
        session.execute(sa.update(ConsentRecord).where(ConsentRecord.call_id == call.id).values(delete_after=end))
        bring_forward(session, call.id, end)
        changed += 1
    return changed


def delete_due_evidence(session: Session, now: datetime, batch: int = 100) -> int:
    """Delete call rows whose day has come, with all that tells about them. Returns how many calls.

    Evidence never goes before the media it proves (I3): while an object of the call exists, its rows stay.
    """
    kept = (
        sa.select(Recording.id)
        .join(StoredObject, StoredObject.id == Recording.object_id)
        .where(Recording.call_id == Call.id, StoredObject.state != "deleted")
    )
    at_carrier = sa.select(Recording.id).where(Recording.call_id == Call.id, Recording.carrier_copy == "present")
    due = session.scalars(
        sa.select(Call.id)
        .where(
            Call.delete_after <= now,
            Call.outcome.is_not(None) | (Call.ringing_at <= now - SETTLED_BY_NOW),
            ~kept.exists(),
            ~at_carrier.exists(),
        )
        .order_by(Call.delete_after)
        .limit(batch)
        .with_for_update(of=Call, skip_locked=True)
    ).all()
    if not due:
        return 0
    kin = [
        LeafOpening.subject_id.in_(sa.select(table.id).where(table.call_id.in_(due)))
        for table in (ConsentRecord, Recording, RecordingPause)
    ]
    forget_reviews(session, Recording.call_id.in_(due))
    session.execute(sa.delete(LeafOpening).where(sa.or_(LeafOpening.subject_id.in_(due), *kin)))
    for table in (ConsentRecord, CallStep, CarrierEvent, RecordingPause, Recording):
        session.execute(sa.delete(table).where(table.call_id.in_(due)))
    session.execute(sa.delete(Call).where(Call.id.in_(due)))
    return len(due)
