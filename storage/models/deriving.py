"""What is still to be derived from an object: a row each, gone in the transaction that stores what was derived."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment


class DerivingTask(Base):
    """The columns that every table of such tasks has. `object_id`: of what it is derived from."""

    __abstract__ = True

    object_id: Mapped[str]
    derived_id: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="when to try (again); a worker's lease too; null: nothing can be made of it"
    )
    last_error: Mapped[str | None] = mapped_column(sa.Text, comment="why the last try failed, in words")
