"""What callers hear: texts with their audio, in versions that never change once published; and drafts of them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment
from storage.models.columns import At, Id, Sha256


class NoticeAudio(Base):
    """One sound file, named by its hash.

    It lies in the database and not in the object store: a notice must be heard also while the store is away, and it
    holds nothing about anybody (docs/adr/0003).
    """

    __tablename__ = "notice_audio"

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True, comment="of the file; its public name too")
    wav: Mapped[bytes] = mapped_column(sa.LargeBinary, comment="8 kHz, mono, 16-bit PCM WAV")
    duration_ms: Mapped[int] = mapped_column(comment="how long it plays: I1 is reckoned with it")


class NoticeVersion(Base):
    """A text in one language for one use, with the audio that says it, in force in an interval of its own."""

    __tablename__ = "notice_version"
    __table_args__ = (sa.Index(None, "kind", "mode", "language", "effective_from"),)

    id: Mapped[Id]
    version: Mapped[str] = mapped_column(sa.String(40), unique=True, comment="its name, such as stay-ru-1")
    kind: Mapped[str] = mapped_column(sa.String(20), comment="notice, or a prompt: menu, unrecorded, …")
    mode: Mapped[str | None] = mapped_column(sa.String(8), comment="stay, opt_out, opt_in; null for prompts")
    language: Mapped[str] = mapped_column(sa.String(2), comment="kk, ru or en")
    number: Mapped[int] = mapped_column(comment="counts up within kind, mode and language")
    text: Mapped[str] = mapped_column(sa.Text, comment="what is said, word for word")
    text_sha256: Mapped[Sha256]
    audio_sha256: Mapped[str] = mapped_column(sa.ForeignKey("notice_audio.sha256"))
    duration_ms: Mapped[int] = mapped_column(comment="of the audio")
    placeholder: Mapped[bool] = mapped_column(comment="true: spoken by a machine, to be replaced by a person")
    published_at: Mapped[At]
    published_by: Mapped[str | None] = mapped_column(
        sa.String(32), comment="id of a person, or operator; null: shipped, or published before this was noted"
    )
    effective_from: Mapped[datetime] = mapped_column(Moment(), comment="callers hear it from this moment on")
    superseded_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="and until this one, exclusively: the next one's effective_from; null: for ever"
    )
    withdrawn_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="taken back before it was in force: then it ends where it begins"
    )
    withdrawn_by: Mapped[str | None] = mapped_column(
        sa.String(32), comment="id of a person, or operator; null: not withdrawn, or before this was noted"
    )
    withdrawn_reason: Mapped[str | None] = mapped_column(sa.Text, comment="why, as it was typed")


class NoticeDraft(Base):
    """What somebody would publish, with its sound. The row, and the sound in it, go when it is published or discarded.

    Its sound lies here and not with those that callers hear, so that no public address gives it out.
    """

    __tablename__ = "notice_draft"
    __table_args__ = (sa.Index(None, "made_at"),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(sa.String(20), comment="as of a version")
    mode: Mapped[str | None] = mapped_column(sa.String(8), comment="as of a version")
    language: Mapped[str] = mapped_column(sa.String(2), comment="as of a version")
    text: Mapped[str] = mapped_column(sa.Text, comment="what is said, word for word")
    wav: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True, comment="as callers would hear it")
    audio_sha256: Mapped[Sha256]
    duration_ms: Mapped[int] = mapped_column(comment="of the sound")
    placeholder: Mapped[bool] = mapped_column(comment="spoken by a machine")
    made_at: Mapped[At]
    made_by: Mapped[str] = mapped_column(sa.ForeignKey("person.id"), comment="who made it; in no leaf")
