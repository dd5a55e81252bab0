"""Everything that the main database says, as plain values, to see that nothing changed or that something is nowhere."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from storage.database import Base
from tests.house import House

Rows = dict[str, list[tuple[Any, ...]]]


# A repeated answer begins to play anew: what is waited for is waited for from then on.
WAITING = frozenset({("call_step", "issued_at"), ("call", "notice_started_at")})


def all_rows(house: House, but: Collection[tuple[str, str]] = ()) -> Rows:
    """Every row of every table, in an order of its own; without the columns named in `but`."""
    found: Rows = {}
    with house.at.database.read() as session:
        for table in Base.metadata.sorted_tables:
            columns = [each for each in table.columns if (table.name, each.name) not in but]
            found[table.name] = sorted((tuple(row) for row in session.execute(sa.select(*columns))), key=repr)
    return found


def count(house: House, model: type[Base]) -> int:
    """How many rows of a kind there are."""
    return int(house.ask(lambda session: session.scalar(sa.select(sa.func.count()).select_from(model))))
