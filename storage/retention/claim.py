"""The first step of a deletion: the claim. From then on an object is used for nothing, and goes.

It is one UPDATE, which a hold makes impossible whatever was true when the caller looked (I5).
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.models import Deletion, StoredObject
from storage.retention.composed import wholes_of

# So written, SQLite does not search by it: of many ids it takes the index over states, and reads all that is stored.
IS_KEPT = sa.func.coalesce(StoredObject.state, "").in_(("arriving", "stored"))


def claim(session: Session, object_id: str, cause: str, now: datetime, *, only_if_due: bool = False) -> int:
    """Claim one object and all that was derived from it. Returns how many rows became `deleting` (0: it may not go)."""
    return claim_all(session, [object_id], cause, now, only_if_due=only_if_due)


def claim_all(
    session: Session, object_ids: Sequence[str], cause: str, now: datetime, *, only_if_due: bool = False
) -> int:
    """The same for many; those that may not go stay as they are."""
    conditions = [StoredObject.holds == 0]
    if only_if_due:
        conditions += [StoredObject.state == "stored", StoredObject.delete_after <= now]
    won = begin(session, object_ids, cause, now, *conditions)
    return len(won) + claim_all(session, derived_from(session, won), cause, now) if won else 0


def begin(
    session: Session, object_ids: Sequence[str], cause: str, now: datetime, *conditions: sa.ColumnElement[bool]
) -> Sequence[str]:
    """Let deletions begin, of what is there and fits the conditions; returns whose. Not for hands: those `claim`."""
    if not object_ids:
        return []
    won = session.scalars(
        sa.update(StoredObject)
        .where(StoredObject.id.in_(object_ids), IS_KEPT, *conditions)
        .values(state="deleting")
        .returning(StoredObject.id)
    ).all()
    if won:
        rows = [{"object_id": each, "cause": cause, "claimed_at": now, "next_attempt_at": now} for each in won]
        session.execute(sa.insert(Deletion.__table__), rows)  # type: ignore[arg-type]
    return won


def derived_from(session: Session, object_ids: Sequence[str]) -> Sequence[str]:
    """What was made of these objects, and goes with them."""
    of_one = session.scalars(sa.select(StoredObject.id).where(StoredObject.parent_id.in_(object_ids))).all()
    return [*of_one, *wholes_of(session, object_ids)]


def discard(session: Session, object_id: str, cause: str, now: datetime) -> None:
    """Let an object go that should never have been kept. A hold wins: then it goes when the hold is lifted.

    Until then it is used for nothing.
    """
    if claim(session, object_id, cause, now):
        return
    row = session.get(StoredObject, object_id, with_for_update=True)
    if row is None or row.state != "stored" or not row.holds:
        return
    row.restricted_at = row.restricted_at or now
    row.delete_after = min(row.delete_after or now, now)


def purge(session: Session, object_id: str, cause: str, now: datetime) -> None:
    """Claim an object before its date.

    Raises:
        Refused: if it is held, or already on its way out.
    """
    if not claim(session, object_id, cause, now):
        raise Refused("object {object_id} is held, or is already being deleted", object_id=object_id)
