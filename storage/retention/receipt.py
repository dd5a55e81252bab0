"""What a deletion receipt says. Pure, and without personal data: ids are random."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from storage.models import Receipt


def retell(session: Session, object_id: str) -> dict[str, Any] | None:
    """What the ledger was told of a deletion, from its receipt as it is now."""
    row = session.get(Receipt, object_id)
    return None if row is None else dict(row.content)


@dataclass(frozen=True)
class Ended:
    """An object at its end, as its rows have it."""

    object_id: str
    kind: str
    bytes: int | None
    purposes: Sequence[tuple[str, datetime, str]]
    cause: str
    claimed_at: datetime
    key_destroyed_at: datetime | None


def receipt(
    ended: Ended,
    elsewhere: Sequence[tuple[str, int]],
    remains: Sequence[dict[str, str]],
    now: datetime,
) -> dict[str, Any]:
    """What was deleted, when, by which policy, from where, and what remains until when.

    Args:
        ended: the object, with its purposes (purpose, until, policy), and its way out.
        elsewhere: (place, copies) that held copies too and, asked again, have none.
        remains: what those places keep all the same (metadata, say).
        now: the moment of the receipt.
    """
    return {
        "object_id": ended.object_id,
        "kind": ended.kind,
        "bytes": ended.bytes,
        "cause": ended.cause,
        "purposes": [
            {"purpose": purpose, "until": until.isoformat(), "policy": policy_id}
            for purpose, until, policy_id in ended.purposes
        ],
        "claimed_at": ended.claimed_at.isoformat(),
        "key_destroyed_at": ended.key_destroyed_at.isoformat() if ended.key_destroyed_at else None,
        "deleted_at": now.isoformat(),
        "gone_from": ["store", "keys", *sorted({place for place, _ in elsewhere})],
        "remains": [
            *remains,
            {"what": "sealed bytes that nobody can open", "until": "the store reclaims their space"},
            {"what": "backups of the key database, if the operator makes any", "until": "their own expiry"},
        ],
    }
