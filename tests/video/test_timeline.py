"""A camera's day as one line."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from video.timeline import DELETED, GAP, RECORDED, Stretch, by_minute, total_s, within

BEGIN = datetime(2026, 11, 22, 19, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


lengths = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from([RECORDED, GAP, DELETED]), st.booleans()), min_size=1, max_size=30
)


@given(lengths, st.integers(-50, 200), st.integers(1, 400))
def test_it_covers_what_is_told_once_and_in_order(told: list[tuple[int, str, bool]], offset: int, length: int) -> None:
    stretches, now = [], 0
    for seconds, kind, held in told:
        stretches.append(Stretch(at(now), at(now + seconds), kind, "ended" if kind == GAP else None, held))
        now += seconds
    begin, end = at(offset), at(offset + length)
    line = within(reversed(stretches), begin, end)
    assert all(begin <= each.begin < each.end <= end for each in line)
    for before, after in pairwise(line):
        assert before.end == after.begin
        assert before.kind == GAP or (before.kind, before.held) != (after.kind, after.held), "one stretch, not two"
    for kind in (RECORDED, GAP, DELETED):
        there = [each for each in stretches if each.kind == kind]
        overlap = sum(max(0.0, (min(each.end, end) - max(each.begin, begin)).total_seconds()) for each in there)
        assert total_s(line, kind) == overlap


def test_each_minute_has_the_most_that_moved_in_it() -> None:
    looks = [(at(-10), bytes([9] * 30)), (at(50), bytes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 200])), (at(170), b"\x07" * 30)]
    assert by_minute(looks, BEGIN, 3) == [10, 200, 7]
    assert by_minute([], BEGIN, 2) == [0, 0]
