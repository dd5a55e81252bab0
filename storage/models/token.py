"""How programs get in: tokens, each of a person; and the answers that a repeated request gets once more."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.database import Base, Moment
from storage.models.columns import At, Id, Sha256
from storage.models.person import Person


class ApiToken(Base):
    """What a program shows to act for a person. It has the hash of what is shown, never that itself."""

    __tablename__ = "api_token"
    __table_args__ = (sa.Index(None, "person_id", "made_at"), sa.Index(None, "expires_at"))

    id: Mapped[Id]
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(sa.String(80), comment="what it is for, in their words")
    token_sha256: Mapped[Sha256] = mapped_column(unique=True, comment="of its 256 random bits, with their prefix")
    scopes: Mapped[list[str]] = mapped_column(sa.JSON, comment="area:read or area:write, each once, sorted")
    made_at: Mapped[At]
    expires_at: Mapped[At]
    last_used_at: Mapped[datetime | None] = mapped_column(Moment(), comment="to the minute; null: never")
    ended_at: Mapped[datetime | None] = mapped_column(Moment(), comment="null unless somebody ended it")

    person: Mapped[Person] = relationship(lazy="joined")


class KeptAnswer(Base):
    """The answer to a request with an idempotency key, written in the transaction of what the request did."""

    __tablename__ = "kept_answer"
    __table_args__ = (sa.UniqueConstraint("person_id", "key_sha256"), sa.Index(None, "forget_after"))

    id: Mapped[Id]
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"), comment="whose request: keys are one person's")
    key_sha256: Mapped[Sha256] = mapped_column(comment="of the key")
    request_sha256: Mapped[Sha256] = mapped_column(comment="over address and body: another body is a conflict")
    status: Mapped[int] = mapped_column(sa.SmallInteger)
    body: Mapped[str] = mapped_column(sa.Text, comment="the JSON given; a repeat gets it word for word")
    forget_after: Mapped[At]
