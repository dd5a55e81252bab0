"""A notice changes at its moment: one version is in force at each, in whatever order it was published or withdrawn."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Base, Database
from storage.errors import NotFound, Refused
from storage.models import LeafOpening, NoticeVersion
from storage.notices import Use, current, find_current, is_in_force, named, state_at, versions_of
from storage.publication import OPERATOR, Draft, publish, retell, retell_withdrawn, withdraw
from tests.storage.plain_house import PlainHouse

BEGIN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
USE = Use("notice", "stay", "ru")
WHY = "the lawyer has another word"


def hours(number: float) -> datetime:
    return BEGIN + timedelta(hours=number)


def draft(text: str, use: Use = USE) -> Draft:
    return Draft(use.kind, use.mode, use.language, text, text.encode(), 5000, False)


def put(database: Database, text: str, at: float, begins: float | None = None) -> str:
    with database.begin() as session:
        return publish(session, draft(text), hours(at), None if begins is None else hours(begins)).version


def heard(database: Database, at: float) -> str | None:
    with database.read() as session:
        found = find_current(session, "notice", "stay", "ru", hours(at))
        return None if found is None else found.text


def test_it_changes_exactly_at_its_moment(plain: PlainHouse) -> None:
    put(plain.database, "first", 0)
    assert put(plain.database, "second", 1, 10) == "stay-ru-2"
    instant = timedelta(microseconds=1) / timedelta(hours=1)
    assert heard(plain.database, -instant) is None
    assert [heard(plain.database, at) for at in (0, 1, 10 - instant)] == ["first"] * 3
    assert [heard(plain.database, at) for at in (10, 10 + instant, 10**6)] == ["second"] * 3
    with plain.database.read() as session:
        first, second = named(session, "stay-ru-1"), named(session, "stay-ru-2")
        assert [state_at(first, hours(at)) for at in (1, 10)] == ["published", "superseded"]
        assert [state_at(second, hours(at)) for at in (1, 10)] == ["scheduled", "published"]


def test_what_is_published_while_another_waits_ends_where_that_begins(plain: PlainHouse) -> None:
    put(plain.database, "first", 0)
    put(plain.database, "later", 1, 10)
    put(plain.database, "now", 2)
    put(plain.database, "between", 3, 5)
    told = [heard(plain.database, at) for at in (1, 2, 4.9, 5, 9.9, 10)]
    assert told == ["first", "now", "now", "between", "between", "later"]


def test_the_first_of_a_use_may_be_for_later(plain: PlainHouse) -> None:
    put(plain.database, "later", 0, 10)
    assert heard(plain.database, 9) is None
    put(plain.database, "sooner", 1, 5)
    put(plain.database, "now", 2)
    assert [heard(plain.database, at) for at in (1, 2, 5, 10)] == [None, "now", "sooner", "later"]
    with plain.database.read() as session, pytest.raises(NotFound, match="not in force: notice stay ru"):
        current(session, "notice", "stay", "ru", hours(1))


def test_a_withdrawn_one_gives_its_time_back(plain: PlainHouse) -> None:
    put(plain.database, "first", 0)
    put(plain.database, "second", 1, 10)
    put(plain.database, "third", 1, 20)
    with plain.database.begin() as session:
        row = withdraw(session, "stay-ru-2", WHY, hours(9), OPERATOR)
        assert state_at(row, hours(15)) == "withdrawn"
    assert [heard(plain.database, at) for at in (5, 10, 19.9, 20)] == ["first", "first", "first", "third"]
    assert put(plain.database, "second", 9, 10) == "stay-ru-4", "its moment is free again, its name is not"
    assert [heard(plain.database, at) for at in (9.9, 10, 20)] == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("version", "at", "reason", "words"),
    [
        ("stay-ru-2", 10, WHY, "version stay-ru-2: it is in force, or was; publish another one in its place"),
        ("stay-ru-1", 1, WHY, "version stay-ru-1: it is in force, or was"),
        ("stay-ru-2", 1, " ", "reason: say why"),
        ("stay-ru-9", 1, WHY, "there is no version 'stay-ru-9'"),
        ("stay-ru-3", 1, WHY, "version stay-ru-3: it is withdrawn already"),
    ],
)
def test_what_cannot_be_withdrawn_is_refused(
    plain: PlainHouse, version: str, at: float, reason: str, words: str
) -> None:
    put(plain.database, "first", 0)
    put(plain.database, "second", 1, 10)
    put(plain.database, "third", 1, 20)
    with plain.database.begin() as session:
        withdraw(session, "stay-ru-3", WHY, hours(1), OPERATOR)
    with pytest.raises((Refused, NotFound), match=words), plain.database.begin() as session:
        withdraw(session, version, reason, hours(at), OPERATOR)
    assert [heard(plain.database, each) for each in (9, 10, 20)] == ["first", "second", "second"]


@pytest.mark.parametrize(
    ("begins", "words"),
    [
        (0.5, "from 2026-11-22 09:30 UTC: that has passed; name a moment to come, or none to publish now"),
        (1, "that has passed"),
        (10, "from 2026-11-22 19:00 UTC: stay-ru-2 comes into force at that very moment; choose another"),
    ],
)
def test_a_moment_that_cannot_be_is_refused(plain: PlainHouse, begins: float, words: str) -> None:
    put(plain.database, "first", 0)
    put(plain.database, "second", 0, 10)
    with pytest.raises(Refused, match=words):
        put(plain.database, "third", 1, begins)
    assert [heard(plain.database, at) for at in (1, 10)] == ["first", "second"]


def test_what_would_be_heard_anyway_is_not_published_again(plain: PlainHouse) -> None:
    put(plain.database, "first", 0)
    assert put(plain.database, "first", 1) == "stay-ru-1"
    assert put(plain.database, "first", 1, 5) == "stay-ru-1"
    put(plain.database, "second", 1, 10)
    assert put(plain.database, "second", 1, 20) == "stay-ru-2"
    assert put(plain.database, "second", 2) == "stay-ru-3", "but sooner it is something new"


def test_other_uses_are_left_alone(plain: PlainHouse) -> None:
    others = [Use("notice", "stay", "kk"), Use("notice", "opt_in", "ru"), Use("menu", None, "ru")]
    with plain.database.begin() as session:
        for use in others:
            publish(session, draft(f"of {use}", use), BEGIN)
        publish(session, draft("first"), BEGIN)
        publish(session, draft("later"), BEGIN, hours(5))
    with plain.database.read() as session:
        told = [current(session, each.kind, each.mode, each.language, hours(9)) for each in others]
    assert [each.text for each in told] == [f"of {use}" for use in others]
    assert [each.superseded_at for each in told] == [None] * 3


def test_the_ledger_is_told_of_a_moment_that_is_another(plain: PlainHouse) -> None:
    put(plain.database, "first", 0)
    put(plain.database, "second", 1, 10)
    with plain.database.begin() as session:
        withdraw(session, "stay-ru-2", WHY, hours(2), OPERATOR)
    with plain.database.read() as session:
        told = {
            kind: facts
            for kind, facts in session.execute(sa.select(LeafOpening.subject_id, LeafOpening.facts)).all()
            if "audio_sha256" in facts
        }
        first, second = named(session, "stay-ru-1"), named(session, "stay-ru-2")
        assert set(told[first.id]) == {"version", "text_sha256", "audio_sha256"}
        assert told[second.id]["effective_from"] == "2026-11-22T19:00:00+00:00"
        assert [retell(session, each.id) for each in (first, second)] == [told[first.id], told[second.id]]
        told_of = {"version": "stay-ru-2", "reason": WHY, "by": OPERATOR}
        assert retell_withdrawn(session, second.id) == told_of


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Database]:
    """Quick to be emptied: for many short lives."""
    database = Database(f"sqlite:///{tmp_path / 'small.db'}")
    Base.metadata.create_all(database.engine)
    yield database
    database.dispose()


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["now", "later", "later", "withdraw"]),
        st.integers(0, 3),  # hours that pass before
        st.integers(1, 12),  # hours until it is to be in force
        st.integers(0, 3),  # which of those that wait
        st.integers(0, 3),  # its words: some come again
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DEEDS)
def test_in_whatever_order_one_is_in_force_at_each_moment(
    small: Database, deeds: list[tuple[str, int, int, int, int]]
) -> None:
    """Against a plain list of what is heard from when on."""
    with small.begin() as session:
        for table in (LeafOpening, NoticeVersion):
            session.execute(sa.delete(table))
    at, expected = 0, dict[int, str]()
    for deed, passed, ahead, which, words in deeds:
        at += passed
        text = f"text {words}"
        if deed == "now":
            put(small, text, at)
            if _at(expected, at) != text:
                expected[at] = text
        elif deed == "later" and at + ahead not in expected:
            put(small, text, at, at + ahead)
            if _at(expected, at + ahead) != text:
                expected[at + ahead] = text
        elif deed == "withdraw" and (waiting := sorted(each for each in expected if each > at)):
            chosen = waiting[which % len(waiting)]
            with small.begin() as session:
                (row,) = [
                    each
                    for each in versions_of(session, USE)
                    if each.effective_from == hours(chosen) and each.withdrawn_at is None
                ]
                withdraw(session, row.version, WHY, hours(at), OPERATOR)
            del expected[chosen]
    with small.read() as session:
        versions = versions_of(session, USE)
    for half in range(-2, 2 * (at + 14)):
        told = [each.text for each in versions if is_in_force(each, hours(half / 2))]
        assert told == ([] if (text_then := _at(expected, half / 2)) is None else [text_then])
        assert heard(small, half / 2) == text_then


def _at(expected: dict[int, str], at: float) -> str | None:
    before = [each for each in expected if each <= at]
    return expected[max(before)] if before else None


def test_two_at_once_make_one_chain(plain: PlainHouse) -> None:
    """On both databases: neither takes the other's time, neither takes its name."""
    for turn in range(8):
        barrier, said = threading.Barrier(3), list[object]()

        def go(
            text: str,
            begins: float | None,
            turn: int = turn,
            barrier: threading.Barrier = barrier,
            said: list[object] = said,
        ) -> None:
            barrier.wait()
            try:
                said.append(put(plain.database, f"{text} of {turn}", turn * 10, begins))
            except BaseException as error:  # noqa: BLE001 - shown below
                said.append(error)

        both = [
            threading.Thread(target=go, args=each) for each in (("one", None), ("two", None), ("later", turn * 10 + 5))
        ]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert sorted(map(str, said)) == sorted(f"stay-ru-{number}" for number in range(3 * turn + 1, 3 * turn + 4))
        with plain.database.read() as session:
            versions = versions_of(session, USE)
        for at in (turn * 10, turn * 10 + 4.9):
            (told,) = [each.text for each in versions if is_in_force(each, hours(at))]
            assert told in {f"one of {turn}", f"two of {turn}"}
        assert [each.text for each in versions if is_in_force(each, hours(turn * 10 + 5))] == [f"later of {turn}"]
        assert [each.text for each in versions if each.superseded_at is None] == [f"later of {turn}"]
