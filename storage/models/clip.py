"""Clips: a span of a camera put together into one file, for somebody who asked for it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.database import Base, Moment
from storage.models.camera import Camera
from storage.models.columns import At, Id
from storage.models.person import Person


class ObjectPart(Base):
    """That an object was put together from another: it goes when the first of its parts goes."""

    __tablename__ = "object_part"

    whole_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), primary_key=True)
    part_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), primary_key=True, index=True)


class Clip(Base):
    """That somebody asked for a span as one file, how far it has come, and what it is made of."""

    __tablename__ = "clip"
    __table_args__ = (sa.Index(None, "next_attempt_at"), sa.Index(None, "object_id"))

    id: Mapped[Id]
    camera_id: Mapped[str] = mapped_column(sa.ForeignKey("camera.id"))
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"), comment="who asked for it")
    from_at: Mapped[At] = mapped_column(comment="begin of the span, as it was asked for")
    to_at: Mapped[At] = mapped_column(comment="its end")
    state: Mapped[str] = mapped_column(sa.String(8), comment="asked, made, refused")
    object_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("stored_object.id"), comment="the file, of kind export; null until first tried"
    )
    bytes_done: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    bytes_all: Mapped[int | None] = mapped_column(sa.BigInteger, comment="how long it will be; null: not known yet")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="when to try (again); a worker's lease too; null: made, or refused"
    )
    last_error: Mapped[str | None] = mapped_column(sa.Text, comment="why it was refused, or the last try failed")
    manifest: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON, comment="what it is made of, with proofs")
    asked_at: Mapped[At]
    converted: Mapped[bool] = mapped_column(
        default=False,
        server_default=sa.false(),
        comment="whether its pictures are encoded anew, to be looked at in a browser",
    )

    camera: Mapped[Camera] = relationship(lazy="joined")
    person: Mapped[Person] = relationship(lazy="joined")
