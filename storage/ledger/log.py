"""What happened, told once: a leaf is written in the transaction of what it tells, and gets its place afterwards.

Many writers never wait for one another: a leaf is born without a place. The sequencer, one at a time, gives places in
the order in which it finds the leaves. The tree over the leaves, its checkpoints and proofs, are built on `position`.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Leaf, LeafOpening
from storage.models.columns import random_id


def commitment(salt: str, facts: Mapping[str, Any]) -> str:
    """SHA-256, in hex, over the salt and the facts as canonical JSON (sorted keys, no spaces, UTF-8)."""
    told = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(bytes.fromhex(salt) + told.encode()).hexdigest()


def append(session: Session, kind: str, subject_id: str, at: datetime, facts: Mapping[str, Any]) -> str:
    """Tell that something happened to the row `subject_id`. Returns the leaf's id.

    `facts` is JSON and holds no personal data; it is committed to with a salt, which goes when the row goes.
    """
    salt = secrets.token_hex(32)
    leaf = Leaf(id=random_id(), kind=kind, at=at, commitment=commitment(salt, facts))
    session.add(leaf)
    session.flush()
    session.add(LeafOpening(leaf_id=leaf.id, subject_id=subject_id, salt=salt, facts=dict(facts)))
    return leaf.id


def sequence(session: Session, batch: int = 1000) -> int:
    """Give pending leaves their places. Returns how many got one.

    Two sequencers at once cannot give one place twice: on SQLite the transaction is the only writer, elsewhere an
    advisory lock makes it the only sequencer, and the unique constraint is the last word.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(0x65736B65)))
    pending = session.scalars(
        sa.select(Leaf.id).where(Leaf.position.is_(None)).order_by(Leaf.at, Leaf.id).limit(batch)
    ).all()
    if not pending:
        return 0
    last = session.scalar(sa.select(sa.func.max(Leaf.position)))
    first = 0 if last is None else last + 1
    session.execute(
        sa.update(Leaf), [{"id": leaf_id, "position": first + offset} for offset, leaf_id in enumerate(pending)]
    )
    return len(pending)
