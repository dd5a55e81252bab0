"""What a card of a camera shows: how it stands, and the newest picture that there is of it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from app.cameras.states import CameraState, states
from app.footage.access import may_watch
from storage.models import Camera, Preview, Segment, StoredObject

# Some twenty minutes: previews are made within seconds, unless the worker stands still.
LOOKED_AT = 50


@dataclass(frozen=True)
class Card:
    """`picture`: the object of the segment that it was taken of; None: there is none, or it is not theirs to see."""

    seen: CameraState
    picture: str | None
    taken_at: datetime | None


def cards(session: Session, viewer: Viewer, now: datetime) -> list[Card]:
    """Of the cameras of somebody's centre; of all, where they belong to none."""
    within = () if viewer.centre_id is None else (Camera.centre_id == viewer.centre_id,)
    return [_card(session, viewer, each) for each in states(session, now, *within)]


def _card(session: Session, viewer: Viewer, seen: CameraState) -> Card:
    if not may_watch(viewer, seen.camera):
        return Card(seen, None, None)
    # Of the last segments alone: a camera that was taken down long ago has none that is stored, and years of others.
    last = (
        sa.select(Segment.object_id, Segment.began_at)
        .where(Segment.camera_id == seen.camera.id)
        .order_by(Segment.began_at.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    newest = (
        sa.select(last.c.object_id, last.c.began_at)
        .join(Preview, Preview.segment_object_id == last.c.object_id)
        .join(StoredObject, StoredObject.id == last.c.object_id)
        .where(StoredObject.state == "stored", StoredObject.restricted_at.is_(None))
        .order_by(last.c.began_at.desc())
        .limit(1)
    )
    found = session.execute(newest).one_or_none()
    return Card(seen, None, None) if found is None else Card(seen, found.object_id, found.began_at)
