"""The people who work with Eskertu (never the people who are recorded)."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.database import Base
from storage.models.centre import Centre
from storage.models.columns import At, Id


class Person(Base):
    """Somebody with one role, at one centre or at all."""

    __tablename__ = "person"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(sa.String(254), unique=True, comment="how they are named in commands")
    role: Mapped[str] = mapped_column(sa.String(20), comment="one of the five roles")
    centre_id: Mapped[str | None] = mapped_column(sa.ForeignKey("centre.id"), comment="null: every centre")
    active: Mapped[bool] = mapped_column(default=True, comment="false: may do nothing")
    created_at: Mapped[At]
    password_hash: Mapped[str | None] = mapped_column(
        sa.String(200), comment="argon2id, with its parameters and salt; null: cannot sign in"
    )

    centre: Mapped[Centre | None] = relationship(lazy="joined")
