"""Who may see what of a camera: the day as rows tell it, and its pictures, which the ledger is told of (I9, I11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import MEDIA, Viewer, purpose_for
from app.wiring import Installation
from storage.errors import NotFound
from storage.models import Camera, ObjectPurpose, Person, Preview, StoredObject
from storage.playback import Playable, note_refusal, whole
from storage.retention.policy import usable_for
from storage.watching import Told, Watching
from video.previews import PREVIEWS

NO_SUCH_CAMERA = "there is no such camera, or it is not yours to see"
SEGMENT = "segment"
PURPOSE = "security"
# By columns, in one question, put together once: a player asks it every few seconds.
_SHOWABLE = (
    sa.select(
        StoredObject.id,
        StoredObject.centre_id,
        StoredObject.began_at,
        StoredObject.key,
        StoredObject.version_id,
        StoredObject.content_type,
        StoredObject.bytes,
        StoredObject.cipher_bytes,
        ObjectPurpose.purpose,
        ObjectPurpose.until,
    )
    .join(ObjectPurpose, ObjectPurpose.object_id == StoredObject.id)
    .where(
        StoredObject.id == sa.bindparam("object"),
        StoredObject.kind == SEGMENT,
        StoredObject.source_id == sa.bindparam("camera"),
        StoredObject.state == "stored",
        StoredObject.restricted_at.is_(None),
    )
)


@dataclass(frozen=True)
class Part:
    """Bytes of an object: from `start` up to (not including) `stop`."""

    item: Playable
    start: int
    stop: int


def camera_of(session: Session, viewer: Viewer, camera_id: str) -> Camera:
    """A camera whose days somebody may look at. Raises `NotFound`, whether it is not there or not theirs."""
    camera = session.get(Camera, camera_id)
    if camera is None or not viewer.active or viewer.centre_id not in (None, camera.centre_id):
        raise NotFound(NO_SUCH_CAMERA)
    return camera


def may_watch(viewer: Viewer, camera: Camera) -> bool:
    """Whether somebody may see a camera's pictures, as far as their role and its centre say."""
    return purpose_for(viewer, SEGMENT, camera.centre_id, MEDIA.get((viewer.role, SEGMENT), ())) is not None


def watch(at: Installation, told: Told, who: Person, camera_id: str, object_id: str) -> Playable:
    """A segment of a camera, with the ledger told before any byte leaves. `who` was read in this very request.

    Raises:
        NotFound: if there is none that this person may see. It does not say which of the two it is.
    """
    now = at.clock.now()
    with at.database.read() as session:
        granted = _granted(session, who, camera_id, object_id, now)
        known = granted is not None and told.knows(session, granted[1], now)
    if granted is None or not known:
        with at.database.begin() as session:
            person = session.get_one(Person, who.id)
            granted = _granted(session, person, camera_id, object_id, now)
            if granted is not None:
                granted[1].tell(session, now)
            else:
                _note_stranger(session, person, camera_id, "page", now)
    if granted is None:
        raise NotFound(NO_SUCH_CAMERA)
    return granted[0]


def look(at: Installation, told: Told, who: Person, camera: Camera, spans: Sequence[datetime | date]) -> None:
    """Tell the ledger that somebody who may sees what moved in hours (by their begin) or in a day of a camera."""
    now = at.clock.now()
    seen = [Watching(who.id, camera.id, each, PURPOSE) for each in spans]
    with at.database.read() as session:
        seen = [each for each in seen if not told.knows(session, each, now)]
    if seen:
        with at.database.begin() as session:
            for each in seen:
                each.tell(session, now)


def refused(at: Installation, who: Person, camera_id: str, how: str) -> NotFound:
    """What to raise where somebody asked for what is not theirs to watch, or not there. The ledger is told first."""
    with at.database.begin() as session:
        _note_stranger(session, session.get_one(Person, who.id), camera_id, how, at.clock.now())
    return NotFound(NO_SUCH_CAMERA)


def _note_stranger(session: Session, person: Person, camera_id: str, how: str, now: datetime) -> None:
    """Of who may watch the camera, and asks for what is gone, nothing is told: they were refused nothing."""
    camera = session.get(Camera, camera_id)
    if camera is not None and not may_watch(Viewer(person.role, person.centre_id, person.active), camera):
        # A page of a camera asks for many things.
        note_refusal(session, person_id=person.id, object_id=camera_id, purpose=PURPOSE, how=how, now=now, each=False)


def _granted(
    session: Session, person: Person, camera_id: str, object_id: str, now: datetime
) -> tuple[Playable, Watching] | None:
    rows = session.execute(_SHOWABLE, {"object": object_id, "camera": camera_id}).all()
    if not rows:
        return None
    row = rows[0]
    usable = usable_for(((each.purpose, each.until) for each in rows), now)
    purpose = purpose_for(Viewer(person.role, person.centre_id, person.active), SEGMENT, row.centre_id, usable)
    if purpose is None:
        return None
    hour = row.began_at.replace(minute=0, second=0, microsecond=0)
    return whole(row), Watching(person.id, camera_id, hour, purpose)


def thumbnail(session: Session, segment: Playable) -> Part:
    """A segment's thumbnail. Raises `NotFound` if none was made (yet)."""
    item, row = _preview(session, segment)
    return Part(item, 0, row.thumbnail_bytes)


def strip(session: Session, segment: Playable) -> Part:
    """A segment's strip of pictures. Raises `NotFound` if none was made (yet)."""
    item, row = _preview(session, segment)
    return Part(item, row.thumbnail_bytes, row.thumbnail_bytes + row.strip_bytes)


def _preview(session: Session, segment: Playable) -> tuple[Playable, Preview]:
    kept = PREVIEWS.derived(session, segment.object_id)
    row = session.get(Preview, kept.id) if kept is not None else None
    if kept is None or row is None:
        raise NotFound("there is no picture of it yet")
    return whole(kept), row
