"""Long lists a page at a time, by keyset: where a page ends is where the next one begins, however long the list is.

A cursor is what the last row is sorted by, as text: opaque to whoever carries it, and checked when it comes back.
"""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.database import Moment
from storage.errors import NotFound

LONGEST = 800
KEY_TEXT = re.compile(r"[^\x00-\x1f\x7f]{1,254}")
LARGEST = 2**62


class CursorWrong(NotFound):
    """A cursor that is none of ours: it names no place in the list."""


Key = InstrumentedAttribute[Any]
Query = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Paged:
    """Some rows, and where the next page begins; None: this is the last."""

    rows: Sequence[tuple[Any, ...]]
    next: str | None


def paged(
    session: Session,
    query: Query,
    order: Sequence[Key],
    limit: int,
    cursor: str | None = None,
    *,
    newest_first: bool = False,
) -> Paged:
    """The rows of a query from a cursor on.

    Args:
        session: a transaction.
        query: without order and limit.
        order: columns without nulls, whose values together are unique.
        limit: how many rows at most.
        cursor: as the page before said in `next`; None begins.
        newest_first: all of `order` descends.

    Raises:
        CursorWrong: if the cursor is none of ours.
    """
    if cursor is not None:
        query = query.where(beyond(order, read_cursor(cursor, order), newest_first=newest_first))
    sorted_by = [each.desc() if newest_first else each.asc() for each in order]
    found = session.execute(query.add_columns(*order).order_by(*sorted_by).limit(limit + 1)).all()
    rows = [tuple(row) for row in found[:limit]]
    further = written(rows[-1][-len(order) :]) if len(found) > limit else None
    return Paged([row[: -len(order)] for row in rows], further)


def beyond(order: Sequence[Key], values: Sequence[Any], *, newest_first: bool) -> sa.ColumnElement[bool]:
    """Whether a row comes after one with these values."""
    column, *others = order
    value = sa.literal(values[0], column.type)
    further = column < value if newest_first else column > value
    if not others:
        return further
    # The first comparison alone tells the databases where in the index to begin.
    reaches = column <= value if newest_first else column >= value
    return sa.and_(reaches, sa.or_(further, beyond(others, values[1:], newest_first=newest_first)))


def written(values: Sequence[Any]) -> str:
    """A cursor."""
    plain = [each.astimezone(UTC).isoformat() if isinstance(each, datetime) else each for each in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(text: str, order: Sequence[Key]) -> list[Any]:
    """What a cursor says.

    Raises:
        CursorWrong: if it is none of ours.
    """
    try:
        return _read(text, order)
    except (ValueError, OverflowError, RecursionError, binascii.Error) as error:
        raise CursorWrong("cursor: give what the page before said in `next`") from error


def _read(text: str, order: Sequence[Key]) -> list[Any]:
    if len(text) > LONGEST or not re.fullmatch(r"[\w-]+", text, re.ASCII):
        raise ValueError(text)
    plain = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    if not isinstance(plain, list) or len(plain) != len(order):
        raise ValueError(text)
    return [_value(each, column.type) for each, column in zip(plain, order, strict=True)]


def _value(plain: object, kind: sa.types.TypeEngine[Any]) -> object:
    if isinstance(kind, Moment) and isinstance(plain, str):
        moment = datetime.fromisoformat(plain)
        if moment.tzinfo is None:
            raise ValueError(plain)
        return moment.astimezone(UTC)
    if isinstance(kind, sa.Integer) and type(plain) is int and abs(plain) < LARGEST:
        return plain
    if isinstance(kind, sa.String) and isinstance(plain, str) and KEY_TEXT.fullmatch(plain):
        return plain
    raise ValueError(plain)
