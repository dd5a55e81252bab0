"""Which recordings somebody may hear now: the newest first, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import MEDIA, Viewer, purposes_for
from app.paging import paged
from storage.models import Call, Centre, Line, ObjectPurpose, Recording, StoredObject
from storage.retention.policy import usable_for

A_PAGE = 25
KIND = "recording"
ORDER = (StoredObject.began_at, StoredObject.id)


@dataclass(frozen=True)
class Audible:
    """A recording, as the list tells of it."""

    object_id: str
    line: str
    began_at: datetime
    zone: ZoneInfo
    seconds: float | None
    purposes: tuple[str, ...]
    days_left: int
    heard: bool


@dataclass(frozen=True)
class AudiblePage:
    """Some of them. `older` names where the next page begins; None: this is the last."""

    rows: Sequence[Audible]
    older: str | None


def audible_objects(viewer: Viewer, now: datetime) -> sa.Select[str] | None:
    """The ids of the objects that the viewer may hear now, in no order; None: nobody in their role hears any."""
    purposes = MEDIA.get((viewer.role, KIND), ())
    if not viewer.active or not purposes:
        return None
    query = sa.select(StoredObject.id).where(*_is_audible(purposes, now))
    return query if viewer.centre_id is None else query.where(StoredObject.centre_id == viewer.centre_id)


def audible(
    session: Session, viewer: Viewer, now: datetime, before: str | None = None, *, heard: bool | None = None
) -> AudiblePage:
    """What the viewer may hear now.

    Args:
        session: a transaction.
        viewer: who asks.
        now: the moment.
        before: where the page begins, as the one before it says in `older`.
        heard: only those that a reviewer has marked as heard, or only those that nobody has; None: all.

    Raises:
        CursorWrong: if `before` is not of our making.
    """
    purposes = MEDIA.get((viewer.role, KIND), ())
    if not viewer.active or not purposes:
        return AudiblePage((), None)
    query = (
        sa.select(StoredObject, Recording.duration_s, Line.code, Centre.name, Centre.timezone)
        .join(Recording, Recording.object_id == StoredObject.id)
        .join(Call, Call.id == Recording.call_id)
        .join(Line, Line.id == Call.line_id)
        .join(Centre, Centre.id == Line.centre_id)
        .where(*_is_audible(purposes, now))
    )
    if viewer.centre_id is not None:
        query = query.where(StoredObject.centre_id == viewer.centre_id)
    if heard is not None:
        query = query.where(StoredObject.heard_at.is_not(None) if heard else StoredObject.heard_at.is_(None))
    page = paged(session, query, ORDER, A_PAGE, before, newest_first=True)
    return AudiblePage([_told(row, viewer, now) for row in page.rows], page.next)


def _is_audible(purposes: Sequence[str], now: datetime) -> list[sa.ColumnElement[bool]]:
    return [
        # Written out, not as parameters: else SQLite does not see that its indexes of what is stored have all of it.
        StoredObject.state == sa.literal_column("'stored'"),
        StoredObject.kind == sa.literal_column("'recording'"),
        StoredObject.restricted_at.is_(None),
        sa.exists().where(
            ObjectPurpose.object_id == StoredObject.id,
            ObjectPurpose.purpose.in_(purposes),
            ObjectPurpose.until > now,
        ),
    ]


def _told(row: Sequence[Any], viewer: Viewer, now: datetime) -> Audible:
    kept, seconds, line, centre, zone = row
    usable = usable_for(((each.purpose, each.until) for each in kept.purposes), now)
    allowed = purposes_for(viewer, kept.kind, kept.centre_id, usable)
    until = max(each.until for each in kept.purposes if each.purpose in allowed)
    return Audible(
        kept.id,
        f"{centre}, {line}",
        kept.began_at,
        ZoneInfo(zone),
        seconds,
        allowed,
        (until - now).days,
        kept.heard_at is not None,
    )
