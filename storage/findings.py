"""What is put before a person's eyes: something that was seen, and that no rule of ours may decide."""

from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from storage.ledger.log import append
from storage.models import Finding
from storage.models.columns import random_id

log = structlog.get_logger()


def note_finding(session: Session, kind: str, subject: str, explanation: str, now: datetime) -> None:
    """Put something before a person's eyes; once, however often it is seen. `subject` is an id, never a person."""
    row = session.scalars(sa.select(Finding).where(Finding.kind == kind, Finding.subject == subject)).one_or_none()
    if row is None:
        row = Finding(
            id=random_id(), kind=kind, subject=subject, explanation=explanation, first_seen_at=now, last_seen_at=now
        )
        session.add(row)
        append(session, "finding", row.id, now, {"kind": kind, "subject": subject})
        log.warning("finding", kind=kind, subject=subject)
    row.explanation = explanation
    row.last_seen_at = now
    session.flush()
