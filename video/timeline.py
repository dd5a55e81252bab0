"""A camera's time as one line: what was recorded, what is missing and why, what is held, what is gone. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
RECORDED, GAP = "recorded", "gap"
DELETING, DELETED, ARRIVING = "deleting", "deleted", "arriving"
# What a stored object's state is called here.
STATES = {"stored": RECORDED, "deleting": DELETING, "deleted": DELETED, "arriving": ARRIVING}


@dataclass(frozen=True)
class Stretch:
    """A stretch in which nothing changes. `kind`: recorded, gap, deleting, deleted or arriving."""

    begin: datetime
    end: datetime
    kind: str
    reason: str | None = None
    """Of a gap, why."""
    held: bool = False
    lasts: bool = False
    """Of a gap: it has no end yet; `end` is the present."""

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()


def within(stretches: Iterable[Stretch], begin: datetime, end: datetime) -> list[Stretch]:
    """What lies between two moments: in order, cut off at both, and what goes on as one stretch."""
    line: list[Stretch] = []
    for each in sorted(stretches, key=lambda stretch: (stretch.begin, stretch.end)):
        cut = replace(each, begin=max(each.begin, begin), end=min(each.end, end), lasts=each.lasts and each.end <= end)
        if cut.end <= cut.begin and not cut.lasts:
            continue
        if line and _goes_on(line[-1], cut):
            line[-1] = replace(line[-1], end=max(line[-1].end, cut.end))
        else:
            line.append(cut)
    return line


def _goes_on(before: Stretch, after: Stretch) -> bool:
    same = (before.kind, before.held, before.reason) == (after.kind, after.held, after.reason)
    return same and before.kind != GAP and after.begin <= before.end


def by_minute(looks: Iterable[tuple[datetime, bytes]], begin: datetime, minutes: int) -> list[int]:
    """For each minute the most that moved in it, 0 to 255.

    Args:
        looks: when each segment began, and its byte a second.
        begin: of the first minute.
        minutes: how many.
    """
    levels = [0] * minutes
    for began_at, motion in looks:
        first = (began_at - begin).total_seconds()
        for second, level in enumerate(motion):
            minute = int((first + second) // 60)
            if 0 <= minute < minutes and level > levels[minute]:
                levels[minute] = level
    return levels


def total_s(line: Sequence[Stretch], kind: str) -> float:
    """How many seconds of a kind there are."""
    return sum(each.seconds for each in line if each.kind == kind)
