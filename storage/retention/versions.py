"""A policy version: what the ledger is told of it, and how one takes another's place."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import RetentionPolicy


def facts_of(policy: RetentionPolicy) -> dict[str, Any]:
    """What the ledger is told of a policy: what never changes of it."""
    return {
        "purpose": policy.purpose,
        "window": policy.window,
        "centre": policy.centre_id,
        "jurisdictions": policy.jurisdictions,
        "reason": policy.reason,
    }


def retell(session: Session, policy_id: str) -> dict[str, Any] | None:
    """What the ledger was told of a policy, from its row as it is now."""
    row = session.get(RetentionPolicy, policy_id)
    return None if row is None else facts_of(row)


def supersede(session: Session, new: RetentionPolicy, *states: str) -> None:
    """Let those of the same purpose and scope that are in one of `states` be superseded by a new one."""
    session.execute(
        sa.update(RetentionPolicy)
        .where(
            RetentionPolicy.id != new.id,
            RetentionPolicy.purpose == new.purpose,
            RetentionPolicy.centre_id == new.centre_id if new.centre_id else RetentionPolicy.centre_id.is_(None),
            RetentionPolicy.jurisdictions.is_(None),
            RetentionPolicy.state.in_(states),
        )
        .values(state="superseded")
    )
