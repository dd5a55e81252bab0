"""Counting what is stored, and in which week it goes: by the worker, as often as is cheap, for whoever asks."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.models import StoredCount, StoredObject

WEEKS = 13
WEEK = timedelta(days=7)
# What is held has no week in which it goes; what goes later than all weeks has the one behind the last.
LATER = WEEKS
EVERY = timedelta(seconds=5)
# Counting takes at most this part of the time.
SHARE = 100
ONLY = 1


@dataclass(frozen=True)
class Part:
    """How much a centre has that is alike. `week`: None if it is held. `size`: bytes, of the sealed content."""

    centre_id: str
    week: int | None
    objects: int
    size: int
    kind: str = "recording"
    """What was counted before kinds were told apart, were recordings."""


@dataclass(frozen=True)
class Counted:
    """All parts, as of a moment: weeks begin there."""

    at: datetime
    parts: Sequence[Part]


class Counting:
    """Counts again when it is worth it. `stopwatch`: seconds of any origin, by which a count is timed."""

    def __init__(self, database: Database, clock: Clock, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._stopwatch = stopwatch

    def run(self) -> bool:
        """Count, unless that was done a moment ago: after five seconds, or a hundred times of what it took.

        Returns:
            Whether it was done.
        """
        now = self._clock.now()
        with self._database.read() as session:
            last = session.get(StoredCount, ONLY)
            if last is not None and now < last.counted_at + max(EVERY, SHARE * timedelta(milliseconds=last.took_ms)):
                return False
            begun = self._stopwatch()
            parts = count(session, now)
        took_ms = round((self._stopwatch() - begun) * 1000)
        with self._database.begin() as session:
            write(session, now, took_ms, parts)
        return True


def write(session: Session, now: datetime, took_ms: int, parts: Sequence[Part]) -> None:
    """Put a count in the place of an older one; nothing in that of a newer."""
    values = {"counted_at": now, "took_ms": took_ms, "parts": [asdict(part) for part in parts]}
    last = session.get(StoredCount, ONLY, with_for_update=True)
    if last is not None:
        if last.counted_at < now:
            session.execute(sa.update(StoredCount).where(StoredCount.id == ONLY).values(**values))
        return
    try:
        with session.begin_nested():
            session.execute(sa.insert(StoredCount).values(id=ONLY, **values))
    except IntegrityError:
        return  # another worker counted first, a moment ago


def last_count(session: Session) -> Counted | None:
    """What was counted last; None in an installation in which nobody has counted yet."""
    row = session.get(StoredCount, ONLY)
    return None if row is None else Counted(row.counted_at, [Part(**part) for part in row.parts])


def count(session: Session, now: datetime) -> list[Part]:
    """Count now. What is overdue goes with the first week; what is derived counts by its size alone."""
    ends = [now + WEEK * (week + 1) for week in range(WEEKS)]
    week = sa.case(
        (StoredObject.holds > 0, sa.null()),
        *((StoredObject.delete_after < end, number) for number, end in enumerate(ends)),
        else_=LATER,
    ).label("week")
    whole = sa.func.count(sa.case((StoredObject.parent_id.is_(None), 1)))
    size = sa.func.coalesce(sa.func.sum(StoredObject.cipher_bytes), 0)
    query = (
        sa.select(StoredObject.centre_id, week, whole, size, StoredObject.kind)
        .where(StoredObject.state == "stored")
        # By its name: PostgreSQL does not see that two expressions with parameters are the same.
        .group_by(StoredObject.centre_id, StoredObject.kind, "week")
    )
    return [
        Part(centre_id, number, objects, int(total), kind)
        for centre_id, number, objects, total, kind in session.execute(query)
    ]
