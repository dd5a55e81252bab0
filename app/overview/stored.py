"""What is stored, and when it goes: by weeks, and what holds keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from storage.models import StoredObject

WEEKS = 13
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Leaving:
    """What goes between two moments. `until` None: later than all others."""

    since: datetime
    until: datetime | None
    objects: int
    size: int


@dataclass(frozen=True)
class Stored:
    """All of it. Sizes in bytes, of the sealed content."""

    weeks: Sequence[Leaving]
    held: int
    held_size: int

    @property
    def objects(self) -> int:
        return sum(each.objects for each in self.weeks) + self.held

    @property
    def size(self) -> int:
        return sum(each.size for each in self.weeks) + self.held_size

    @property
    def most(self) -> int:
        """How many objects the fullest week has."""
        return max((each.objects for each in self.weeks), default=0)


def stored(session: Session, viewer: Viewer, now: datetime) -> Stored:
    """What is stored of the centres of whoever asks. What is overdue goes with the first week."""
    ends = [now + WEEK * (week + 1) for week in range(WEEKS)]
    week = sa.case(*((StoredObject.delete_after < end, number) for number, end in enumerate(ends)), else_=WEEKS).label(
        "week"
    )
    # What is derived goes with what it was derived from: it counts by its size alone.
    whole = sa.func.count(sa.case((StoredObject.parent_id.is_(None), 1)))
    total = (whole, sa.func.coalesce(sa.func.sum(StoredObject.cipher_bytes), 0))
    there = [StoredObject.state == "stored"]
    if viewer.centre_id is not None:
        there.append(StoredObject.centre_id == viewer.centre_id)
    found = {
        number: (objects, int(size))
        for number, objects, size in session.execute(
            # By its name: PostgreSQL does not see that two expressions with parameters are the same.
            sa.select(week, *total).where(*there, StoredObject.holds == 0).group_by("week")
        )
    }
    held, held_size = session.execute(sa.select(*total).where(*there, StoredObject.holds > 0)).one()
    weeks = [
        Leaving(now + WEEK * number, ends[number] if number < WEEKS else None, *found.get(number, (0, 0)))
        for number in range(WEEKS + 1)
        if number < WEEKS or number in found
    ]
    return Stored(weeks, held, int(held_size or 0))
