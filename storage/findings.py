"""What is put before a person's eyes: something that was seen, and that no rule of ours may decide."""

from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from storage.errors import NotFound, Refused
from storage.ledger.log import append
from storage.models import Finding
from storage.models.columns import random_id

log = structlog.get_logger()

# What nobody here can end, and is seen at every look: once closed it stays so, unless there is something new to say.
LASTING = frozenset({"complaints_unavailable", "unanswered_recording"})


def note_finding(session: Session, kind: str, subject: str, explanation: str, now: datetime) -> None:
    """Put something before a person's eyes; once, however often it is seen. `subject` is an id, never a person.

    What was closed and is seen again is open again: whoever closed it was wrong, or it came back.
    """
    row = session.scalars(sa.select(Finding).where(Finding.kind == kind, Finding.subject == subject)).one_or_none()
    if row is None:
        row = Finding(
            id=random_id(), kind=kind, subject=subject, explanation=explanation, first_seen_at=now, last_seen_at=now
        )
        session.add(row)
        _tell(session, row, now)
    elif row.closed_at is not None and (kind not in LASTING or row.explanation != explanation):
        row.closed_at = row.closed_by = row.closed_reason = None
        _tell(session, row, now)
    row.explanation = explanation
    row.last_seen_at = now
    session.flush()


def close_finding(session: Session, finding_id: str, closed_by: str, reason: str, now: datetime) -> Finding:
    """Say that a person has dealt with it, and how.

    Raises:
        NotFound: if there is no such finding.
        Refused: if it is closed already, or the reason is missing.
    """
    if not reason.strip():
        raise Refused("reason: say what was done about it; it is written into the ledger")
    row = session.get(Finding, finding_id, with_for_update=True)
    if row is None:
        raise NotFound("there is no finding {finding_id!r}; see `eskertu findings --json`", finding_id=finding_id)
    if row.closed_at is not None:
        raise Refused("finding {finding_id} is closed already", finding_id=finding_id)
    row.closed_at, row.closed_by, row.closed_reason = now, closed_by, reason
    told = {"finding": row.id, "kind": row.kind, "subject": row.subject, "closed_by": closed_by, "reason": reason}
    append(session, "finding_closed", row.id, now, told)
    return row


def _tell(session: Session, row: Finding, now: datetime) -> None:
    append(session, "finding", row.id, now, {"kind": row.kind, "subject": row.subject})
    log.warning("finding", kind=row.kind, subject=row.subject)
