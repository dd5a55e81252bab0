"""Which recordings somebody may hear now: the newest first, a page at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import MEDIA, Viewer, purposes_for
from storage.database import Moment
from storage.errors import Refused
from storage.models import Call, Centre, Line, ObjectPurpose, Recording, StoredObject
from storage.retention.policy import usable_for

A_PAGE = 25
KIND = "recording"
PLACE = re.compile(r"\d{8}T\d{12}-[0-9a-f]{32}")


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


@dataclass(frozen=True)
class AudiblePage:
    """Some of them. `older` names where the next page begins; None: this is the last."""

    rows: Sequence[Audible]
    older: str | None


def audible(session: Session, viewer: Viewer, now: datetime, before: str | None = None) -> AudiblePage:
    """What the viewer may hear now.

    Args:
        session: a transaction.
        viewer: who asks.
        now: the moment.
        before: where the page begins, as the one before it says in `older`.

    Raises:
        Refused: if `before` is not of our making.
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
        .where(StoredObject.state == "stored", StoredObject.kind == KIND, StoredObject.restricted_at.is_(None))
        .where(
            sa.exists().where(
                ObjectPurpose.object_id == StoredObject.id,
                ObjectPurpose.purpose.in_(purposes),
                ObjectPurpose.until > now,
            )
        )
        .order_by(StoredObject.began_at.desc(), StoredObject.id.desc())
        .limit(A_PAGE + 1)
    )
    if viewer.centre_id is not None:
        query = query.where(StoredObject.centre_id == viewer.centre_id)
    if before is not None:
        moment, object_id = _read(before)
        here = sa.tuple_(sa.literal(moment, Moment()), sa.literal(object_id))
        query = query.where(sa.tuple_(StoredObject.began_at, StoredObject.id) < here)
    found = session.execute(query).all()
    rows = [_told(row, viewer, now) for row in found[:A_PAGE]]
    last = found[A_PAGE - 1][0] if len(found) > A_PAGE else None
    return AudiblePage(rows, None if last is None else f"{last.began_at.astimezone(UTC):%Y%m%dT%H%M%S%f}-{last.id}")


def _told(row: sa.Row[StoredObject, float | None, str, str, str], viewer: Viewer, now: datetime) -> Audible:
    kept, seconds, line, centre, zone = row
    usable = usable_for(((each.purpose, each.until) for each in kept.purposes), now)
    allowed = purposes_for(viewer, kept.kind, kept.centre_id, usable)
    until = max(each.until for each in kept.purposes if each.purpose in allowed)
    return Audible(kept.id, f"{centre}, {line}", kept.began_at, ZoneInfo(zone), seconds, allowed, (until - now).days)


def _read(before: str) -> tuple[datetime, str]:
    moment, _, object_id = before.partition("-")
    if not PLACE.fullmatch(before):
        raise Refused("before: give what the page before said")
    try:
        return datetime.strptime(moment, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC), object_id
    except ValueError as error:
        raise Refused("before: give what the page before said") from error
