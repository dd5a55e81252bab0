"""Pauses of a call's recording, while card data is spoken. The carrier never shows one: this is all that is known."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment
from storage.models.columns import At, Id


class RecordingPause(Base):
    """One pause, from the moment somebody asked for it. It is silent for certain from `paused_at` to `silent_until`."""

    __tablename__ = "recording_pause"
    __table_args__ = (sa.UniqueConstraint("call_id", "number"),)

    id: Mapped[Id]
    call_id: Mapped[str] = mapped_column(sa.ForeignKey("call.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(comment="counts up within the call")
    recording_sid: Mapped[str] = mapped_column(sa.String(64), comment="the carrier's id of what is paused")
    state: Mapped[str] = mapped_column(sa.String(11), comment="asked paused resuming resumed ended refused unconfirmed")
    asked_by: Mapped[str] = mapped_column(sa.String(32), comment="id of a person, or operator")
    token_id: Mapped[str | None] = mapped_column(
        sa.String(32), comment="of the token by which they asked; null: at the machine itself"
    )
    asked_at: Mapped[At] = mapped_column(comment="before the carrier was asked")
    paused_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when the carrier confirmed it; null: never")
    resume_asked_by: Mapped[str | None] = mapped_column(sa.String(32), comment="id of a person, or operator")
    resume_asked_at: Mapped[datetime | None] = mapped_column(Moment(), comment="before the carrier was asked to go on")
    resumed_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="when the carrier confirmed that; null: never"
    )
    ended_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when nothing more can become of it")
    attempts: Mapped[int] = mapped_column(default=0, comment="how often somebody began to ask the carrier")
    under_way: Mapped[int] = mapped_column(default=0, comment="requests to the carrier that have not come back")
    asking_until: Mapped[datetime | None] = mapped_column(
        Moment(), comment="a request to the carrier may be under way until then; null: none is"
    )

    @property
    def silent_until(self) -> datetime | None:
        """To when the silence is certain; None while it goes on."""
        return self.resume_asked_at or self.ended_at
