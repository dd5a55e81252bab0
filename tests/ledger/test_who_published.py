"""Leaves name who published and withdrew a notice; those of before name nobody, and go on holding."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from storage.ledger.log import commitment
from storage.models import Leaf, LeafOpening, NoticeVersion, Person
from storage.notices import named
from storage.publication import OPERATOR, Draft, publish, withdraw
from storage.upgrade import migrations
from tests.house import House
from tests.practice.customer import wav

BELOW = "0015"


def put(house: House, text: str, by: str | None, days: int = 0) -> str:
    now = house.clock.now()
    with house.at.database.begin() as session:
        begins = now + timedelta(days=days) if days else None
        draft = Draft("notice", "stay", "en", text, wav(2.0), 2000, False)
        return publish(session, draft, now, begins, by).version


def taken_back(house: House, version: str, by: str) -> None:
    with house.at.database.begin() as session:
        withdraw(session, version, "a test", house.clock.now(), by)


def told(house: House, kind: str, version: str) -> dict[str, Any]:
    """What the leaf of that version says."""
    query = (
        sa.select(LeafOpening.facts)
        .join(Leaf, Leaf.id == LeafOpening.leaf_id)
        .join(NoticeVersion, NoticeVersion.id == LeafOpening.subject_id)
        .where(Leaf.kind == kind, NoticeVersion.version == version)
    )
    return dict(house.ask(lambda s: s.scalars(query).one()))


def found(house: House) -> list[str]:
    return [str(problem) for problem in house.at.verification.problems()]


def found_of_notices(house: House) -> list[str]:
    """Whoever goes back behind the tables of signs loses their rows, and is told so: that is another matter."""
    return [problem for problem in found(house) if "(sign_published of " not in problem]


def change(house: House, version: str, **values: str | None) -> None:
    with house.at.database.begin() as session:
        session.execute(sa.update(NoticeVersion).where(NoticeVersion.version == version).values(**values))


@pytest.fixture
def alice(house: House) -> str:
    """Her id."""
    return str(house.ask(lambda s: s.scalars(sa.select(Person.id).where(Person.email == "alice@example.com")).one()))


def test_a_leaf_names_who_did_it_by_id(house: House, alice: str) -> None:
    version = put(house, "Later.", alice, days=9)
    taken_back(house, version, OPERATOR)
    assert told(house, "notice_published", version)["by"] == alice
    assert told(house, "notice_withdrawn", version)["by"] == OPERATOR
    assert "by" not in told(house, "notice_published", "stay-en-1"), "it is shipped"
    assert found(house) == []


@pytest.mark.parametrize(("version", "now"), [("stay-en-1", "somebody"), ("stay-en-2", None), ("stay-en-2", OPERATOR)])
def test_a_row_that_names_another_is_found(house: House, alice: str, version: str, now: str | None) -> None:
    put(house, "Now.", alice)
    change(house, version, published_by=now)
    (problem,) = found(house)
    assert problem.endswith("the row says something else now: by")
    assert "notice_published" in problem


def test_leaves_of_before_go_on_holding(house: House, alice: str) -> None:
    """Told as they were before this was noted: by a database that has no such column yet."""
    put(house, "Before.", None)
    version = put(house, "For later, before.", None, days=9)
    taken_back(house, version, OPERATOR)
    with house.at.database.begin() as session:
        # A leaf of a withdrawal as it was: it does not say who. (It has no place in the tree yet.)
        leaf = session.scalars(sa.select(Leaf).where(Leaf.kind == "notice_withdrawn")).one()
        opening = session.get_one(LeafOpening, leaf.id)
        assert leaf.position is None
        opening.facts = {"version": version, "reason": "a test"}
        leaf.commitment = commitment(opening.salt, opening.facts)
    config = migrations(house.at.database)
    command.downgrade(config, BELOW)
    command.upgrade(config, "head")
    house.at.database.dispose()
    assert found_of_notices(house) == []
    after = put(house, "After.", alice)
    assert told(house, "notice_published", after)["by"] == alice
    assert "by" not in told(house, "notice_published", "stay-en-2") | told(house, "notice_withdrawn", version)
    assert found_of_notices(house) == []


def test_down_and_up_again_the_rows_say_what_was_told(house: House, alice: str) -> None:
    version = put(house, "Later.", alice, days=9)
    taken_back(house, version, alice)
    config = migrations(house.at.database)
    command.downgrade(config, BELOW)
    command.upgrade(config, "head")
    house.at.database.dispose()
    row = house.ask(lambda s: named(s, version))
    assert (row.published_by, row.withdrawn_by) == (alice, alice)
    assert found_of_notices(house) == []
