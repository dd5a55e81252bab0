"""What a card of a camera shows: how it stands, and the newest picture that there is of it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from app.cameras.states import CameraState, states
from app.footage.access import may_watch
from storage.models import Camera, Preview, Segment, StoredObject


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
    newest = (
        sa.select(Segment.object_id, Segment.began_at)
        .join(Preview, Preview.segment_object_id == Segment.object_id)
        .join(StoredObject, StoredObject.id == Segment.object_id)
        .where(
            Segment.camera_id == seen.camera.id, StoredObject.state == "stored", StoredObject.restricted_at.is_(None)
        )
        .order_by(Segment.began_at.desc())
        .limit(1)
    )
    found = session.execute(newest).one_or_none()
    return Card(seen, None, None) if found is None else Card(seen, found.object_id, found.began_at)
