"""The ledger as people look at it: how far it goes, what vouches for it, what stands in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound
from storage.ledger.log import leaf_data, size
from storage.ledger.tree import leaf_hash
from storage.models import Leaf, SignedCheckpoint

A_PAGE = 100
# The largest place that a database can be asked for: no tree grows so far.
MOST = 2**63 - 1


@dataclass(frozen=True)
class LedgerState:
    """How far the ledger goes, and what somebody else has of it."""

    size: int
    latest: SignedCheckpoint | None
    given: SignedCheckpoint | None
    """The largest checkpoint that somebody else has a copy of; None: the ledger is not yet tamper-evident."""


def ledger_state(session: Session) -> LedgerState:
    """What there is now."""
    newest = sa.select(SignedCheckpoint).order_by(SignedCheckpoint.size.desc()).limit(1)
    given = newest.where(SignedCheckpoint.given_at.is_not(None))
    return LedgerState(size(session), session.scalars(newest).first(), session.scalars(given).first())


def leaves(session: Session, before: int | None = None) -> Sequence[Leaf]:
    """Leaves that have their place, the last first. `before`: the place of the last of the page before."""
    query = sa.select(Leaf).where(Leaf.position.is_not(None)).order_by(Leaf.position.desc()).limit(A_PAGE)
    return session.scalars(query if before is None else query.where(Leaf.position < min(before, MOST))).all()


def one_leaf(session: Session, position: int) -> tuple[Leaf, str]:
    """One, and its hash in the tree. Raises `NotFound` if none has that place."""
    leaf = session.scalars(sa.select(Leaf).where(Leaf.position == min(position, MOST))).one_or_none()
    if leaf is None:
        raise NotFound("no leaf has the place {place} (yet): a leaf gets its place within a second", place=position)
    return leaf, leaf_hash(leaf_data(leaf.id, leaf.kind, leaf.at, leaf.commitment)).hex()
