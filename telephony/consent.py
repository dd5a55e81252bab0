"""The evidence that a caller was told, and agreed: one record a call, fields after ISO/IEC TS 27560:2023."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from storage.ledger.log import append
from storage.models import Call, CallStep, ConsentRecord
from storage.models.columns import random_id
from storage.retention.policy import applicable
from storage.retention.schedule import published_policies

SCHEMA_VERSION = "eskertu-1"
PURPOSES = ("training", "quality")


def record_consent(
    session: Session, call: Call, step: CallStep, *, expressed_by: str, controller: str, now: datetime
) -> ConsentRecord:
    """Write down what was heard and how it was agreed to, in the transaction that hands out the recording verb (I3)."""
    notice = call.notice_version
    if notice is None:
        raise ValueError("a call without a notice has nothing to consent to")
    centre = call.line.centre
    policies = published_policies(session)
    windows: dict[str, Any] = {}
    for purpose in PURPOSES:
        policy = applicable(policies, purpose, centre.jurisdiction, centre.id)
        windows[purpose] = policy.window if policy is not None else None
    record = ConsentRecord(
        id=random_id(),
        schema_version=SCHEMA_VERSION,
        call_id=call.id,
        notice_version_id=notice.id,
        language=notice.language,
        text_sha256=notice.text_sha256,
        audio_sha256=notice.audio_sha256,
        notice_started_at=step.issued_at,
        notice_ended_at=now,
        expressed_by=expressed_by,
        step_token=step.token,
        state="given",
        given_at=now,
        controller=controller,
        jurisdiction=centre.jurisdiction,
        purposes=list(PURPOSES),
        data_categories=["voice", "telephone number"],
        storage={"place": centre.code, "windows": windows},
        recipients=["the carrier", "staff of the centre, for training and quality"],
        withdrawal="say so on the line, or ask the centre; deletion follows",
        delete_after=call.delete_after,
    )
    session.add(record)
    append(session, "consent_given", record.id, now, _facts(record))
    return record


def _facts(record: ConsentRecord) -> dict[str, Any]:
    return {
        "call": record.call_id,
        "notice": record.notice_version_id,
        "language": record.language,
        "text_sha256": record.text_sha256,
        "audio_sha256": record.audio_sha256,
        "started": record.notice_started_at.isoformat(),
        "ended": record.notice_ended_at.isoformat(),
        "expressed_by": record.expressed_by,
        "step": hashlib.sha256(record.step_token.encode()).hexdigest(),
        "controller": record.controller,
        "purposes": list(record.purposes),
    }


def retell(session: Session, record_id: str) -> dict[str, Any] | None:
    """What the ledger was told of a consent record, from the record as it is now."""
    record = session.get(ConsentRecord, record_id)
    return None if record is None else _facts(record)
