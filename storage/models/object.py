"""Stored objects: where calls and cameras meet. Nothing here knows which of them an object came from."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.database import Base, Moment
from storage.models.columns import At, Id


class StoredObject(Base):
    """Encrypted bytes in the store, with their purposes, their date, and what holds them."""

    __tablename__ = "stored_object"
    __table_args__ = (
        sa.Index(
            "ix_stored_object_claimable",
            "holds",
            "delete_after",
            "id",
            sqlite_where=sa.text("state = 'stored'"),
            postgresql_where=sa.text("state = 'stored'"),
        ),
        sa.Index(
            "ix_stored_object_derived",
            "parent_id",
            sqlite_where=sa.text("parent_id IS NOT NULL"),
            postgresql_where=sa.text("parent_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_stored_object_shown",
            "began_at",
            "id",
            "centre_id",
            sqlite_where=sa.text("state = 'stored' AND kind = 'recording'"),
            postgresql_where=sa.text("state = 'stored' AND kind = 'recording'"),
        ),
        sa.Index(
            "ix_stored_object_unheard",
            "began_at",
            "id",
            "centre_id",
            sqlite_where=sa.text("state = 'stored' AND kind = 'recording' AND heard_at IS NULL"),
            postgresql_where=sa.text("state = 'stored' AND kind = 'recording' AND heard_at IS NULL"),
        ),
        sa.Index(None, "state", "arrived_at"),
        sa.Index(None, "source_id", "began_at"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(sa.String(16), comment="recording, segment, peaks, …")
    parent_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("stored_object.id"), comment="what it was derived from, and goes with"
    )
    centre_id: Mapped[str] = mapped_column(sa.ForeignKey("centre.id"), comment="whose people may see it")
    source_id: Mapped[str] = mapped_column(sa.String(32), comment="the line or camera it came from: holds over spans")
    state: Mapped[str] = mapped_column(sa.String(8), comment="arriving stored deleting deleted")
    bucket: Mapped[str] = mapped_column(sa.String(63))
    key: Mapped[str | None] = mapped_column(
        sa.String(80), comment="id/attempt of the copy that counts; null until stored"
    )
    attempt: Mapped[int] = mapped_column(default=1, comment="numbers the tries to store it: the last one counts")
    version_id: Mapped[str | None] = mapped_column(sa.String(80), comment="the store's version of that copy")
    content_type: Mapped[str] = mapped_column(sa.String(64))
    bytes: Mapped[int | None] = mapped_column(sa.BigInteger, comment="of the plain content")
    sha256: Mapped[str | None] = mapped_column(sa.String(64), comment="of the plain content")
    cipher_bytes: Mapped[int | None] = mapped_column(sa.BigInteger, comment="of the sealed content in the store")
    began_at: Mapped[At] = mapped_column(comment="when its content begins; it ends where retention begins to count")
    counted_from: Mapped[At] = mapped_column(comment="when its content came to be: retention windows begin here")
    arrived_at: Mapped[At]
    stored_at: Mapped[datetime | None] = mapped_column(Moment())
    delete_after: Mapped[datetime | None] = mapped_column(Moment(), comment="the latest end of its purposes (I4)")
    holds: Mapped[int] = mapped_column(default=0, comment="how many holds keep it (I5)")
    restricted_at: Mapped[datetime | None] = mapped_column(Moment(), comment="kept, used for nothing, from then on")
    deleted_at: Mapped[datetime | None] = mapped_column(Moment())
    heard_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when a reviewer marked it as heard")
    heard_by: Mapped[str | None] = mapped_column(sa.String(32), comment="the id of that person")

    purposes: Mapped[list["ObjectPurpose"]] = relationship(
        lazy="selectin", order_by="ObjectPurpose.purpose", cascade="all, delete-orphan"
    )


class ObjectPurpose(Base):
    """What an object may be used for, and until when."""

    __tablename__ = "object_purpose"

    object_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id", ondelete="CASCADE"), primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.String(10), primary_key=True, comment="training quality security evidence")
    until: Mapped[At] = mapped_column(comment="after this it may not be used for the purpose (I11)")
    policy_id: Mapped[str] = mapped_column(sa.ForeignKey("retention_policy.id"), comment="the version that said so")


class ObjectCopy(Base):
    """A copy of an object in a place that storage does not know itself (the carrier's, a spool's)."""

    __tablename__ = "object_copy"

    object_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), primary_key=True)
    place: Mapped[str] = mapped_column(sa.String(20), primary_key=True, comment="name of the port that reaches it")
    ref: Mapped[str] = mapped_column(sa.String(140), primary_key=True, comment="how that place names it")
    gone_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when that place, asked again, had it no more")
