"""Transactions: a view of one moment, and nothing written by who only reads; on both databases."""

import pytest
import sqlalchemy as sa

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
