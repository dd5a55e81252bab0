"""What a deletion receipt says. Pure, and without personal data: ids are random."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from storage.models import Deletion, Receipt, StoredObject


def retell(session: Session, object_id: str) -> dict[str, Any] | None:
    """What the ledger was told of a deletion, from its receipt as it is now."""
    row = session.get(Receipt, object_id)
    return None if row is None else dict(row.content)


def receipt(
    row: StoredObject,
    deletion: Deletion,
    elsewhere: Sequence[tuple[str, int]],
    remains: Sequence[dict[str, str]],
    now: datetime,
) -> dict[str, Any]:
    """What was deleted, when, by which policy, from where, and what remains until when.

    Args:
        row: the object, still with its purposes.
        deletion: its way out.
        elsewhere: (place, copies) that held copies too and, asked again, have none.
        remains: what those places keep all the same (metadata, say).
        now: the moment of the receipt.
    """
    return {
        "object_id": row.id,
        "kind": row.kind,
        "bytes": row.bytes,
        "cause": deletion.cause,
        "purposes": [
            {"purpose": each.purpose, "until": each.until.isoformat(), "policy": each.policy_id}
            for each in row.purposes
        ],
        "claimed_at": deletion.claimed_at.isoformat(),
        "key_destroyed_at": deletion.key_destroyed_at.isoformat() if deletion.key_destroyed_at else None,
        "deleted_at": now.isoformat(),
        "gone_from": ["store", "keys", *sorted({place for place, _ in elsewhere})],
        "remains": [
            *remains,
            {"what": "sealed bytes that nobody can open", "until": "the store reclaims their space"},
            {"what": "backups of the key database, if the operator makes any", "until": "their own expiry"},
        ],
    }
