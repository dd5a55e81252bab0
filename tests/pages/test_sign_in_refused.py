"""Refused sign-in: the same for everybody and nobody, at most ten looked at in a quarter of an hour, told in leaves."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Literal

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from app.auth import passwords, sign_in
from app.auth.attempts import REFUSED_AT_MOST, WITHIN, Attempts
from app.auth.passwords import hashed
from app.auth.people import end_access, give_access
from app.auth.sign_in import LEAVES_AT_MOST
from app.wiring import Installation
from storage.errors import Refused
from storage.models import Person, SignInAttempt
from tests.house import House
from tests.pages.people import FORM, PASSWORD, Town

NOBODY = "nobody@example.com"


@pytest.fixture(autouse=True)
def _later(town: Town) -> None:
    """What another test was refused does not count any more."""
    town.house.clock.sleep(WITHIN.total_seconds() + 1)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords are compared with."""
    seen: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            seen.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting(time_cost=2, memory_cost=19 * 1024, parallelism=1))
    return seen


def test_ten_wrong_passwords_and_the_right_one_waits_too(town: Town) -> None:
    visitor = town.visitor()
    for _ in range(REFUSED_AT_MOST):
        assert visitor.sign_in("alice@example.com", "wrong wrong wrong").status_code == 403
    locked = visitor.sign_in("alice@example.com")
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    assert not visitor.is_in()
    assert town.visitor().sign_in("bob@example.com").status_code == 303
    town.house.clock.sleep(WITHIN.total_seconds() - 1)
    assert visitor.sign_in("alice@example.com").status_code == 429
    town.house.clock.sleep(1)
    assert visitor.sign_in("alice@example.com").status_code == 303


def test_nine_wrong_passwords_are_forgotten_with_the_right_one(town: Town) -> None:
    for _ in range(2):
        for _ in range(REFUSED_AT_MOST - 1):
            assert town.visitor().sign_in("alice@example.com", "wrong wrong wrong").status_code == 403
        assert town.visitor().sign_in("alice@example.com").status_code == 303


def test_an_address_that_nobody_has_gets_the_same_words(town: Town) -> None:
    def answers(email: str) -> list[tuple[int, str, list[str]]]:
        visitor = town.visitor()
        told = []
        for _ in range(REFUSED_AT_MOST + 2):
            answer = visitor.sign_in(email, "wrong wrong wrong")
            page = FORM.sub("", answer.text.replace(email, ""))
            told.append((answer.status_code, page, sorted(answer.headers.keys())))
        return told

    known, unknown = answers("alice@example.com"), answers(NOBODY)
    assert [status for status, *_ in known] == [403] * REFUSED_AT_MOST + [429] * 2
    assert known == unknown


def test_the_same_work_is_done_for_everybody_and_nobody(town: Town, looked_at: list[str]) -> None:
    with town.house.at.database.begin() as session:
        now = town.house.clock.now()
        give_access(session, email="no@example.com", role="auditor", centre=None, password_hash=None, now=now)
        gone = give_access(
            session, email="gone@example.com", role="auditor", centre=None, password_hash=hashed(PASSWORD), now=now
        )
        end_access(session, gone, now)
    statements: list[int] = []

    def count(*_: object) -> None:
        statements[-1] += 1

    sa.event.listen(town.house.at.database.engine, "before_cursor_execute", count)
    for email in ("alice@example.com", NOBODY, "no@example.com", "gone@example.com", "", "a\0b", "x" * 5000):
        statements.append(0)
        looked_at.clear()
        assert town.house.at.sign_in.attempt(email, "wrong wrong wrong").token is None
        assert len(looked_at) == 1, email
    sa.event.remove(town.house.at.database.engine, "before_cursor_execute", count)
    assert len(set(statements)) == 1


def test_however_many_come_at_once_ten_are_looked_at(town: Town, looked_at: list[str]) -> None:
    """Through two web processes, which share nothing but the database."""
    other = Installation(town.house.at.settings, town.house.clock)
    both = (town.house.at.sign_in, other.sign_in)
    barrier = threading.Barrier(24)

    def attempt(number: int) -> sign_in.Outcome:
        barrier.wait()
        return both[number % 2].attempt(NOBODY, "wrong wrong wrong")

    with ThreadPoolExecutor(24) as pool:
        outcomes = list(pool.map(attempt, range(24)))
    other.database.dispose()
    assert len(looked_at) <= REFUSED_AT_MOST
    assert sum(outcome.locked for outcome in outcomes) == 24 - len(looked_at)


def test_who_may_not_come_in_is_refused_with_the_right_password(town: Town) -> None:
    with town.house.at.database.begin() as session:
        now = town.house.clock.now()
        person = give_access(
            session, email="left@example.com", role="auditor", centre=None, password_hash=hashed(PASSWORD), now=now
        )
        session.flush()
        session.execute(sa.update(Person).where(Person.id == person.id).values(active=False))
    assert town.visitor().sign_in("left@example.com").status_code == 403


def test_access_that_ends_while_the_password_is_looked_at_has_ended(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with town.house.at.database.begin() as session:
        now = town.house.clock.now()
        give_access(
            session, email="late@example.com", role="auditor", centre=None, password_hash=hashed(PASSWORD), now=now
        )

    def slowly(password: str, kept: str | None) -> bool:
        with town.house.at.database.begin() as session:
            person = session.scalars(sa.select(Person).where(Person.email == "late@example.com")).one()
            end_access(session, person, town.house.clock.now())
        return passwords.is_right(password, kept)

    monkeypatch.setattr(sign_in, "is_right", slowly)
    assert town.house.at.sign_in.attempt("late@example.com", PASSWORD).token is None


def test_what_is_told_of_it(town: Town) -> None:
    before = len(town.leaves("sign_in_refused"))
    for email in ("alice@example.com", NOBODY):
        for _ in range(REFUSED_AT_MOST + 3):
            town.visitor().sign_in(email, "wrong wrong wrong")
    told = town.leaves("sign_in_refused")[before:]
    for person in (town.person("alice").id, None):
        assert sorted(bool(each["locks"]) for each in told if each["person"] == person) == [False] * 9 + [True]
    assert all(set(each) == {"person", "locks"} for each in told)
    assert "example.com" not in repr([town.leaves(kind) for kind in ("signed_in", "signed_out", "sign_in_refused")])


def test_strangers_do_not_fill_the_ledger(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(town.leaves("sign_in_refused"))
    now = town.house.clock.now()
    with town.house.at.database.begin() as session:
        session.add_all(SignInAttempt(address_hmac=f"{each:064x}", at=now) for each in range(LEAVES_AT_MOST - 1))
    for number in range(3):
        town.house.at.sign_in.attempt(f"{number}@example.com", "wrong wrong wrong")
    assert len(town.leaves("sign_in_refused")) == before + 1


def test_what_has_no_leaf_uses_up_none(town: Town) -> None:
    before, now = len(town.leaves("sign_in_refused")), town.house.clock.now()
    tries = [town.house.at.attempts.named("link", str(number)) for number in range(LEAVES_AT_MOST + 1)]
    with town.house.at.database.begin() as session:
        session.add_all(SignInAttempt(address_hmac=each, at=now) for each in tries)
    town.house.at.sign_in.attempt("somebody@example.com", "wrong wrong wrong")
    assert len(town.leaves("sign_in_refused")) == before + 1
    with town.house.at.database.begin() as session:
        session.execute(sa.delete(SignInAttempt).where(SignInAttempt.address_hmac.in_(tries)))


def test_attempts_have_no_address_and_go(town: Town) -> None:
    town.visitor().sign_in(NOBODY, "wrong wrong wrong")
    kept = town.house.ask(lambda s: s.scalars(sa.select(SignInAttempt)).all())
    assert kept
    assert NOBODY.encode() not in town.house.bytes_on_disk()
    other = Attempts(town.house.at.database, town.house.clock, b"another secret")
    assert other.named("address", NOBODY) not in {row.address_hmac for row in kept}
    town.house.clock.sleep(WITHIN.total_seconds() + 1)
    town.house.at.sign_in.forget()
    assert town.house.ask(lambda s: s.scalars(sa.select(SignInAttempt)).all()) == []


def test_a_hash_of_other_parameters_is_made_anew(town: Town) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with town.house.at.database.begin() as session:
        session.execute(sa.update(Person).where(Person.email == "aidar@example.com").values(password_hash=weak))
    assert town.visitor().sign_in("aidar@example.com").status_code == 303
    kept = town.person("aidar").password_hash
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert town.visitor().sign_in("aidar@example.com").status_code == 303


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("elevenchars", "at least 12"),
        ("x" * 257, "at most 256"),
        ("Aru@Example.com", "their address"),
        ("two lines\nof it", "control character"),
        ("", "at least 12"),
    ],
)
def test_what_may_be_no_password(password: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        passwords.checked_password(password, "aru@example.com")
    assert password == "" or password not in str(caught.value)


def test_a_letter_typed_as_two_characters_is_the_same_letter() -> None:
    one, two = "қызғылт сары й", "қызғылт сары \u0438\u0306"
    assert one != two
    assert passwords.is_right(two, hashed(one))
    assert not passwords.is_right(one.upper(), hashed(one))


def test_rows_of_several_processes_count_together(house: House) -> None:
    other = Installation(house.at.settings, house.clock)
    for number in range(REFUSED_AT_MOST):
        assert not (house.at if number % 2 else other).sign_in.attempt(NOBODY, "wrong wrong wrong").locked
    assert other.sign_in.attempt(NOBODY, "wrong wrong wrong").locked
    assert house.at.sign_in.attempt(NOBODY, "wrong wrong wrong").locked
    house.clock.sleep(timedelta(minutes=15).total_seconds())
    assert not other.sign_in.attempt(NOBODY, "wrong wrong wrong").locked
    other.database.dispose()


@pytest.mark.parametrize("path", ["/sign-in", "/first-password"])
def test_strangers_send_little(town: Town, path: str) -> None:
    visitor = town.visitor()
    more = {f"field{number}": "x" * 100 for number in range(200)}
    assert visitor.post(path, form=visitor.form(path), more=more).status_code == 413
