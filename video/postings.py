"""Who confirmed that a sign hangs in its zone, and who said that it is gone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.ledger.log import append
from storage.models import Sign, SignPosting, StoredObject, Zone
from storage.models.columns import random_id


def lasting(session: Session, zone_id: str) -> SignPosting | None:
    """The confirmation that lasts, or None."""
    return session.scalars(
        sa.select(SignPosting).where(SignPosting.zone_id == zone_id, SignPosting.ended_at.is_(None))
    ).one_or_none()


def postings_of(session: Session, zone_id: str) -> Sequence[SignPosting]:
    """All of them, the last one first."""
    return session.scalars(
        sa.select(SignPosting)
        .where(SignPosting.zone_id == zone_id)
        .order_by(SignPosting.confirmed_at.desc(), SignPosting.id)
    ).all()


def post(session: Session, sheet: Sign, *, by: str, photo_object_id: str | None, now: datetime) -> SignPosting:
    """Write down that a sheet hangs in its zone. What was confirmed before ends.

    Args:
        session: the transaction; the zone's row is locked until it ends.
        sheet: what hangs; whether it is what must hang was asked before.
        by: id of who confirms it, or `operator`.
        photo_object_id: the photo that shows it.
        now: the present.
    """
    session.get_one(Zone, sheet.zone_id, with_for_update={"of": Zone})
    before = lasting(session, sheet.zone_id)
    if before is not None:
        now = max(now, before.confirmed_at)
        before.ended_at = now
        session.flush()
    row = SignPosting(
        id=random_id(),
        zone_id=sheet.zone_id,
        sign_id=sheet.id,
        photo_object_id=photo_object_id,
        confirmed_at=now,
        confirmed_by=by,
    )
    session.add(row)
    session.flush()
    append(session, "sign_posted", row.id, now, _posted(session, row, sheet))
    return row


def withdraw(session: Session, zone: Zone, *, by: str, reason: str, now: datetime) -> SignPosting:
    """Write down that the sign is gone: its zone's cameras stop.

    Raises:
        Refused: if none hangs there, or the reason is missing.
    """
    if not reason.strip():
        raise Refused("reason: say why it is withdrawn; it is written into the ledger")
    session.get_one(Zone, zone.id, with_for_update={"of": Zone})
    row = lasting(session, zone.id)
    if row is None:
        raise Refused("nobody confirmed a sign in {zone}, so none can be withdrawn", zone=zone.code)
    row.ended_at, row.withdrawn_by, row.withdrawn_reason = max(now, row.confirmed_at), by, reason
    session.flush()
    append(session, "posting_withdrawn", row.id, now, _withdrawn(row))
    return row


def _posted(session: Session, row: SignPosting, sheet: Sign) -> dict[str, Any]:
    photo = None if row.photo_object_id is None else session.get(StoredObject, row.photo_object_id)
    return {
        "zone": row.zone_id,
        "sign": sheet.id,
        "content_sha256": sheet.content_sha256,
        "photo": row.photo_object_id,
        "photo_sha256": None if photo is None else photo.sha256,
        "by": row.confirmed_by,
    }


def _withdrawn(row: SignPosting) -> dict[str, Any]:
    return {"zone": row.zone_id, "by": row.withdrawn_by, "reason": row.withdrawn_reason}


def retell_posted(session: Session, posting_id: str) -> dict[str, Any] | None:
    """What the ledger was told when a sign was confirmed, from the rows as they are now."""
    row = session.get(SignPosting, posting_id)
    return None if row is None else _posted(session, row, row.sign)


def retell_withdrawn(session: Session, posting_id: str) -> dict[str, Any] | None:
    """What the ledger was told when a sign was said to be gone."""
    row = session.get(SignPosting, posting_id)
    return None if row is None or row.withdrawn_reason is None else _withdrawn(row)
