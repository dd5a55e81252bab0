"""Signs: what they say, in versions; which one a zone needs; and who confirmed that it hangs there (I8)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.database import Base, Moment
from storage.models.camera import Zone
from storage.models.columns import At, Id, Sha256


class SignVersion(Base):
    """What signs say, in every language, from a moment on. It never changes once published."""

    __tablename__ = "sign_version"

    id: Mapped[Id]
    number: Mapped[int] = mapped_column(unique=True, comment="counts up; the one before it may hang for its grace")
    texts: Mapped[dict[str, dict[str, str]]] = mapped_column(sa.JSON, comment="by language, and in it by field")
    texts_sha256: Mapped[Sha256]
    grace_days: Mapped[int] = mapped_column(comment="how long what it makes outdated may hang on; 0: not at all")
    published_at: Mapped[At]
    published_by: Mapped[str | None] = mapped_column(
        sa.String(32), comment="id of a person, or operator; null: it is shipped"
    )
    effective_from: Mapped[At] = mapped_column(comment="signs must say it from this moment on, until the next one's")


class SignDraft(Base):
    """What somebody would have signs say. It goes when it is published, discarded, or forgotten."""

    __tablename__ = "sign_draft"
    __table_args__ = (sa.Index(None, "made_at"),)

    id: Mapped[Id]
    texts: Mapped[dict[str, dict[str, str]]] = mapped_column(sa.JSON, comment="as of a version")
    made_at: Mapped[At]
    made_by: Mapped[str] = mapped_column(sa.ForeignKey("person.id"), comment="who made it; in no leaf")


class Sign(Base):
    """A sheet of a zone with all that stands on it. Another word, another sheet: its code tells them apart."""

    __tablename__ = "sign"
    __table_args__ = (sa.UniqueConstraint("zone_id", "content_sha256"),)

    id: Mapped[Id]
    zone_id: Mapped[str] = mapped_column(sa.ForeignKey("zone.id"))
    version_id: Mapped[str] = mapped_column(sa.ForeignKey("sign_version.id"))
    code: Mapped[str] = mapped_column(sa.String(12), unique=True, comment="random; stands in the address it leads to")
    content: Mapped[dict[str, Any]] = mapped_column(
        sa.JSON, comment="what stands on it beside the version's texts: who, contact, languages, storage window, place"
    )
    content_sha256: Mapped[Sha256] = mapped_column(comment="of the texts and the content")
    issued_at: Mapped[At] = mapped_column(comment="when it became what the zone needs: its newest is the last one")

    version: Mapped[SignVersion] = relationship(lazy="joined")
    zone: Mapped[Zone] = relationship(lazy="joined")


class SignPosting(Base):
    """Somebody confirmed, by a photo, that a sign hangs in its zone. Of a zone, one at most lasts."""

    __tablename__ = "sign_posting"
    __table_args__ = (
        sa.Index(
            "ix_sign_posting_lasting",
            "zone_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index(None, "zone_id", "confirmed_at"),
    )

    id: Mapped[Id]
    zone_id: Mapped[str] = mapped_column(sa.ForeignKey("zone.id"))
    sign_id: Mapped[str] = mapped_column(sa.ForeignKey("sign.id"))
    photo_object_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("stored_object.id"), unique=True, comment="the photo on which its code was read; evidence"
    )
    confirmed_at: Mapped[At]
    confirmed_by: Mapped[str] = mapped_column(sa.String(32), comment="id of a person, or operator")
    ended_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="another one was confirmed, or this one is gone; null: it lasts"
    )
    withdrawn_by: Mapped[str | None] = mapped_column(
        sa.String(32), comment="who said that it is gone: id of a person, or operator; null: replaced, or it lasts"
    )
    withdrawn_reason: Mapped[str | None] = mapped_column(sa.Text, comment="why, as it was typed")

    sign: Mapped[Sign] = relationship(lazy="joined")
