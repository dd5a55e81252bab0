"""I8, as decided: what may hang, and until when, whatever is published."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from video.grace import Answer, Sheet, Version, answer, in_force, over_at

START = datetime(2026, 11, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def version(number: int, begins: float, grace_days: int = 14) -> Version:
    return Version(f"v{number}", number, day(begins), grace_days)


FIRST = version(1, 0)
HANGS = Sheet("a", 1, day(1))


def test_nothing_hangs() -> None:
    assert answer(None, [FIRST], [], day(2)) == Answer("none")


def test_the_newest_hangs() -> None:
    assert answer(HANGS, [FIRST], [HANGS], day(100)) == Answer("posted")


def test_a_new_version_lets_the_one_before_it_hang_for_its_grace_and_not_a_moment_longer() -> None:
    versions = [FIRST, version(2, 10, grace_days=5)]
    assert answer(HANGS, versions, [HANGS], day(9.99)).word == "posted"
    assert answer(HANGS, versions, [HANGS], day(10)) == Answer("grace", day(10), day(15))
    assert answer(HANGS, versions, [HANGS], day(14.99)).word == "grace"
    assert answer(HANGS, versions, [HANGS], day(15)).word == "stale"


def test_without_a_grace_it_is_over_at_once() -> None:
    assert answer(HANGS, [FIRST, version(2, 10, grace_days=0)], [HANGS], day(10)).word == "stale"


def test_only_the_one_before_the_newest_may_hang() -> None:
    versions = [FIRST, version(2, 10), version(3, 12, grace_days=90)]
    assert answer(HANGS, versions, [HANGS], day(11)) == Answer("grace", day(10), day(24))
    assert answer(HANGS, versions, [HANGS], day(12)) == Answer("stale", day(10), day(12))


def test_a_version_that_another_replaced_before_it_had_any_time_counts_for_nothing() -> None:
    versions = [FIRST, version(2, 10, grace_days=0), version(3, 10, grace_days=5)]
    assert [each.number for each in in_force(versions, day(10))] == [1, 3]
    assert answer(HANGS, versions, [HANGS], day(11)) == Answer("grace", day(10), day(15))


def test_another_sheet_of_the_same_version_has_its_grace_too() -> None:
    moved = Sheet("b", 1, day(20))
    assert answer(HANGS, [FIRST], [HANGS, moved], day(21)) == Answer("grace", day(20), day(34))
    assert answer(HANGS, [FIRST], [HANGS, moved], day(34)).word == "stale"
    assert answer(moved, [FIRST], [HANGS, moved], day(34)).word == "posted"


def test_what_was_changed_back_is_right_again() -> None:
    back = Sheet("a", 1, day(25))
    assert answer(back, [FIRST], [back, Sheet("b", 1, day(20))], day(60)).word == "posted"


VERSIONS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 90)), min_size=1, max_size=6).map(
    lambda given: [version(i + 1, begins, grace) for i, (begins, grace) in enumerate(sorted(given))]
)
SHEETS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 60)), max_size=5).map(
    lambda given: [Sheet(f"s{i}", number, day(at)) for i, (number, at) in enumerate(given)]
)


@given(VERSIONS, SHEETS, st.integers(0, 150), st.integers(0, 150))
def test_once_over_it_stays_over_until_another_is_confirmed(
    versions: list[Version], sheets: list[Sheet], one: int, other: int
) -> None:
    order = ["posted", "grace", "stale"]
    early, late = sorted((one, other))
    hangs = Sheet("hangs", 1, day(0))
    words = [
        answer(hangs, versions, [s for s in sheets if s.issued_at <= day(at)], day(at)).word for at in (early, late)
    ]
    assert order.index(words[0]) <= order.index(words[1])


@given(VERSIONS, st.integers(0, 150))
def test_a_camera_records_only_under_the_newest_version_or_the_one_before(versions: list[Version], at: int) -> None:
    valid = [each.number for each in in_force(versions, day(at))]
    for number in {each.number for each in versions}:
        said = answer(Sheet("hangs", number, day(at)), versions, [], day(at))
        if said.word in {"posted", "grace"} and number in valid:
            assert number in valid[-2:]


def test_who_cannot_ask_again_knows_of_what_is_published_for_later() -> None:
    assert over_at(HANGS, [FIRST], [HANGS], day(2)) is None
    assert over_at(HANGS, [FIRST, version(2, 10, grace_days=0)], [HANGS], day(9)) == day(10)
    assert over_at(HANGS, [FIRST, version(2, 10, grace_days=5)], [HANGS], day(9)) == day(15)
    shortened = [FIRST, version(2, 8, grace_days=14), version(3, 10)]
    assert over_at(HANGS, shortened, [HANGS], day(9)) == day(10)
    assert over_at(None, [FIRST], [], day(3)) == day(3)


@given(VERSIONS, SHEETS, st.integers(0, 100), st.integers(0, 200))
def test_until_that_moment_it_may_hang_and_from_it_on_not(
    versions: list[Version], sheets: list[Sheet], now: int, later: int
) -> None:
    hangs = Sheet("hangs", 1, day(0))
    known = [each for each in sheets if each.issued_at <= day(now)]
    over = over_at(hangs, versions, known, day(now))
    at = day(now + later)
    may = answer(hangs, versions, known, at).word in {"posted", "grace"}
    assert may == (over is None or at < over)
