"""Leaves in the database: born without a place, placed once, proven to strangers (I10)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database import Database
from storage.errors import NotFound
from storage.ledger.checkpoint import check_proof
from storage.ledger.ledger import Ledger
from storage.ledger.log import append, commitment, leaf_data, sequence, size
from storage.ledger.tree import leaf_hash
from storage.models import Leaf, LeafOpening, TreeNode
from storage.upgrade import upgrade
from tests.backend import Databases
from tests.practice.customer import FastClock

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path, databases: Databases) -> Iterator[Database]:
    made = Database(databases.main or f"sqlite:///{tmp_path / 'eskertu.db'}")
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.key", "example.com/eskertu", FastClock())


def told(database: Database, count: int) -> list[str]:
    with database.begin() as session:
        return [append(session, "object_stored", f"object{n}", NOW, {"n": n, "тіл": "қазақша"}) for n in range(count)]


def test_every_leaf_gets_one_place_and_its_hash(database: Database) -> None:
    for count in (1, 5, 13):
        told(database, count)
        with database.begin() as session:
            assert sequence(session, batch=4) <= 4
    with database.begin() as session:
        while sequence(session, batch=4):
            pass
        positions = session.scalars(sa.select(Leaf.position).order_by(Leaf.position)).all()
        assert list(positions) == list(range(19))
        assert size(session) == 19
        assert sequence(session) == 0
        for leaf in session.scalars(sa.select(Leaf)):
            node = session.get_one(TreeNode, (0, leaf.position))
            assert node.hash == leaf_hash(leaf_data(leaf.id, leaf.kind, leaf.at, leaf.commitment))


def test_a_leaf_commits_to_its_facts_and_shows_nothing_of_them(database: Database) -> None:
    (leaf_id,) = told(database, 1)
    with database.begin() as session:
        leaf, opening = session.get_one(Leaf, leaf_id), session.get_one(LeafOpening, leaf_id)
        assert leaf.commitment == commitment(opening.salt, opening.facts)
        data = json.loads(leaf_data(leaf.id, leaf.kind, leaf.at, leaf.commitment))
        assert set(data) == {"at", "commitment", "id", "kind"}
        assert leaf.commitment != commitment("00" * 32, opening.facts)


def test_every_leaf_can_be_proven_to_a_stranger(database: Database, ledger: Ledger) -> None:
    told(database, 21)
    with database.begin() as session:
        sequence(session)
        for leaf in session.scalars(sa.select(Leaf)).all():
            assert leaf.position is not None
            proof = ledger.proof(session, leaf.position)
            data = leaf_data(leaf.id, leaf.kind, leaf.at, leaf.commitment)
            index, checkpoint = check_proof(proof, leaf_hash(data), ledger.verifier())
            assert (index, checkpoint.size) == (leaf.position, 21)
        with pytest.raises(NotFound):
            ledger.proof(session, 21)


def test_a_checkpoint_is_signed_once_for_a_size(database: Database, ledger: Ledger) -> None:
    with database.begin() as session, pytest.raises(NotFound):
        ledger.checkpoint(session)
    told(database, 3)
    with database.begin() as session:
        sequence(session)
        first = ledger.checkpoint(session)
        before = first.given_at
        assert ledger.checkpoint(session, given=True).note == first.note
        assert (before, first.given_at) == (None, ledger.checkpoint(session).given_at)
        assert ledger.checkpoint(session).given_at is not None
        assert ledger.open(first.note).size == 3
