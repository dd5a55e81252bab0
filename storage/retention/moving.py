"""Which stored objects a policy moves to another date, and moving them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from storage.models import Centre, ObjectPurpose, StoredObject
from storage.retention.policy import Policy, governs, moved_end, windows_begin

AT_ONCE = 500


@dataclass(frozen=True)
class Moved:
    """A stored object whose end for one purpose comes earlier, or later."""

    object_id: str
    centre: str
    """The code of its centre."""
    bytes: int
    counted_from: datetime
    held: bool
    until_before: datetime
    delete_after_before: datetime
    until_after: datetime
    ends: datetime
    """When its last purpose ends, afterwards."""

    @property
    def later(self) -> bool:
        return self.until_after > self.until_before


def moved_by(session: Session, policies: Sequence[Policy], new: Policy, now: datetime) -> list[Moved]:
    """The stored objects whose ends `new` would move, were it published now beside `policies`, by their ids.

    An object that was discarded, and is only kept because something holds it, has a date of its own: it is moved by no
    policy to a later one.
    """
    codes = {
        centre.id: centre.code
        for centre in session.scalars(sa.select(Centre))
        if governs(policies, new, centre.jurisdiction, centre.id)
    }
    beside = orm.aliased(ObjectPurpose)
    other = (
        sa.select(sa.func.max(beside.until))
        .where(beside.object_id == StoredObject.id, beside.purpose != new.purpose)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(
            StoredObject.id,
            StoredObject.centre_id,
            StoredObject.bytes,
            StoredObject.counted_from,
            StoredObject.stored_at,
            StoredObject.holds,
            StoredObject.delete_after,
            ObjectPurpose.until,
            other.label("other"),
        )
        .join(ObjectPurpose, ObjectPurpose.object_id == StoredObject.id)
        .where(
            StoredObject.state == "stored",
            ObjectPurpose.purpose == new.purpose,
            StoredObject.centre_id.in_(codes),
        )
        .order_by(StoredObject.id)
    )
    moved = []
    for row in rows:
        until = moved_end(new, windows_begin(row.counted_from, row.stored_at), row.until, now)
        if until is None or (until > row.until and row.delete_after < max(row.until, row.other or row.until)):
            continue
        moved.append(
            Moved(
                row.id,
                codes[row.centre_id],
                row.bytes or 0,
                row.counted_from,
                row.holds > 0,
                row.until,
                row.delete_after,
                until,
                max(until, row.other or until),
            )
        )
    return moved


def stored_in_turn(session: Session, object_ids: Iterable[str]) -> Iterator[StoredObject]:
    """Those of the objects that are stored, locked, by their ids and not all in memory at once."""
    wanted = sorted(object_ids)
    for first in range(0, len(wanted), AT_ONCE):
        yield from session.scalars(
            sa.select(StoredObject)
            .where(StoredObject.id.in_(wanted[first : first + AT_ONCE]), StoredObject.state == "stored")
            .order_by(StoredObject.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        session.flush()


def is_discarded(row: StoredObject) -> bool:
    """Whether it should never have been kept, and waits for its holds to be lifted: its date is before its ends."""
    return row.delete_after is not None and row.delete_after < max(each.until for each in row.purposes)


def move(row: StoredObject, purpose: str, until: datetime, policy_id: str) -> None:
    """Give an object another end for a purpose, and the date that follows from it."""
    discarded = is_discarded(row)
    for each in row.purposes:
        if each.purpose == purpose:
            each.until = until
            each.policy_id = policy_id
    last = max(each.until for each in row.purposes)
    row.delete_after = min(row.delete_after, last) if discarded and row.delete_after is not None else last
