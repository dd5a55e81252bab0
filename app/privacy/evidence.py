"""All that proves one call: what was heard, how it was answered, what was kept, and where the ledger has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound, Refused
from storage.ledger.log import append
from storage.models import (
    Call,
    CallStep,
    ConsentRecord,
    Leaf,
    LeafOpening,
    Receipt,
    Recording,
    RecordingPause,
    StoredObject,
)
from telephony.pauses import pauses_of


@dataclass(frozen=True)
class Media:
    """A recording of the call: at the carrier, with us, or deleted."""

    recording: Recording
    kept: StoredObject | None
    receipt: Receipt | None
    pauses: Sequence[RecordingPause] = ()


@dataclass(frozen=True)
class Told:
    """That the ledger was told: what kind of thing, when, and at which place (None: within a second)."""

    kind: str
    at: datetime
    position: int | None
    subject_id: str


@dataclass(frozen=True)
class Evidence:
    """Everything that is known of one call."""

    call: Call
    consent: ConsentRecord | None
    steps: Sequence[CallStep]
    media: Sequence[Media]
    leaves: Sequence[Told]


def evidence_of(session: Session, call_id: str, centre_id: str | None) -> Evidence:
    """What proves a call. Raises `NotFound` if it is not there, or of a centre that is not theirs."""
    call = session.get(Call, call_id)
    if call is None or centre_id not in (None, call.line.centre_id):
        raise NotFound("there is no such call, or it is not yours to see")
    consent = session.scalars(sa.select(ConsentRecord).where(ConsentRecord.call_id == call.id)).one_or_none()
    steps = session.scalars(sa.select(CallStep).where(CallStep.call_id == call.id).order_by(CallStep.issued_at)).all()
    recordings = session.scalars(
        sa.select(Recording).where(Recording.call_id == call.id).order_by(Recording.first_seen_at, Recording.id)
    ).all()
    pauses = pauses_of(session, call.id)
    media = [
        Media(
            each,
            session.get(StoredObject, each.object_id) if each.object_id else None,
            session.get(Receipt, each.object_id) if each.object_id else None,
            [pause for pause in pauses if pause.recording_sid == each.recording_sid],
        )
        for each in recordings
    ]
    subjects = [
        *(call.id, *([consent.id] if consent else []), *(pause.id for pause in pauses)),
        *(each.object_id for each in recordings if each.object_id),
    ]
    leaves = session.execute(
        sa.select(Leaf.kind, Leaf.at, Leaf.position, LeafOpening.subject_id)
        .join(LeafOpening, LeafOpening.leaf_id == Leaf.id)
        .where(LeafOpening.subject_id.in_(subjects))
        .order_by(Leaf.at, Leaf.id)
    )
    return Evidence(call, consent, steps, media, [Told(*row) for row in leaves])


def note_given_out(
    session: Session, call_id: str, form: str, sha256: str, given_by: str, reason: str, now: datetime
) -> None:
    """Tell the ledger that a call's evidence leaves the house.

    Args:
        session: the transaction in which the file was made.
        call_id: the call's.
        form: `pdf` or `vcon`.
        sha256: of the file.
        given_by: id of a person.
        reason: to whom, and why.
        now: the present.

    Raises:
        Refused: if the reason is missing.
    """
    if not reason.strip():
        raise Refused("reason: say to whom it goes, and why; it is written into the ledger")
    told = {"call": call_id, "form": form, "sha256": sha256, "given_by": given_by, "reason": reason}
    append(session, "given_out", call_id, now, told)


def masked(number: str) -> str:
    """A number by which a person recognises their own, and nobody finds another's."""
    return f"{number[:2]}{'•' * (len(number) - 4)}{number[-2:]}"
