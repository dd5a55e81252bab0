"""The ledger: appends a second, the time of a proof and of a verification, at ten thousand and at a million leaves.

What is counted as an append: the leaf and its opening, written in a transaction with others; its place, given by the
sequencer; the tree's hashes; and a signed checkpoint over all of them at the end. The reference writes as many rows of
like size into a plain table of the same database, in as many transactions.
"""

import hashlib
import statistics
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.wiring import Installation
from storage.ledger import tree
from storage.ledger.log import Told, append_all, commitment, leaf_data, sequence, size
from storage.models import Leaf, LeafOpening, TreeNode
from storage.models.columns import random_id
from tests.bench import ground
from tests.bench.measure import MOST_ROWS, ROUNDS, in_turn, rate, say_rates, say_times, timed
from tests.objects.fake_store import MemoryStore

APPENDED = 4000
IN_A_TRANSACTION = 100
SIZES = sorted({10_000, min(100_000, MOST_ROWS), MOST_ROWS})
VERIFIED = SIZES[:2]  # every leaf is reckoned anew: ten times the leaves, ten times the minutes
PROOFS = 200
AT_ONCE = 50_000
FACTS = {"kind": "recording", "centre": "0" * 32, "bytes": 1_000_000, "sha256": "0" * 64}
AT = datetime(2026, 1, 1, tzinfo=UTC)


def append_some(at: Installation) -> None:
    """Ours: append, sequence, sign."""
    for _ in range(APPENDED // IN_A_TRANSACTION):
        with at.database.begin() as session:
            append_all(session, [Told("object_stored", random_id(), AT, FACTS) for _ in range(IN_A_TRANSACTION)])
    placed = 1
    while placed:
        with at.database.begin() as session:
            placed = sequence(session)
    with at.database.begin() as session:
        at.ledger.checkpoint(session)


def insert_some(at: Installation) -> None:
    """The reference."""
    for _ in range(APPENDED // IN_A_TRANSACTION):
        with at.database.begin() as session:
            rows = [{"id": random_id(), "text": "0" * 400} for _ in range(IN_A_TRANSACTION)]
            session.execute(sa.text("INSERT INTO bench_row (id, text) VALUES (:id, :text)"), rows)


def grow(at: Installation, upto: int) -> None:
    """More leaves, with their openings and the tree over them, written in bulk."""
    with at.database.begin() as session:
        first = size(session)
    nodes: dict[tuple[int, int], bytes] = {}
    told = _told(first, upto, nodes)
    while some := list(islice(told, AT_ONCE)):
        with at.database.begin() as session:
            session.execute(sa.insert(Leaf.__table__), [leaf for leaf, _, _ in some])  # type: ignore[arg-type]
            session.execute(sa.insert(LeafOpening.__table__), [opening for _, opening, _ in some])  # type: ignore[arg-type]
            made = [node for _, _, completed in some for node in completed]
            session.execute(sa.insert(TreeNode.__table__), made)  # type: ignore[arg-type]
    with at.database.begin() as session:
        at.ledger.checkpoint(session)


def _told(first: int, upto: int, nodes: dict[tuple[int, int], bytes]) -> Iterator[tuple[Any, Any, list[Any]]]:
    if first:
        raise RuntimeError("a tree is grown from its first leaf on")
    salt = "0" * 64
    committed = commitment(salt, FACTS)
    for position in range(upto):
        leaf_id = f"{position:032x}"
        hashed = tree.leaf_hash(leaf_data(leaf_id, "call_told", AT, committed))
        completed = []
        for level, index, value in tree.completed(position, hashed, lambda lv, i: nodes.pop((lv, i))):
            nodes[level, index] = value
            completed.append({"level": level, "index": index, "hash": value})
        yield (
            {"id": leaf_id, "position": position, "kind": "call_told", "at": AT, "commitment": committed},
            {"leaf_id": leaf_id, "subject_id": leaf_id, "salt": salt, "facts": FACTS},
            completed,
        )


def prove(at: Installation, leaves: int) -> float:
    """Seconds of one proof, of leaves all over the tree."""

    def some() -> None:
        for number in range(PROOFS):
            with at.database.begin() as session:
                at.ledger.proof(session, number * 7919 % leaves)

    return timed(some) / PROOFS


def verify(at: Installation) -> float:
    """Seconds of a whole verification, which finds nothing wrong."""

    def whole() -> None:
        if wrong := list(at.verification.problems()):
            raise RuntimeError(str(wrong[0]))

    return timed(whole)


def plainly(leaves: int) -> float:
    """Seconds of SHA-256 over the same leaves and openings, and nothing else."""
    data = leaf_data("0" * 32, "call_told", AT, "0" * 64)
    opening = bytes(32) + str(FACTS).encode()

    def hashes() -> None:
        for _ in range(leaves):
            hashlib.sha256(data).digest()
            hashlib.sha256(opening).digest()

    return timed(hashes)


def run(folder: Path) -> None:
    with ground.installation(folder / "appends", MemoryStore()) as at:
        with at.database.begin() as session:
            session.execute(sa.text("CREATE TABLE bench_row (id VARCHAR(32) PRIMARY KEY, text TEXT)"))
        ours, theirs = in_turn(lambda: append_some(at), lambda: insert_some(at), ROUNDS)
    name = f"ledger appends (leaf, opening, place, tree, checkpoint; {IN_A_TRANSACTION} a transaction)"
    say_rates(name, rate(APPENDED, ours), "plain rows", rate(APPENDED, theirs), "/s", "≥ 2,000/s")
    proofs = {}
    for leaves in SIZES:
        with ground.installation(folder / str(leaves), MemoryStore()) as at:
            with at.database.begin() as session:
                # What was published at first start has pending leaves: they would come between.
                session.execute(sa.delete(LeafOpening))
                session.execute(sa.delete(Leaf))
            grow(at, leaves)
            proofs[leaves] = statistics.median(prove(at, leaves) for _ in range(ROUNDS))
            if leaves in VERIFIED:
                say_times(f"ledger verification of {leaves:,} leaves", verify(at), "plain SHA-256", plainly(leaves))
    say_times(f"proof at {SIZES[-1]:,} leaves", proofs[SIZES[-1]], f"at {SIZES[0]:,}", proofs[SIZES[0]])
