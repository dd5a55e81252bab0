"""A camera's time, made ours. Pure: what a packet says and when it came in, ticks and moments out.

Media time is in ticks of 1/90,000 s and begins with zero at a run's first key frame. The wall clock is asked once a
run; from then on time goes by the media, held to the machine's monotonic clock: a segment's length may differ from
its media's by half a thousandth, which is more than any quartz is wrong, and too little to be seen. So a run may last
for months, and a camera whose clock runs away is found out (`Runaway`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

TIMESCALE = 90_000
# How far media time may be from the machine's before it is not believed: longer than any stall that is waited for.
TOLERANCE_S = 10.0
SLEW = 0.0005
# A gap is never nothing: what was lost in it must lie somewhere.
LEAST_GAP = timedelta(milliseconds=1)


class Runaway(Exception):
    """The camera's time is not believed any more: it jumped, or runs faster or slower than time does."""


class Placed(NamedTuple):
    """A packet's place in its run: decode and presentation time in ticks, counted from the run's first packet."""

    dts: int
    pts: int


@dataclass
class Normaliser:
    """Gives the packets of one run rising times, from its first key frame on.

    Cameras say no time at first (not even of their first key frame), the same one twice, or one that runs back a
    little. Without one a packet follows the one before it; else it is the least later one. None is ever dropped for its
    time's sake, once the run has begun.
    """

    time_base: Fraction
    _begun: bool = False
    _origin: int | None = None
    _last: int = -1
    _next: int = 0
    skipped: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._per_tick = (self.time_base * TIMESCALE).as_integer_ratio()

    def place(
        self, dts: int | None, pts: int | None, *, key: bool, elapsed_s: float, length: int | None = None
    ) -> Placed | None:
        """Where a packet belongs; None before the run begins (such packets are counted in `skipped`).

        Args:
            dts, pts: in units of `time_base`, or None.
            key: whether it is a key frame.
            elapsed_s: seconds by the machine's monotonic clock since the run began (0 before that).
            length: how long the packet lasts, in units of `time_base`, as far as is known.

        Raises:
            Runaway: its time is further from `elapsed_s` than is believed.
        """
        said = pts if dts is None else dts
        if not self._begun and not key:
            self.skipped += 1
            return None
        self._begun = True
        if self._origin is None and said is not None:
            self._origin = self._ticks(said) - self._next
        at = self._next
        if said is not None and self._origin is not None:
            at = max(self._ticks(said) - self._origin, self._last + 1)
        if abs(at / TIMESCALE - elapsed_s) > TOLERANCE_S:
            raise Runaway(f"media time {at / TIMESCALE:.1f} s after {elapsed_s:.1f} s")
        shown = at if pts is None or self._origin is None else max(self._ticks(pts) - self._origin, at)
        self._last, self._next = at, at + max(self._ticks(length or 0), 1)
        return Placed(at, shown)

    def _ticks(self, value: int) -> int:
        # In whole numbers: fractions cost each packet of each camera more than all else that is done with it.
        if self._per_tick == (1, 1):  # RTP's own
            return value
        return (2 * value * self._per_tick[0] + self._per_tick[1]) // (2 * self._per_tick[1])


@dataclass
class Pace:
    """How far media time is behind the machine's: the least of a segment counts, since a delay only ever adds."""

    least_s: float | None = None

    def see(self, elapsed_s: float, ticks: int) -> None:
        """Note a packet: seconds since the run began, and its decode time."""
        behind = elapsed_s - ticks / TIMESCALE
        self.least_s = behind if self.least_s is None else min(self.least_s, behind)

    def take(self) -> float:
        """The least since the last time, in seconds, and begin anew."""
        least, self.least_s = self.least_s or 0.0, None
        return least


def began(came: Iterable[tuple[int, float]]) -> float:
    """When a run began, by the machine's monotonic clock: as the packet says that came with the least delay.

    Args:
        came: of its first packets, decode time in ticks and when it came in, in seconds.
    """
    return min(at - ticks / TIMESCALE for ticks, at in came)


def ended(began_at: datetime, run_began_at: datetime, end_tick: int, ticks: int, behind_s: float) -> datetime:
    """When a segment ended, in UTC.

    Args:
        began_at: the segment's begin.
        run_began_at: the run's.
        end_tick: where the segment's media ends in the run.
        ticks: how much media it has.
        behind_s: by how much media time was behind the machine's in it.
    """
    length = ticks / TIMESCALE
    due = (run_began_at - began_at).total_seconds() + end_tick / TIMESCALE + behind_s
    return began_at + timedelta(seconds=min(max(due, length * (1 - SLEW)), length * (1 + SLEW)))


def run_begin(now: datetime, last_end: datetime | None) -> datetime:
    """When a run begins: now, but never before what came before it ended, whatever the wall clock says by now."""
    return now if last_end is None else max(now, last_end + LEAST_GAP)
