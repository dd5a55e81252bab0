"""Which call is to be heard next: the oldest that nobody has heard, of those that one may hear."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.audible import audible_objects
from app.auth.policy import Viewer
from storage.models import StoredObject

COUNTED = 1000


@dataclass(frozen=True)
class Left:
    """How many calls are still to be heard. `more`: at least so many."""

    number: int
    more: bool


def next_unheard(session: Session, viewer: Viewer, now: datetime, but: str | None = None) -> str | None:
    """The object of the recording that is to be heard next, or None: all is heard. `but`: not this one."""
    wanted = audible_objects(viewer, now)
    if wanted is None:
        return None
    query = wanted.where(StoredObject.heard_at.is_(None)).order_by(StoredObject.began_at, StoredObject.id).limit(1)
    return session.scalar(query.where(StoredObject.id != but) if but is not None else query)


def unheard_left(session: Session, viewer: Viewer, now: datetime) -> Left:
    """How many there are, up to COUNTED: nobody waits for the count of a million."""
    wanted = audible_objects(viewer, now)
    if wanted is None:
        return Left(0, False)
    some = wanted.where(StoredObject.heard_at.is_(None)).limit(COUNTED + 1).subquery()
    found = session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    return Left(min(found, COUNTED), found > COUNTED)
