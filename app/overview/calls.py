"""Calls of the last weeks, counted: by day and outcome, line and language; how often each notice was declined."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from storage.models import Call, Centre, Line, NoticeVersion

DAYS = 30
OPEN = "open"
# In the order in which they are stacked; what is not settled yet comes last.
OUTCOMES = ("recorded", "declined_hangup", "declined_key", "unrecorded", "incomplete", OPEN)
DECLINED = frozenset({"declined_hangup", "declined_key"})


@dataclass(frozen=True)
class Counted:
    """How many calls of a day were alike."""

    day: date
    line_id: str
    language: str | None
    outcome: str
    version_id: str | None
    number: int


@dataclass(frozen=True)
class Share:
    """One of several that are compared: its name, its number, and that of the largest."""

    name: str
    number: int
    of: int


@dataclass(frozen=True)
class Declined:
    """How often one notice version was declined, of the calls that heard it and are settled."""

    version: str
    declined: int
    settled: int

    @property
    def rate(self) -> float:
        return self.declined / self.settled


@dataclass(frozen=True)
class Calls:
    """All of it. `days`: each day with its numbers by outcome, the oldest first."""

    days: Sequence[tuple[date, Counter[str]]]
    by_outcome: Counter[str]
    by_line: Sequence[Share]
    by_language: Sequence[Share]
    by_version: Sequence[Declined]

    @property
    def all(self) -> int:
        return self.by_outcome.total()

    @property
    def busiest(self) -> int:
        """How many calls the busiest day had."""
        return max((numbers.total() for _, numbers in self.days), default=0)


def calls(session: Session, viewer: Viewer, now: datetime, zone: ZoneInfo) -> Calls:
    """What came in during the last DAYS days, with today, at the lines of whoever asks. `zone`: where days begin."""
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    rows = [row for day in days for row in _of_day(session, viewer, day, zone)]
    lines = {
        row.id: f"{name}, {row.code}"
        for row, name in session.execute(sa.select(Line, Centre.name).join(Centre)).unique()
    }
    heard = {row.version_id for row in rows if row.version_id is not None}
    named = sa.select(NoticeVersion.id, NoticeVersion.version).where(NoticeVersion.id.in_(heard))
    versions = {row.id: row.version for row in session.execute(named)}
    return Calls(
        [(day, _counts([row for row in rows if row.day == day], lambda row: row.outcome)) for day in days],
        _counts(rows, lambda row: row.outcome),
        _shares(_counts(rows, lambda row: lines[row.line_id])),
        _shares(_counts([row for row in rows if row.language], lambda row: str(row.language))),
        _declined(rows, versions),
    )


def _of_day(session: Session, viewer: Viewer, day: date, zone: ZoneInfo) -> list[Counted]:
    # A query for each day: days have 23 to 25 hours in their zone, and each reads a stretch of an index.
    begin, end = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    alike = (Call.line_id, Call.language, Call.outcome, Call.notice_version_id)
    query = sa.select(*alike, sa.func.count()).where(Call.ringing_at >= begin, Call.ringing_at < end).group_by(*alike)
    if viewer.centre_id is not None:
        query = query.where(Call.line_id.in_(sa.select(Line.id).where(Line.centre_id == viewer.centre_id)))
    return [
        Counted(day, line_id, language, outcome or OPEN, version_id, number)
        for line_id, language, outcome, version_id, number in session.execute(query)
    ]


def _counts(rows: Sequence[Counted], name: Callable[[Counted], str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        found[name(row)] += row.number
    return found


def _shares(counts: Counter[str]) -> list[Share]:
    largest = max(counts.values(), default=0)
    return [Share(name, number, largest) for name, number in counts.most_common()]


def _declined(rows: Sequence[Counted], versions: dict[str, str]) -> list[Declined]:
    settled = [row for row in rows if row.version_id is not None and row.outcome != OPEN]
    heard = _counts(settled, lambda row: versions[str(row.version_id)])
    declined = _counts([row for row in settled if row.outcome in DECLINED], lambda row: versions[str(row.version_id)])
    return [Declined(version, declined[version], heard[version]) for version in sorted(heard)]
