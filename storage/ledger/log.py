"""What happened, told once: a leaf is written in the transaction of what it tells, and gets its place afterwards.

Many writers never wait for one another: a leaf is born without a place. The sequencer, one at a time, gives places in
the order in which it finds the leaves, and adds them to the tree in the same transaction.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.ledger import tree
from storage.models import Leaf, LeafOpening, TreeNode
from storage.models.columns import random_id

# Two sequencers at once must not give one place twice: on SQLite the transaction is the only writer, on PostgreSQL this
# lock makes it the only sequencer, and the unique constraint is the last word.
SEQUENCER_LOCK = 0x65736B65
# Values in one statement; SQLite takes 32,766.
AT_ONCE = 5000


def canonical(facts: Mapping[str, Any]) -> bytes:
    """Facts as the bytes that are hashed: JSON with sorted keys, no spaces, in UTF-8."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def commitment(salt: str, facts: Mapping[str, Any]) -> str:
    """SHA-256, in hex, over the salt (hex) and the facts."""
    return hashlib.sha256(bytes.fromhex(salt) + canonical(facts)).hexdigest()


def leaf_data(leaf_id: str, kind: str, at: datetime, committed: str) -> bytes:
    """A leaf as the bytes that stand in the tree: all that anybody may see of it."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return canonical({"at": moment, "commitment": committed, "id": leaf_id, "kind": kind})


@dataclass(frozen=True)
class Told:
    """That something happened to the row `subject_id`. `facts` is JSON and holds no personal data."""

    kind: str
    subject_id: str
    at: datetime
    facts: Mapping[str, Any]


def append(session: Session, kind: str, subject_id: str, at: datetime, facts: Mapping[str, Any]) -> str:
    """Tell that something happened to the row `subject_id`. Returns the leaf's id.

    `facts` is JSON and holds no personal data; it is committed to with a salt, which goes when the row goes.
    """
    return append_all(session, [Told(kind, subject_id, at, facts)])[0]


def append_all(session: Session, told: Sequence[Told]) -> list[str]:
    """`append` for many, in two statements. Returns the leaves' ids, in the order in which they were told."""
    ids, leaves, openings = [], [], []
    for each in told:
        leaf_id, salt = random_id(), secrets.token_hex(32)
        ids.append(leaf_id)
        leaf = {"id": leaf_id, "kind": each.kind, "at": each.at, "commitment": commitment(salt, each.facts)}
        leaves.append(leaf)
        openings.append({"leaf_id": leaf_id, "subject_id": each.subject_id, "salt": salt, "facts": dict(each.facts)})
    if leaves:
        session.execute(sa.insert(Leaf.__table__), leaves)  # type: ignore[arg-type]
        session.execute(sa.insert(LeafOpening.__table__), openings)  # type: ignore[arg-type]
    return ids


def sequence(session: Session, batch: int = 2000) -> int:
    """Give pending leaves their places, and the tree their hashes. Returns how many got one.

    None while another sequencer is at it: nobody waits, the next wake-up goes on.
    """
    if session.get_bind().dialect.name == "postgresql" and not session.scalar(
        sa.select(sa.func.pg_try_advisory_xact_lock(SEQUENCER_LOCK))
    ):
        return 0
    pending = session.execute(
        sa.select(Leaf.id, Leaf.kind, Leaf.at, Leaf.commitment)
        .where(Leaf.position.is_(None))
        .order_by(Leaf.at, Leaf.id)
        .limit(batch)
    ).all()
    if not pending:
        return 0
    first = size(session)
    nodes: dict[tuple[int, int], bytes] = {}
    rows = []
    read = reader(session, nodes)
    for offset, leaf in enumerate(pending):
        data = leaf_data(leaf.id, leaf.kind, leaf.at, leaf.commitment)
        for level, index, value in tree.completed(first + offset, tree.leaf_hash(data), read):
            nodes[level, index] = value
            rows.append({"level": level, "index": index, "hash": value})
    place = sa.update(Leaf.__table__).where(Leaf.id == sa.bindparam("leaf"))  # type: ignore[arg-type]
    session.execute(
        place.values(position=sa.bindparam("place")),
        [{"leaf": leaf.id, "place": first + offset} for offset, leaf in enumerate(pending)],
    )
    session.execute(sa.insert(TreeNode.__table__), rows)  # type: ignore[arg-type]
    return len(pending)


def size(session: Session) -> int:
    """How many leaves have their place."""
    last = session.scalar(sa.select(sa.func.max(Leaf.position)))
    return 0 if last is None else last + 1


def nodes(session: Session, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Those of some complete subtrees, by (level, index), that the database has."""
    levels: dict[int, list[int]] = {}
    for level, index in wanted:
        levels.setdefault(level, []).append(index)
    found: dict[tuple[int, int], bytes] = {}
    for level, indexes in levels.items():
        for begin in range(0, len(indexes), AT_ONCE):
            some = indexes[begin : begin + AT_ONCE]
            rows = session.execute(
                sa.select(TreeNode.index, TreeNode.hash).where(TreeNode.level == level, TreeNode.index.in_(some))
            )
            found.update({(level, index): value for index, value in rows})
    return found


def reader(session: Session, known: Mapping[tuple[int, int], bytes] | None = None) -> tree.Read:
    """Reads complete subtrees from the database, or from `known` where they are there."""

    def read(level: int, index: int) -> bytes:
        if known is not None and (level, index) in known:
            return known[level, index]
        found = session.scalar(sa.select(TreeNode.hash).where(TreeNode.level == level, TreeNode.index == index))
        if found is None:
            raise LookupError(f"the tree lacks its node ({level}, {index})")
        return found

    return read
