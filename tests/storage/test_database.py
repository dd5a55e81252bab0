"""Transactions: a view of one moment, and nothing written by who only reads; on both databases."""

import socket

import pytest
import sqlalchemy as sa

from storage import database
from storage.database import PATIENCE, make_engine
from storage.errors import Refused
from storage.models import Centre, Person
from storage.models.columns import random_id
from tests.storage.plain_house import PlainHouse


def people(plain: PlainHouse) -> list[str]:
    with plain.database.read() as session:
        return list(session.scalars(sa.select(Person.email)))


def somebody(plain: PlainHouse, email: str) -> Person:
    return Person(id=random_id(), email=email, role="auditor", active=True, created_at=plain.clock.now())


def test_who_reads_sees_one_moment(plain: PlainHouse) -> None:
    """Else a leaf and the row that it tells of could be read from two moments, and seem to contradict each other."""
    with plain.database.read() as session:
        session.scalars(sa.select(Centre)).all()
        with plain.database.begin() as other:
            other.add(somebody(plain, "alice@example.com"))
        assert session.scalars(sa.select(Person)).all() == []
    assert people(plain) == ["alice@example.com"]


def test_what_a_reader_would_write_is_rolled_back_and_the_next_one_writes(plain: PlainHouse) -> None:
    with plain.database.read() as session:
        session.add(somebody(plain, "alice@example.com"))
        session.flush()
    assert people(plain) == []
    with plain.database.begin() as session:
        session.add(somebody(plain, "bob@example.com"))
    assert people(plain) == ["bob@example.com"]


def test_who_reads_does_not_wait_for_who_writes(plain: PlainHouse) -> None:
    with plain.database.begin() as session:
        session.add(somebody(plain, "alice@example.com"))
        session.flush()
        assert people(plain) == []
    assert people(plain) == ["alice@example.com"]


@pytest.mark.parametrize("email", ["a" * 255, "a\0b@example.com"])
def test_a_text_that_does_not_fit_is_refused_by_its_name_on_either_database(plain: PlainHouse, email: str) -> None:
    with pytest.raises(Refused, match="email: at most 254 letters"):
        somebody(plain, email)


def test_a_text_that_just_fits_is_kept(plain: PlainHouse) -> None:
    with plain.database.begin() as session:
        session.add(somebody(plain, "ә" * 254))
    assert people(plain) == ["ә" * 254]


def test_a_database_that_says_nothing_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PATIENCE["connect_timeout"] <= 10
    monkeypatch.setattr(database, "PATIENCE", PATIENCE | {"connect_timeout": 2})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = make_engine(f"postgresql+psycopg://nobody@127.0.0.1:{silent.getsockname()[1]}/none")
        with pytest.raises(sa.exc.OperationalError, match="timeout"):
            engine.connect()
