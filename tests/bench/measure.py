"""How things are measured here: ours and a named reference in turn, medians, both figures and their ratio."""

import os
import statistics
import sys
import time
from collections.abc import Callable

ROUNDS = 5
# How large an installation gets at most: to make a million rows takes minutes.
MOST_ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))


def timed(what: Callable[[], object]) -> float:
    """Seconds that `what` takes."""
    begun = time.perf_counter()
    what()
    return time.perf_counter() - begun


def in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int = ROUNDS
) -> tuple[list[float], list[float]]:
    """Seconds of each, one after the other, so that a busy minute of the machine strikes both."""
    return in_turn_of(lambda: timed(ours), lambda: timed(theirs), rounds)


def in_turn_of(
    ours: Callable[[], float], theirs: Callable[[], float], rounds: int = ROUNDS
) -> tuple[list[float], list[float]]:
    """The same, of what measures itself, because something has to be prepared each time."""
    mine, their = [], []
    for _ in range(rounds):
        mine.append(ours())
        their.append(theirs())
    return mine, their


def rate(amount: float, seconds: list[float]) -> float:
    """How much of it a second, by the median."""
    return amount / statistics.median(seconds)


def say_rates(name: str, ours: float, reference: str, theirs: float, unit: str, goal: str = "") -> None:
    """Two rates and their ratio: above 1 is faster than the reference."""
    _say(f"{name}: {ours:,.0f} {unit}; {reference}: {theirs:,.0f} {unit}; ratio {ours / theirs:.2f}", goal)


def say_times(name: str, ours: float, reference: str, theirs: float, goal: str = "") -> None:
    """Two times (given in seconds) and their ratio: above 1 is slower than the reference."""
    _say(f"{name}: {_written(ours)}; {reference}: {_written(theirs)}; ratio {ours / theirs:.2f}", goal)


def say_bytes(name: str, ours: int, reference: str, theirs: int, goal: str = "") -> None:
    """Two sizes in bytes and their ratio: above 1 is larger than the reference."""
    _say(f"{name}: {ours / 1000:,.1f} kB; {reference}: {theirs / 1000:,.1f} kB; ratio {ours / theirs:.2f}", goal)


def say_share(name: str, ours: float, reference: str, theirs: float, goal: str = "") -> None:
    """Two shares of one (a core, say) and their ratio: above 1 is more than the reference."""
    _say(f"{name}: {ours * 100:.2f} %; {reference}: {theirs * 100:.2f} %; ratio {ours / theirs:.2f}", goal)


def _written(seconds: float) -> str:
    return f"{seconds * 1000:.3f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _say(line: str, goal: str) -> None:
    sys.stdout.write(f"{line}{f' (goal: {goal})' if goal else ''}\n")
    sys.stdout.flush()
