"""Holds: what must not be deleted, for which case, by whom, until when it is looked at again (I5)."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment
from storage.models.columns import At, Id


class Hold(Base):
    """One reason to keep something whatever its date says. Several may keep one object."""

    __tablename__ = "hold"

    id: Mapped[Id]
    case: Mapped[str] = mapped_column(sa.String(120), index=True, comment="number of the case; holds are found by it")
    reason: Mapped[str] = mapped_column(sa.Text)
    owner: Mapped[str] = mapped_column(sa.String(32), comment="id of the person who set it, or `operator`")
    review_at: Mapped[At] = mapped_column(comment="when somebody must ask whether it is still needed")
    source_id: Mapped[str | None] = mapped_column(
        sa.String(32), index=True, comment="a hold over a span: of this line (or camera)"
    )
    from_at: Mapped[datetime | None] = mapped_column(Moment(), comment="begin of the span; also what is still to come")
    to_at: Mapped[datetime | None] = mapped_column(Moment(), comment="end of the span")
    set_at: Mapped[At]
    lifted_at: Mapped[datetime | None] = mapped_column(Moment(), comment="null while it holds")
    lifted_reason: Mapped[str | None] = mapped_column(sa.Text)


class HeldObject(Base):
    """That a hold keeps an object. The count of these that hold stands on the object's own row, for the claim."""

    __tablename__ = "held_object"

    hold_id: Mapped[str] = mapped_column(sa.ForeignKey("hold.id"), primary_key=True)
    object_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), primary_key=True, index=True)


class HoldMirror(Base):
    """That an object is held as it is told elsewhere: in the key database, and by the store's own legal hold.

    Written in the transaction that changes what holds the object; carried out afterwards. Goes when nothing holds the
    object any more and the mirror is off.
    """

    __tablename__ = "hold_mirror"
    __table_args__ = (sa.Index(None, "next_attempt_at"),)

    object_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(default=1, comment="counts the changes of what holds the object")
    mirrored: Mapped[int] = mapped_column(default=0, comment="the last revision that was carried out")
    in_keys_at: Mapped[datetime | None] = mapped_column(Moment(), comment="since when its key is marked as held")
    in_store_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="since when its versions are under legal hold; null also where the bucket cannot"
    )
    next_attempt_at: Mapped[At] = mapped_column(comment="when to carry it out, or to look whether it is still so")
    leased_until: Mapped[datetime | None] = mapped_column(Moment(), comment="a process is at it until then, or died")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(sa.Text)
