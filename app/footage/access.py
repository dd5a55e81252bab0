"""Who may see what of a camera: the day as rows tell it, and its pictures, which the ledger is told of (I9, I11)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.auth.policy import MEDIA, Viewer, purpose_for
from app.wiring import Installation
from storage.errors import NotFound
from storage.models import Camera, Person, Preview, StoredObject
from storage.playback import Playable, Watching, note_refusal, whole
from storage.retention.policy import usable_for
from video.previews import PREVIEWS

NO_SUCH_CAMERA = "there is no such camera, or it is not yours to see"
SEGMENT = "segment"


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


def watch(at: Installation, person_id: str, camera_id: str, object_id: str) -> Playable:
    """A segment of a camera, with the ledger told before any byte leaves.

    Raises:
        NotFound: if there is none that this person may see. It does not say which of the two it is.
    """
    now = at.clock.now()
    with at.database.read() as session:
        granted = _granted(session, person_id, camera_id, object_id, now)
        told = granted is not None and granted[1].is_told(session, now)
    if granted is None or not told:
        with at.database.begin() as session:
            granted = _granted(session, person_id, camera_id, object_id, now)
            if granted is not None:
                granted[1].tell(session, now)
            elif _is_strange(session, person_id, camera_id):
                # A page of a camera asks for many things.
                note_refusal(
                    session,
                    person_id=person_id,
                    object_id=camera_id,
                    purpose="security",
                    how="page",
                    now=now,
                    each=False,
                )
    if granted is None:
        raise NotFound(NO_SUCH_CAMERA)
    return granted[0]


def _is_strange(session: Session, person_id: str, camera_id: str) -> bool:
    """Whether the camera is there, and not theirs to watch: who may, and asks for what is gone, is refused nothing."""
    person, camera = session.get(Person, person_id), session.get(Camera, camera_id)
    if camera is None:
        return False
    return person is None or not may_watch(Viewer(person.role, person.centre_id, person.active), camera)


def _granted(
    session: Session, person_id: str, camera_id: str, object_id: str, now: datetime
) -> tuple[Playable, Watching] | None:
    person, row = session.get(Person, person_id), session.get(StoredObject, object_id)
    if person is None or row is None or (row.kind, row.source_id) != (SEGMENT, camera_id):
        return None
    if row.state != "stored" or row.restricted_at is not None:
        return None
    usable = usable_for(((each.purpose, each.until) for each in row.purposes), now)
    purpose = purpose_for(Viewer(person.role, person.centre_id, person.active), row.kind, row.centre_id, usable)
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
