"""The ledger's leaves. Public as they are: what they commit to stands apart, and can be erased (I10)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base
from storage.models.columns import At, Id, Sha256


class Leaf(Base):
    """That something happened: a kind, a moment, a commitment. Written with what it tells, placed a moment later."""

    __tablename__ = "leaf"

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
