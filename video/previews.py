"""Previews of segments, derived (storage/deriving.py) by the worker, beside the recording and never in its way.

One object a segment holds thumbnail, strip and grids of motion, one behind the other: a camera makes 2,880 segments a
day, and each object more would cost as many rows, keys, leaves and receipts again.
"""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone
from storage.database import Database
from storage.deriving import Deriving, Kind, Made, NothingToBeMade
from storage.intake import Intake
from storage.models import Preview, PreviewTask, Segment, StoredObject
from storage.playback import Playable, Playback
from video.looking import Look, NothingToSee, look
from video.timing import TIMESCALE

PREVIEWS = Kind(
    "preview",
    "segment",
    "application/octet-stream",
    PreviewTask,
    Milestone.PREVIEW_CLAIMED,
    Milestone.PREVIEW_COMMITTED,
    most_attempts=5,
)


def want_preview(session: Session, object_id: str, now: datetime) -> None:
    """In the transaction that stores a segment: have its preview made."""
    PREVIEWS.want(session, object_id, now)


def want_lost_previews(session: Session, now: datetime) -> int:
    """Have previews made anew of segments whose deletion was taken back. Returns how many there were."""
    return PREVIEWS.want_lost(session, now)


def previews(database: Database, clock: Clock, intake: Intake, playback: Playback) -> Deriving:
    """Makes the previews that are wanted."""

    def make(item: Playable, chunks: Iterator[bytes]) -> Made:
        with database.read() as session:
            segment = session.scalars(sa.select(Segment).where(Segment.object_id == item.object_id)).one()
            # From the file's begin on, whatever of it counts by now: so it is right whenever something is cut off.
            cut = segment.began_at - session.get_one(StoredObject, item.object_id).began_at
            begin = segment.media_begin / TIMESCALE - cut.total_seconds()
            end = segment.media_end / TIMESCALE
        try:
            return _made(item.object_id, look(chunks, begin, end - begin))
        except NothingToSee as error:
            raise NothingToBeMade(str(error)) from error

    return Deriving(PREVIEWS, make, database, clock, intake, playback)


def _made(segment_object_id: str, seen: Look) -> Made:
    def settle(session: Session, row: StoredObject) -> None:
        session.add(
            Preview(
                object_id=row.id,
                segment_object_id=segment_object_id,
                thumbnail_bytes=len(seen.thumbnail),
                strip_bytes=len(seen.strip),
                pictures=list(seen.pictures),
                motion=seen.motion,
            )
        )

    return Made(seen.thumbnail + seen.strip + seen.grids, settle)
