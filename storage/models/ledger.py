"""The ledger: leaves, public as they are; what they commit to, which can be erased; the tree over them (I10)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment
from storage.models.columns import At, Id, Sha256


class Leaf(Base):
    """That something happened: a kind, a moment, a commitment. Written with what it tells, placed a moment later."""

    __tablename__ = "leaf"
    __table_args__ = (
        sa.Index(
            "ix_leaf_pending",
            "at",
            "id",
            sqlite_where=sa.text("position IS NULL"),
            postgresql_where=sa.text("position IS NULL"),
        ),
    )

    id: Mapped[Id]
    position: Mapped[int | None] = mapped_column(sa.BigInteger, unique=True, comment="index in the tree; null: pending")
    kind: Mapped[str] = mapped_column(sa.String(32))
    at: Mapped[At]
    commitment: Mapped[Sha256] = mapped_column(comment="SHA-256 over salt and facts")


class LeafOpening(Base):
    """What a leaf commits to: goes with the rows it is about."""

    __tablename__ = "leaf_opening"

    leaf_id: Mapped[str] = mapped_column(sa.ForeignKey("leaf.id"), primary_key=True)
    subject_id: Mapped[str] = mapped_column(sa.String(64), index=True, comment="id of the row it is about")
    salt: Mapped[str] = mapped_column(sa.String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


class TreeNode(Base):
    """A complete subtree's hash. Written once, never changed."""

    __tablename__ = "tree_node"

    level: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False, comment="0: the leaves")
    index: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False, comment="within its level")
    hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


class SignedCheckpoint(Base):
    """The tree's size and root at a moment, signed. Kept, so that a rewritten history contradicts it."""

    __tablename__ = "checkpoint"

    size: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False, comment="leaves it covers")
    root: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    note: Mapped[str] = mapped_column(sa.Text, comment="the signed note, as it is given out")
    signed_at: Mapped[At]
    given_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when somebody else first got a copy")
