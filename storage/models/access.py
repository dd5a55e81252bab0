"""How people get in: sessions that are open, and attempts that count against an address."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.database import Base, Moment
from storage.models.columns import At, Id, Sha256
from storage.models.person import Person


class SignInSession(Base):
    """One browser in which somebody is signed in. It has the hash of what the browser shows, never that itself."""

    __tablename__ = "sign_in_session"
    __table_args__ = (sa.Index(None, "person_id", "begun_at"), sa.Index(None, "begun_at"))

    id: Mapped[Id]
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"))
    token_sha256: Mapped[Sha256] = mapped_column(unique=True, comment="of the 256 random bits in the cookie")
    begun_at: Mapped[At]
    last_seen_at: Mapped[At] = mapped_column(comment="to the minute: idle sessions end by it")
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when the password was last given in it")
    ended_at: Mapped[datetime | None] = mapped_column(Moment(), comment="null unless somebody ended it")

    person: Mapped[Person] = relationship(lazy="joined")


class PasswordLink(Base):
    """A link with which somebody sets their own password, once. It has the hash of what is secret in it."""

    __tablename__ = "password_link"
    __table_args__ = (sa.Index(None, "person_id"), sa.Index(None, "expires_at"))

    id: Mapped[Id]
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"), comment="whose password it sets")
    secret_sha256: Mapped[Sha256] = mapped_column(unique=True, comment="of the 256 random bits in the address")
    made_at: Mapped[At]
    expires_at: Mapped[At]
    ended_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="when it was used, or ended before; null: not yet"
    )

    person: Mapped[Person] = relationship(lazy="joined")


class SignInAttempt(Base):
    """A sign-in, or a link, that was tried and has not succeeded. Written before it is looked at: so none slips."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (sa.Index(None, "address_hmac", "at"), sa.Index(None, "at"))

    id: Mapped[Id]
    address_hmac: Mapped[Sha256] = mapped_column(comment="keyed hash of the address, of people and of nobody alike")
    at: Mapped[At]
