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
