"""Which policies are in force, as plain values."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import RetentionPolicy
from storage.retention.policy import Policy


def published_policies(session: Session) -> list[Policy]:
    """The policies in force."""
    rows = session.scalars(sa.select(RetentionPolicy).where(RetentionPolicy.state == "published"))
    return [plain(row) for row in rows]


def plain(row: RetentionPolicy) -> Policy:
    """A row as the value that decisions take."""
    jurisdictions = None if row.jurisdictions is None else tuple(row.jurisdictions)
    return Policy(row.id, row.purpose, row.centre_id, jurisdictions, row.window, row.published_at)
