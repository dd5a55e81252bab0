"""Which policies are in force, as plain values."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import RetentionPolicy
from storage.retention.policy import Policy


def published_policies(session: Session) -> list[Policy]:
    """The policies in force."""
    rows = session.scalars(sa.select(RetentionPolicy).where(RetentionPolicy.state == "published"))
    return [plain(row) for row in rows]


# On PostgreSQL several transactions write at once: an intake that reckons its dates must not overlap with a policy that
# shortens them and does not see the object yet. (SQLite has one writer.)
POLICY_LOCK = 0x65736B70


def policies_stay(session: Session) -> None:
    """Until this transaction ends, no policy is published. Any number may hold this at once."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(POLICY_LOCK)))


def policies_change(session: Session) -> None:
    """Until this transaction ends, nobody reckons dates."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(POLICY_LOCK)))


def plain(row: RetentionPolicy) -> Policy:
    """A row as the value that decisions take."""
    jurisdictions = None if row.jurisdictions is None else tuple(row.jurisdictions)
    return Policy(row.id, row.purpose, row.centre_id, jurisdictions, row.window, row.published_at)
