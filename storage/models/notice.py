"""What callers hear: texts with their audio, in versions that never change once published."""

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
    """A text in one language for one use, with the audio that says it."""

    __tablename__ = "notice_version"
    __table_args__ = (sa.Index(None, "kind", "mode", "language", "state"),)

    id: Mapped[Id]
    version: Mapped[str] = mapped_column(sa.String(40), unique=True, comment="its name, such as stay-ru-1")
    kind: Mapped[str] = mapped_column(sa.String(20), comment="notice, or a prompt: menu, unrecorded, …")
    mode: Mapped[str | None] = mapped_column(sa.String(8), comment="stay, opt_out, opt_in; null for prompts")
    language: Mapped[str] = mapped_column(sa.String(2), comment="kk, ru or en")
    number: Mapped[int] = mapped_column(comment="counts up within kind, mode and language")
    state: Mapped[str] = mapped_column(sa.String(12), comment="published or superseded")
    text: Mapped[str] = mapped_column(sa.Text, comment="what is said, word for word")
    text_sha256: Mapped[Sha256]
    audio_sha256: Mapped[str] = mapped_column(sa.ForeignKey("notice_audio.sha256"))
    duration_ms: Mapped[int] = mapped_column(comment="of the audio")
    placeholder: Mapped[bool] = mapped_column(comment="true: spoken by a machine, to be replaced by a person")
    published_at: Mapped[At]
    superseded_at: Mapped[datetime | None] = mapped_column(Moment())
