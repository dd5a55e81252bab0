"""When two recorders recorded a camera at once: which part of a segment counts. Pure.

No second may be in two segments. What has been taken by a segment that counts more is cut off, at whole fragments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import dropwhile

from video.boxes import Fragment

Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Kept:
    """What of a segment counts: whole fragments one behind the other, and from when to when that is."""

    fragments: tuple[Fragment, ...]
    began_at: datetime
    ended_at: datetime

    @property
    def packets(self) -> int:
        return sum(each.packets for each in self.fragments)


def free(within: Interval, taken: Sequence[Interval]) -> list[Interval]:
    """What of an interval nothing takes, in order."""
    left, (at, end) = [], within
    for begin, stop in sorted(taken):
        if begin > at:
            left.append((at, min(begin, end)))
        at = max(at, stop)
        if at >= end:
            break
    if at < end:
        left.append((at, end))
    return [(begin, stop) for begin, stop in left if stop > begin]


def kept(whole: Kept, taken: Sequence[Interval]) -> Kept | None:
    """What of a segment counts where others have taken these intervals: the longest free stretch.

    None if there is none. A stretch begins with a key frame, else nobody could begin to show it.
    """
    if not any(begin < whole.ended_at and stop > whole.began_at for begin, stop in taken):
        return whole
    stretches = [_within(whole, each) for each in free((whole.began_at, whole.ended_at), taken)]
    found = [each for each in stretches if each is not None]
    return max(found, key=lambda each: each.ended_at - each.began_at, default=None)


def _within(whole: Kept, stretch: Interval) -> Kept | None:
    first, last = whole.fragments[0].begin, whole.fragments[-1].end
    length = whole.ended_at - whole.began_at

    def moment(tick: int) -> datetime:
        if tick == last:
            return whole.ended_at
        return whole.began_at + timedelta(seconds=length.total_seconds() * (tick - first) / max(last - first, 1))

    begin, stop = stretch
    inside = [each for each in whole.fragments if moment(each.begin) >= begin and moment(each.end) <= stop]
    if not inside or inside[0] is not whole.fragments[0]:
        inside = list(dropwhile(lambda each: not each.key, inside))
    if not inside:
        return None
    return Kept(tuple(inside), moment(inside[0].begin), moment(inside[-1].end))
