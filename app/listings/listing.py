"""What commands and the API list in the same words: a query, and what is told of each of its rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from app.paging import Key, Query, paged
from storage.errors import NotFound

Told = dict[str, Any]
AT_ONCE = 1000


@dataclass(frozen=True)
class Listing:
    """One kind of thing. `query` gives rows of what `told` takes; `within` narrows them to what somebody may know."""

    query: Callable[[], Query]
    told: Callable[..., Told]
    within: Callable[[Query, Viewer], Query]
    order: tuple[Key, ...]
    """What pages go by: columns without nulls, unique together."""


def everything(
    session: Session,
    listing: Listing,
    *order: sa.ColumnElement[Any] | Key,
    where: Sequence[sa.ColumnElement[bool]] = (),
) -> Iterator[Told]:
    """All there is, for whoever runs the installation; or all for which `where` holds."""
    found = session.execute(listing.query().where(*where).order_by(*order).execution_options(yield_per=AT_ONCE))
    return (listing.told(*row) for row in found)


def one_page(
    session: Session,
    listing: Listing,
    viewer: Viewer,
    limit: int,
    cursor: str | None = None,
    *,
    newest_first: bool = False,
) -> Mapping[str, Any]:
    """What somebody may know of, from a cursor on.

    Raises:
        CursorWrong: if the cursor is none of ours.
    """
    query = listing.within(listing.query(), viewer)
    page = paged(session, query, listing.order, limit, cursor, newest_first=newest_first)
    return {"items": [listing.told(*row) for row in page.rows], "next": page.next}


def several(session: Session, listing: Listing, viewer: Viewer, key: Key, values: Sequence[str]) -> list[Told]:
    """Those whose `key` is one of these, in this order; without those that the viewer may not know of."""
    found = session.execute(listing.within(listing.query(), viewer).add_columns(key).where(key.in_(values)))
    told = {row[-1]: listing.told(*row[:-1]) for row in found}
    return [told[each] for each in values if each in told]


def one(session: Session, listing: Listing, viewer: Viewer, which: sa.ColumnElement[bool]) -> Told:
    """The one thing for which `which` holds.

    Raises:
        NotFound: if there is none that the viewer may know of.
    """
    row = session.execute(listing.within(listing.query(), viewer).where(which)).one_or_none()
    if row is None:
        raise NotFound("there is nothing of that name, or you may not know of it")
    return listing.told(*row)


def by_centre(column: Key) -> Callable[[Query, Viewer], Query]:
    """Rows of the viewer's centre; all, for those who belong to none."""

    def within(query: Query, viewer: Viewer) -> Query:
        return query if viewer.centre_id is None else query.where(column == viewer.centre_id)

    return within


def to_all(query: Query, _viewer: Viewer) -> Query:
    """Nothing is hidden from whoever may come in."""
    return query


def utc(moment: datetime | None) -> str | None:
    """UTC in ISO 8601, to the millisecond, or None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
