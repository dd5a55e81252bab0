"""What a person should look at, and what they were done with."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.privacy.people import address_of
from storage.models import Finding

A_PAGE = 50


@dataclass(frozen=True)
class FindingRow:
    """One, and who closed it: None while it is open, or where somebody did so at the machine itself."""

    finding: Finding
    closed_by: str | None


def open_findings(session: Session) -> list[FindingRow]:
    """Those that nobody is done with, the oldest first."""
    query = sa.select(Finding).where(Finding.closed_at.is_(None)).order_by(Finding.first_seen_at, Finding.id)
    return [FindingRow(row, None) for row in session.scalars(query)]


def closed_findings(session: Session, at_most: int | None = A_PAGE) -> list[FindingRow]:
    """Those that somebody closed, the last first."""
    query = sa.select(Finding).where(Finding.closed_at.is_not(None)).order_by(Finding.closed_at.desc(), Finding.id)
    return [FindingRow(row, address_of(session, row.closed_by)) for row in session.scalars(query.limit(at_most))]


def how_many_open(session: Session) -> int:
    """How many there are to look at."""
    return session.scalar(sa.select(sa.func.count()).select_from(Finding).where(Finding.closed_at.is_(None))) or 0
