"""What was counted, so that a page need not."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base
from storage.models.columns import At


class StoredCount(Base):
    """How much is stored and when it goes, as it was when somebody counted last: one row.

    Counting reads every stored object's row, seconds in a large installation; the page that shows it is opened often.
    """

    __tablename__ = "stored_count"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1: there is one row")
    counted_at: Mapped[At]
    took_ms: Mapped[int] = mapped_column(comment="how long it took: that decides when it is done again")
    parts: Mapped[list[Any]] = mapped_column(
        sa.JSON, comment="of each centre, by week from then on, and what is held: objects, bytes"
    )
