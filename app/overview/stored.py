"""What is stored, and when it goes: by weeks, and what holds keep. As it was counted last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from storage.counting import LATER, WEEK, WEEKS, last_count


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

    counted_at: datetime
    weeks: Sequence[Leaving]
    held: int
    held_size: int
    recordings: int
    """How many of them are of calls."""
    segments: int
    """How many of them are of cameras: pieces of about 30 s."""

    @property
    def objects(self) -> int:
        return sum(each.objects for each in self.weeks) + self.held

    @property
    def size(self) -> int:
        return sum(each.size for each in self.weeks) + self.held_size

    @property
    def most(self) -> int:
        """What the fullest week has, in bytes: calls and footage can be compared by nothing else."""
        return max((each.size for each in self.weeks), default=0)


def stored(session: Session, viewer: Viewer) -> Stored | None:
    """What is stored of the centres of whoever asks; None while nobody has counted."""
    counted = last_count(session)
    if counted is None:
        return None
    theirs = [part for part in counted.parts if viewer.centre_id in (None, part.centre_id)]

    def of(week: int | None) -> tuple[int, int]:
        alike = [part for part in theirs if part.week == week]
        return sum(part.objects for part in alike), sum(part.size for part in alike)

    weeks = [
        Leaving(counted.at + WEEK * week, counted.at + WEEK * (week + 1) if week < LATER else None, *of(week))
        for week in range(WEEKS + 1)
        if week < LATER or of(week) != (0, 0)
    ]
    kinds = {kind: sum(part.objects for part in theirs if part.kind == kind) for kind in ("recording", "segment")}
    return Stored(counted.at, weeks, *of(None), kinds["recording"], kinds["segment"])
