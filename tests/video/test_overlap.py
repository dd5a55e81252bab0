"""Which part of a segment counts where another has its time: never a second twice, never more lost than a fragment."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from video.boxes import Fragment
from video.overlap import Interval, Kept, free, kept
from video.timing import TIMESCALE

BEGAN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def segment(seconds: int, key_every: int = 1) -> Kept:
    """One fragment a second, ten packets in each."""
    fragments = [
        Fragment(1000 + n * 100, 100, (50 + n) * TIMESCALE, TIMESCALE, 10, n % key_every == 0) for n in range(seconds)
    ]
    return Kept(tuple(fragments), BEGAN, at(seconds))


def seconds_of(found: Kept | None) -> tuple[float, float] | None:
    return (
        None if found is None else ((found.began_at - BEGAN).total_seconds(), (found.ended_at - BEGAN).total_seconds())
    )


def test_what_nobody_takes_stays_as_it_is() -> None:
    whole = segment(30)
    assert kept(whole, [(at(-10), at(0)), (at(30), at(60))]) is whole


def test_an_end_and_a_beginning_are_cut_at_whole_fragments() -> None:
    assert seconds_of(kept(segment(30), [(at(24.5), at(54))])) == (0, 24)
    assert seconds_of(kept(segment(30), [(at(-10), at(4.5))])) == (5, 30)
    both = kept(segment(30), [(at(-10), at(4.5)), (at(24.5), at(54))])
    assert both is not None
    assert seconds_of(both) == (5, 24)
    assert both.packets == 190
    assert both.fragments[0].begin == 55 * TIMESCALE


def test_a_beginning_is_cut_up_to_a_key_frame() -> None:
    assert seconds_of(kept(segment(30, key_every=4), [(at(-10), at(4.5))])) == (8, 30)


def test_of_two_ends_the_longer_counts_and_what_is_covered_not_at_all() -> None:
    assert seconds_of(kept(segment(30), [(at(8), at(12))])) == (12, 30)
    assert kept(segment(30), [(at(0), at(30))]) is None
    assert kept(segment(3, key_every=3), [(at(-1), at(1))]) is None


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 900)), max_size=6), st.integers(1, 5))
def test_what_counts_never_touches_what_is_taken(stretches: list[tuple[int, int]], key_every: int) -> None:
    taken: list[Interval] = [(at(begin / 100), at((begin + length) / 100)) for begin, length in stretches]
    whole = segment(30, key_every)
    found = kept(whole, taken)
    pieces = free((whole.began_at, whole.ended_at), taken)
    for begin, end in pieces:
        assert begin < end
        assert not any(begin < stop and end > since for since, stop in taken)
    total = sum(((end - begin) for begin, end in pieces), timedelta())
    marks = sum(not any(begin <= at(n / 100) < end for begin, end in taken) for n in range(3000))
    assert abs(total.total_seconds() - marks / 100) < 0.011 * (len(taken) + 1)
    if found is not None:
        assert any(begin <= found.began_at and found.ended_at <= end for begin, end in pieces)
        assert found.fragments[0].key or found.fragments[0] is whole.fragments[0]
