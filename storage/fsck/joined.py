"""Walks two sorted places side by side, in constant memory, however many things they hold."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from storage.database import Database
from storage.models import StoredObject

AT_ONCE = 1000
FIRST_TWO = itemgetter(0, 1)
L = TypeVar("L")
R = TypeVar("R")


@dataclass(frozen=True)
class Row:
    """What a look needs of an object's row."""

    id: str
    state: str
    attempt: int
    key: str | None
    version_id: str | None
    cipher_bytes: int | None


def rows_in_order(database: Database) -> Iterator[Row]:
    """Every object's row, sorted by the bytes of its id, read in pages so that no transaction stays open."""
    after = ""
    while page := _page(database, StoredObject.id > after):
        yield from page
        after = page[-1].id


def row_now(database: Database, object_id: str) -> Row | None:
    """One object's row as it is now."""
    found = _page(database, StoredObject.id == object_id)
    return found[0] if found else None


def _page(database: Database, condition: sa.ColumnElement[bool]) -> list[Row]:
    wanted = sa.select(
        StoredObject.id,
        StoredObject.state,
        StoredObject.attempt,
        StoredObject.key,
        StoredObject.version_id,
        StoredObject.cipher_bytes,
    )
    with database.read() as session:
        # Ids are lower-case hex: every locale of a database sorts them as stores and Python do.
        return [
            Row(*found) for found in session.execute(wanted.where(condition).order_by(StoredObject.id).limit(AT_ONCE))
        ]


def side_by_side(
    left: Iterable[tuple[str, L]], right: Iterable[tuple[str, R]]
) -> Iterator[tuple[str, L | None, R | None]]:
    """Both, by their names: what stands on one side only comes with None for the other. Each sorted, names unique."""
    sides = heapq.merge(
        ((name, 0, each) for name, each in left), ((name, 1, each) for name, each in right), key=FIRST_TWO
    )
    for name, group in groupby(sides, key=itemgetter(0)):
        found: dict[int, Any] = {side: each for _, side, each in group}
        yield name, found.get(0), found.get(1)
