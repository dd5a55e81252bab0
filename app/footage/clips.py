"""Clips as managers meet them: asking for one, how far it has come, taking it away."""

from collections.abc import Sequence
from datetime import UTC

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from app.footage.access import camera_of, may_watch, refused
from app.viewing import Granted, grant
from app.wiring import Installation
from storage.errors import NotFound
from storage.models import Camera, Clip, ObjectPart, Person, StoredObject

NO_SUCH_CLIP = "there is no such clip, or it is not yours to see"
SHOWN = 10


def clip_of(session: Session, viewer: Viewer, clip_id: str) -> Clip:
    """A clip that somebody may have. Raises `NotFound`, whether it is not there or not theirs."""
    clip = session.get(Clip, clip_id)
    if clip is None:
        raise NotFound(NO_SUCH_CLIP)
    if not may_watch(viewer, camera_of(session, viewer, clip.camera_id)):
        raise NotFound(NO_SUCH_CLIP)
    return clip


def clips_of(session: Session, camera: Camera) -> Sequence[Clip]:
    """The last ones that were asked for of a camera."""
    last = sa.select(Clip).where(Clip.camera_id == camera.id).order_by(Clip.asked_at.desc(), Clip.id)
    return session.scalars(last.limit(SHOWN)).all()


def given(at: Installation, who: Person, viewer: Viewer, clip_id: str, how: str) -> tuple[Clip, Granted]:
    """A clip's file for somebody, with the ledger told before any byte leaves.

    Raises:
        NotFound: if it is not there, not made (yet), not theirs, or one of its segments is restricted.
    """
    with at.database.read() as session:
        asked = session.get(Clip, clip_id)
        theirs = asked is not None and may_watch(viewer, asked.camera)
    if asked is not None and not theirs:
        raise refused(at, who, asked.camera_id, how)
    with at.database.read() as session:
        clip = clip_of(session, viewer, clip_id)
        restricted = (
            sa.select(ObjectPart.part_id)
            .join(StoredObject, StoredObject.id == ObjectPart.part_id)
            .where(ObjectPart.whole_id == clip.object_id, StoredObject.restricted_at.is_not(None))
        )
        if clip.state != "made" or clip.object_id is None or session.scalars(restricted).first() is not None:
            raise NotFound(NO_SUCH_CLIP)
    # What was converted is watched, not taken away.
    return clip, grant(at, who.id, clip.object_id, "page" if clip.converted and how == "download" else how)


def name_of(clip: Clip) -> str:
    """What its file is called, without an ending: camera and begin, which say nothing of a person."""
    return f"{clip.camera.centre.code}-{clip.camera.code}-{clip.from_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
