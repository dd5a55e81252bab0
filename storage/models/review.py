"""Listening to recordings: what their waveforms are drawn from, and what reviewers say of them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.database import Base, Moment
from storage.models.columns import At, Id, Sha256
from storage.models.deriving import DerivingTask
from storage.models.person import Person


class PeaksTask(DerivingTask):
    """A recording whose peaks are still to be made. The row goes in the transaction in which they are stored."""

    __tablename__ = "peaks_task"
    __table_args__ = (sa.Index(None, "next_attempt_at"),)

    object_id: Mapped[str] = mapped_column(
        sa.ForeignKey("stored_object.id"), primary_key=True, comment="the recording's object"
    )
    derived_id: Mapped[str | None] = mapped_column(
        "peaks_id", sa.ForeignKey("stored_object.id"), comment="the object they become; null until first tried"
    )
    next_attempt_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="when to try (again); a worker's lease too; null: no peaks can be made of it"
    )


class Scorecard(Base):
    """A version of the questions that a reviewer answers. Never changed: old answers keep their questions."""

    __tablename__ = "scorecard"

    id: Mapped[Id]
    version: Mapped[int] = mapped_column(unique=True, comment="counts up; the highest is the one that is asked")
    questions: Mapped[list[dict[str, Any]]] = mapped_column(
        sa.JSON, comment="key, kind, whether it counts, and its words by language, in order"
    )
    sha256: Mapped[Sha256] = mapped_column(comment="of the questions, to see whether others are shipped")
    published_at: Mapped[At]


class Review(Base):
    """A scorecard as somebody answered it. Later ones lie over earlier ones, and change none of them."""

    __tablename__ = "review"
    __table_args__ = (
        sa.UniqueConstraint("recording_id", "number"),
        sa.Index(None, "submitted_at"),
        sa.Index(
            "ix_review_scored",
            "submitted_at",
            "id",
            "score",
            sqlite_where=sa.text("score IS NOT NULL"),
            postgresql_where=sa.text("score IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    recording_id: Mapped[str] = mapped_column(sa.ForeignKey("recording.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(comment="counts up within the recording: the highest is the one that counts")
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"), comment="who answered")
    scorecard_id: Mapped[str] = mapped_column(sa.ForeignKey("scorecard.id"))
    answers: Mapped[dict[str, str]] = mapped_column(sa.JSON, comment="by the question's key")
    score: Mapped[int | None] = mapped_column(comment="percent of what could be reached; null: nothing that counts")
    submitted_at: Mapped[At]
    delete_after: Mapped[At] = mapped_column(comment="purpose evidence: it goes with the call's rows")

    person: Mapped[Person] = relationship(lazy="joined")
    scorecard: Mapped[Scorecard] = relationship(lazy="joined")


class ReviewNote(Base):
    """What somebody wrote about a moment of a recording. Free text: personal data, as the recording is."""

    __tablename__ = "review_note"

    id: Mapped[Id]
    recording_id: Mapped[str] = mapped_column(sa.ForeignKey("recording.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"), comment="who wrote it")
    at_ms: Mapped[int] = mapped_column(comment="milliseconds from the recording's begin")
    text: Mapped[str] = mapped_column(sa.String(1000))
    written_at: Mapped[At]
    delete_after: Mapped[At] = mapped_column(comment="purpose evidence: it goes with the call's rows")

    person: Mapped[Person] = relationship(lazy="joined")
