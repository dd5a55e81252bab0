"""Business centres and their telephone lines."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.database import Base
from storage.models.columns import At, Id


class Centre(Base):
    """A place, with the law and the languages of that place."""

    __tablename__ = "centre"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(sa.String(32), unique=True, comment="short name, used in commands and addresses")
    name: Mapped[str] = mapped_column(sa.String(200), comment="what people call it")
    jurisdiction: Mapped[str] = mapped_column(sa.String(2), comment="ISO 3166-1 alpha-2: chooses the policies")
    timezone: Mapped[str] = mapped_column(sa.String(64), comment="IANA zone, for pages only: rows are in UTC")
    languages: Mapped[list[str]] = mapped_column(sa.JSON, comment="kk, ru, en; the first is the default")
    camera_networks: Mapped[list[str] | None] = mapped_column(
        sa.JSON(none_as_null=True), comment="networks (CIDR) that its cameras' addresses must lie in; null: none"
    )
    created_at: Mapped[At]


class Line(Base):
    """A telephone number that answers with a notice."""

    __tablename__ = "line"
    __table_args__ = (sa.UniqueConstraint("centre_id", "code"),)

    id: Mapped[Id]
    centre_id: Mapped[str] = mapped_column(sa.ForeignKey("centre.id"), comment="where it rings")
    code: Mapped[str] = mapped_column(sa.String(32), comment="short name, unique within the centre")
    number: Mapped[str] = mapped_column(sa.String(16), unique=True, comment="E.164 number that callers dial; ours")
    mode: Mapped[str] = mapped_column(sa.String(8), comment="stay, opt_out or opt_in")
    languages: Mapped[list[str]] = mapped_column(sa.JSON, comment="offered in this order; the first is the default")
    forward_to: Mapped[str] = mapped_column(sa.String(16), comment="E.164 number that answers; ours")
    created_at: Mapped[At]

    centre: Mapped[Centre] = relationship(lazy="joined")
