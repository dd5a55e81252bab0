"""Everything that the main database says, as plain values, to see that nothing changed or that something is nowhere."""

from typing import Any

import sqlalchemy as sa

from storage.database import Base
from tests.house import House

Rows = dict[str, list[tuple[Any, ...]]]


def all_rows(house: House) -> Rows:
    """Every row of every table, in an order of its own."""
    tables = Base.metadata.sorted_tables
    return house.ask(  # type: ignore[no-any-return]
        lambda session: {
            table.name: sorted((tuple(row) for row in session.execute(sa.select(table))), key=repr) for table in tables
        }
    )


def count(house: House, model: type[Base]) -> int:
    """How many rows of a kind there are."""
    return int(house.ask(lambda session: session.scalar(sa.select(sa.func.count()).select_from(model))))
