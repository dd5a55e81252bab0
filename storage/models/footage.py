"""What is seen of a segment without playing it: a thumbnail, a strip of pictures, where something moved."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base
from storage.models.deriving import DerivingTask


class PreviewTask(DerivingTask):
    """A segment whose preview is still to be made. The row goes in the transaction in which it is stored."""

    __tablename__ = "preview_task"
    __table_args__ = (sa.Index(None, "next_attempt_at"),)

    object_id: Mapped[str] = mapped_column(
        sa.ForeignKey("stored_object.id"), primary_key=True, comment="the segment's object"
    )
    derived_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("stored_object.id"), comment="the object that it becomes; null until first tried"
    )


class Preview(Base):
    """What lies where in a preview's object, and how much moved. The row goes with that object."""

    __tablename__ = "preview"

    object_id: Mapped[str] = mapped_column(
        sa.ForeignKey("stored_object.id"),
        primary_key=True,
        comment="thumbnail, strip and grids of motion, one behind the other",
    )
    segment_object_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), unique=True)
    thumbnail_bytes: Mapped[int] = mapped_column(comment="length of the first JPEG")
    strip_bytes: Mapped[int] = mapped_column(comment="length of the second, the pictures side by side")
    pictures: Mapped[list[Any]] = mapped_column(
        sa.JSON, comment="when each picture of the strip was taken, in milliseconds from the segment's begin"
    )
    motion: Mapped[bytes] = mapped_column(
        sa.LargeBinary, comment="a byte for each second: how much of the picture changed, 0 to 255"
    )
