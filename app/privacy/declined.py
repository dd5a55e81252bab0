"""What was declined: counts and facts. No number and no media, since there is none of either (I2)."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Call, Centre, Line, NoticeVersion

DECLINED = ("declined_hangup", "declined_key")
A_PAGE = 50


@dataclass(frozen=True)
class DeclinedCount:
    """Of the calls that one line took with one notice version: how many declined, and how."""

    line: str
    version: str | None
    """None: they were gone before a notice began."""
    calls: int
    by_hangup: int
    by_key: int

    @property
    def share(self) -> float:
        """Of all calls, those that declined."""
        return (self.by_hangup + self.by_key) / self.calls if self.calls else 0.0


@dataclass(frozen=True)
class DeclinedCall:
    """That somebody declined, and how far the notice had come."""

    call_id: str
    line: str
    at: datetime
    timezone: str
    outcome: str
    language: str | None
    version: str | None


def declined_counts(session: Session, since: datetime, centre_id: str | None) -> list[DeclinedCount]:
    """By line and notice version, of the calls that are settled and rang since then."""
    query = (
        sa.select(
            Centre.name,
            Line.code,
            NoticeVersion.version,
            sa.func.count(),
            sa.func.sum(sa.case((Call.outcome == "declined_hangup", 1), else_=0)),
            sa.func.sum(sa.case((Call.outcome == "declined_key", 1), else_=0)),
        )
        .select_from(Call)
        .join(Line, Line.id == Call.line_id)
        .join(Centre, Centre.id == Line.centre_id)
        .outerjoin(NoticeVersion, NoticeVersion.id == Call.notice_version_id)
        .where(Call.ringing_at >= since, Call.outcome.is_not(None))
        .group_by(Centre.name, Line.code, NoticeVersion.version)
        .order_by(Centre.name, Line.code, NoticeVersion.version)
    )
    if centre_id is not None:
        query = query.where(Line.centre_id == centre_id)
    return [
        DeclinedCount(f"{centre}, {line}", version, int(calls), int(hangup), int(key))
        for centre, line, version, calls, hangup, key in session.execute(query)
    ]


def declined_calls(
    session: Session, since: datetime, centre_id: str | None, before: str | None = None
) -> list[DeclinedCall]:
    """Them one by one, the last first. `before`: the id of the last of the page before."""
    query = (
        sa.select(Call.id, Call.ringing_at, Call.outcome, Call.language, Line.code, Centre.name, Centre.timezone)
        .add_columns(NoticeVersion.version)
        .select_from(Call)
        .join(Line, Line.id == Call.line_id)
        .join(Centre, Centre.id == Line.centre_id)
        .outerjoin(NoticeVersion, NoticeVersion.id == Call.notice_version_id)
        .where(Call.ringing_at >= since, Call.outcome.in_(DECLINED))
        .order_by(Call.ringing_at.desc(), Call.id.desc())
        .limit(A_PAGE + 1)
    )
    if centre_id is not None:
        query = query.where(Line.centre_id == centre_id)
    if before is not None and (last := session.get(Call, before)) is not None:
        query = query.where(
            sa.or_(Call.ringing_at < last.ringing_at, sa.and_(Call.ringing_at == last.ringing_at, Call.id < last.id))
        )
    return [
        DeclinedCall(
            row.id, f"{row.name}, {row.code}", row.ringing_at, row.timezone, row.outcome, row.language, row.version
        )
        for row in session.execute(query)
    ]
