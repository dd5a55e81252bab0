"""What was recorded of cameras, and what was not."""

import sqlalchemy as sa
from sqlalchemy.orm import defer

from app.auth.policy import Viewer
from app.listings.listing import Listing, Told, utc
from app.paging import Query
from storage.models import Camera, Gap, Segment, StoredObject


def _name(camera: Camera) -> str:
    return f"{camera.centre.code}/{camera.code}"


def _of_centre(query: Query, viewer: Viewer) -> Query:
    return query if viewer.centre_id is None else query.where(Camera.centre_id == viewer.centre_id)


def _segment(row: Segment, camera: Camera, kept: StoredObject) -> Told:
    return {
        "camera": _name(camera),
        "started_at": utc(row.began_at),
        "ended_at": utc(row.ended_at),
        "packets": row.packets,
        "bytes": kept.bytes,
        "object_id": kept.id,
    }


# Those that are stored: what is being stored lies in a spool, what is deleted has a receipt.
SEGMENTS = Listing(
    lambda: (
        sa.select(Segment, Camera, StoredObject)
        .join(Camera, Camera.id == Segment.camera_id)
        .join(StoredObject, StoredObject.id == Segment.object_id)
        .where(StoredObject.state == "stored")
        .options(defer(Segment.fragments))
    ),
    _segment,
    _of_centre,
    (Segment.began_at, Segment.id),
)


def _gap(row: Gap, camera: Camera) -> Told:
    return {
        "camera": _name(camera),
        "started_at": utc(row.started_at),
        "ended_at": utc(row.ended_at),
        "reason": row.reason,
    }


GAPS = Listing(
    lambda: sa.select(Gap, Camera).join(Camera, Camera.id == Gap.camera_id),
    _gap,
    _of_centre,
    (Gap.started_at, Gap.id),
)
