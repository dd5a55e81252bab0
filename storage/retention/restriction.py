"""Restriction: an object is kept, and used for nothing (Digital Code of Kazakhstan, 2026; GDPR article 18).

It is neither a hold (its date stands) nor a deletion.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from storage.errors import NotFound, Refused
from storage.ledger.log import append
from storage.models import StoredObject


def restrict(session: Session, object_id: str, reason: str, now: datetime) -> None:
    """From now on nobody may use it.

    Raises:
        NotFound: if it is not stored.
        Refused: if it is restricted already, or the reason is missing.
    """
    row = _stored(session, object_id, reason)
    if row.restricted_at is not None:
        raise Refused("object {object_id} is restricted already", object_id=object_id)
    row.restricted_at = now
    append(session, "object_restricted", row.id, now, {"object": row.id, "reason": reason})


def release(session: Session, object_id: str, reason: str, now: datetime) -> None:
    """It may be used again, for the purposes it is still kept for.

    Raises:
        NotFound: if it is not stored.
        Refused: if it is not restricted, or is on its way out, or the reason is missing.
    """
    row = _stored(session, object_id, reason)
    if row.restricted_at is None:
        raise Refused("object {object_id} is not restricted", object_id=object_id)
    if row.delete_after is not None and row.delete_after <= now:
        raise Refused(
            "object {object_id} is only kept because it is held: it must not be used again", object_id=object_id
        )
    row.restricted_at = None
    append(session, "object_released", row.id, now, {"object": row.id, "reason": reason})


def _stored(session: Session, object_id: str, reason: str) -> StoredObject:
    if not reason.strip():
        raise Refused("reason: say why; it is written into the ledger")
    row = session.get(StoredObject, object_id, with_for_update=True)
    if row is None or row.state != "stored":
        raise NotFound("there is no stored object {object_id!r}", object_id=object_id)
    return row
