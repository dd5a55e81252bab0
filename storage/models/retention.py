"""Policies, deletions under way, their receipts, and what the reconciler wants a person to see."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment
from storage.models.columns import At, Id


class RetentionPolicy(Base):
    """A published version of how long something is kept, where, and why."""

    __tablename__ = "retention_policy"

    id: Mapped[Id]
    purpose: Mapped[str] = mapped_column(sa.String(10), index=True)
    centre_id: Mapped[str | None] = mapped_column(sa.ForeignKey("centre.id"), comment="null: every centre")
    jurisdictions: Mapped[list[str] | None] = mapped_column(
        sa.JSON(none_as_null=True), comment="null: every jurisdiction"
    )
    window: Mapped[str] = mapped_column(sa.String(40), comment="ISO 8601 duration")
    reason: Mapped[dict[str, str]] = mapped_column(sa.JSON, comment="why this long, by language")
    state: Mapped[str] = mapped_column(
        sa.String(10), comment="published, awaiting (an approval), superseded or withdrawn"
    )
    published_at: Mapped[At]


class Deletion(Base):
    """One object's way out, step by step. Each step is a moment: null means it is still to be done."""

    __tablename__ = "deletion"
    __table_args__ = (
        sa.Index(
            "ix_deletion_under_way",
            "next_attempt_at",
            "object_id",
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        ),
    )

    object_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), primary_key=True)
    cause: Mapped[str] = mapped_column(sa.String(24), comment="policy, or why it went early")
    claimed_at: Mapped[At]
    versions_gone_at: Mapped[datetime | None] = mapped_column(Moment())
    key_destroyed_at: Mapped[datetime | None] = mapped_column(Moment())
    finished_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="asked everywhere again; the receipt is written"
    )
    next_attempt_at: Mapped[At] = mapped_column(comment="when to go on; a worker's lease too")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(sa.Text)


class Receipt(Base):
    """The proof of a deletion, and what remains until when."""

    __tablename__ = "receipt"

    object_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), primary_key=True)
    deleted_at: Mapped[At]
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON, comment="what was deleted, from where, by which policy")
    leaf_id: Mapped[str] = mapped_column(sa.ForeignKey("leaf.id"))


class Finding(Base):
    """Something the reconciler saw and left to a person. One row a subject, kept up to date."""

    __tablename__ = "finding"
    __table_args__ = (sa.UniqueConstraint("kind", "subject"),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(sa.String(40))
    subject: Mapped[str] = mapped_column(sa.String(80), comment="the id of what it is about; never a person")
    explanation: Mapped[str] = mapped_column(sa.Text)
    first_seen_at: Mapped[At]
    last_seen_at: Mapped[At]
    closed_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="when a person was done with it; null: open, or seen again since"
    )
    closed_by: Mapped[str | None] = mapped_column(
        sa.String(32), comment="id of the person who closed it, or `operator`"
    )
    closed_reason: Mapped[str | None] = mapped_column(sa.Text, comment="why it was closed")
