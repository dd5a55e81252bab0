"""Holds that only their mirror tells of: the main database was restored from before they were set, or was changed.

Nothing may go then, and nobody but a person can say whether it is still to be held. So the object is held, by a hold of
its own that says where it was found, until somebody sets the hold anew for its case, or releases it.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound, Refused
from storage.findings import note_finding
from storage.ledger.log import append
from storage.models import Deletion, HeldObject, Hold, StoredObject
from storage.retention.holds import KEPT, Lifted, Why, hold_what_is_left, lift, with_derived
from storage.retention.mirror_rows import note_change

FOUND_BY = "mirror"
REVIEW_AFTER = timedelta(days=30)


def set_found(session: Session, object_id: str, where: str, now: datetime) -> None:
    """Hold an object that `where` says is held, with what is derived from it, and tell a person. Can be repeated.

    A deletion that has begun is taken back: nothing has been destroyed yet (its steps ask first). It is gone on with
    when the hold is released; an object that was to go early is used for nothing until then.
    """
    ids = sorted(with_derived(session, [object_id]))
    rows = session.scalars(
        sa.select(StoredObject).where(StoredObject.id.in_(ids)).order_by(StoredObject.id).with_for_update()
    ).all()
    this = next(row for row in rows if row.id == object_id)
    if this.holds and _found(session, object_id) is not None:
        return
    for row in rows:
        _take_back(session, row, now)
    session.flush()
    note_finding(
        session,
        "hold_not_known",
        object_id,
        f"{where} says that this object is held, and the main database knows of no hold: it may have been restored "
        f"from before the hold was set. Nothing was deleted. `eskertu hold restore {object_id} --case … --reason …` "
        f"holds it anew; `eskertu hold release {object_id} --reason …` says that it may go.",
        now,
    )
    if this.state not in KEPT:
        return
    why = Why(f"found: {where}", "held there, not known here", FOUND_BY, now + REVIEW_AFTER)
    hold_what_is_left(session, ids, why, now)


def restore_found(session: Session, object_id: str, why: Why, now: datetime) -> Hold:
    """Set a found hold anew, for its case.

    Raises:
        NotFound: if no hold was found for this object.
        Refused: if case or reason is missing.
    """
    found = _found(session, object_id)
    if found is None:
        raise NotFound("no hold was found for {object_id!r}; `eskertu hold set` sets one", object_id=object_id)
    ids = session.scalars(sa.select(HeldObject.object_id).where(HeldObject.hold_id == found.id)).all()
    made = hold_what_is_left(session, sorted(ids), why, now)
    lift(session, found.id, f"set anew as {made.id}", now)
    return made


def release_found(session: Session, object_id: str, reason: str, now: datetime) -> Lifted:
    """Say that a found hold does not hold any more.

    Raises:
        NotFound: if no hold was found for this object.
        Refused: if the reason is missing.
    """
    if not reason.strip():
        raise Refused("reason: say why it may be released; it is written into the ledger")
    found = _found(session, object_id)
    if found is not None:
        return lift(session, found.id, reason, now)
    row = session.get(StoredObject, object_id, with_for_update=True)
    if row is None or row.state != "deleting":
        raise NotFound("no hold was found for {object_id!r}; see `eskertu hold list`", object_id=object_id)
    # It was never stored, so it could not be held again: its deletion waits for this.
    note_change(session, [object_id], now)
    append(session, "hold_lifted", object_id, now, {"hold": None, "objects": 1})
    return Lifted((object_id,), (), ())


def _found(session: Session, object_id: str) -> Hold | None:
    return session.scalars(
        sa.select(Hold)
        .join(HeldObject, HeldObject.hold_id == Hold.id)
        .where(HeldObject.object_id == object_id, Hold.owner == FOUND_BY, Hold.lifted_at.is_(None))
        .limit(1)
    ).one_or_none()


def _take_back(session: Session, row: StoredObject, now: datetime) -> None:
    deletion = session.get(Deletion, row.id) if row.state == "deleting" else None
    if deletion is None or row.key is None:
        return
    if deletion.cause != "policy":
        row.restricted_at = row.restricted_at or now
        row.delete_after = min(row.delete_after or now, now)
    session.delete(deletion)
    row.state = "stored"
