"""What is known of a camera's footage between two moments, from rows alone: quick, however much is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.models import Gap, Preview, RecordingRun, Segment, StoredObject
from video.boxes import Fragment
from video.playlist import Playing
from video.timeline import GAP, STATES, Stretch, within


@dataclass(frozen=True)
class Previewed:
    """A segment with a preview, as far as it counts.

    `pictures`: when each of its strip was taken, in milliseconds from `began_at`; what was cut off in front since lies
    before it. `motion`: of each second from then on.
    """

    segment_object_id: str
    began_at: datetime
    ended_at: datetime
    pictures: Sequence[int]
    motion: bytes


def line(session: Session, camera_id: str, begin: datetime, end: datetime, now: datetime) -> list[Stretch]:
    """All that is told of a camera's time between two moments."""
    segments = session.execute(
        sa.select(Segment.began_at, Segment.ended_at, StoredObject.state, StoredObject.holds)
        .join(StoredObject, StoredObject.id == Segment.object_id)
        .where(*_touching(Segment.camera_id, Segment.began_at, camera_id, begin, end), Segment.ended_at > begin)
    )
    found = [Stretch(row.began_at, row.ended_at, STATES[row.state], held=row.holds > 0) for row in segments]
    gaps = session.execute(
        sa.select(Gap.started_at, Gap.ended_at, Gap.reason).where(
            *_touching(Gap.camera_id, Gap.started_at, camera_id, begin, end),
            sa.or_(Gap.ended_at.is_(None), Gap.ended_at > begin),
        )
    )
    for row in gaps:
        until = max(row.started_at, now) if row.ended_at is None else row.ended_at
        found.append(Stretch(row.started_at, until, GAP, row.reason, lasts=row.ended_at is None))
    return within(found, begin, end)


def previewed(session: Session, camera_id: str, begin: datetime, end: datetime) -> list[Previewed]:
    """The segments between two moments of which there is a preview, in order."""
    rows = session.execute(
        sa.select(
            Segment.object_id,
            Segment.began_at,
            Segment.ended_at,
            Preview.pictures,
            Preview.motion,
            StoredObject.began_at.label("file_began_at"),
        )
        .join(Preview, Preview.segment_object_id == Segment.object_id)
        .join(StoredObject, StoredObject.id == Segment.object_id)
        .where(
            *_touching(Segment.camera_id, Segment.began_at, camera_id, begin, end),
            Segment.ended_at > begin,
            StoredObject.state == "stored",
            StoredObject.restricted_at.is_(None),
        )
        .order_by(Segment.began_at)
    )
    return [_from_where_it_counts(*row) for row in rows]


def _from_where_it_counts(
    object_id: str,
    began_at: datetime,
    ended_at: datetime,
    pictures: Sequence[int],
    motion: bytes,
    file_began_at: datetime,
) -> Previewed:
    # Previews know their segment's file, which stays as it is when another recorder's segment takes of its time.
    cut_ms = max(0, round((began_at - file_began_at).total_seconds() * 1000))
    return Previewed(
        object_id, began_at, ended_at, [each - cut_ms for each in pictures], motion[round(cut_ms / 1000) :]
    )


def playable_between(session: Session, camera_id: str, begin: datetime, end: datetime) -> list[Playing]:
    """The stored segments between two moments, in order, as a playlist needs them."""
    rows = session.execute(
        sa.select(
            Segment.object_id,
            Segment.run_id,
            Segment.began_at,
            Segment.ended_at,
            Segment.media_begin,
            Segment.media_end,
            Segment.init_bytes,
            Segment.fragments,
        )
        .join(StoredObject, StoredObject.id == Segment.object_id)
        .where(
            *_touching(Segment.camera_id, Segment.began_at, camera_id, begin, end),
            Segment.ended_at > begin,
            StoredObject.state == "stored",
            StoredObject.restricted_at.is_(None),
        )
        .order_by(Segment.began_at)
    )
    return [
        Playing(
            row.object_id,
            row.run_id,
            row.began_at,
            row.ended_at,
            row.media_begin,
            row.media_end,
            row.init_bytes,
            tuple(Fragment.of(each) for each in row.fragments),
        )
        for row in rows
    ]


def codecs(session: Session, camera_id: str, begin: datetime, end: datetime) -> set[str]:
    """How the camera's pictures were encoded between two moments: h264, hevc."""
    touching = _touching(RecordingRun.camera_id, RecordingRun.began_at, camera_id, begin, end)
    return set(session.scalars(sa.select(RecordingRun.codec).where(*touching)))


def _touching(
    of: InstrumentedAttribute[str],
    at: InstrumentedAttribute[datetime],
    camera_id: str,
    begin: datetime,
    end: datetime,
) -> tuple[sa.ColumnElement[bool], ...]:
    """Rows of a camera from the one that had begun at `begin` on, by the index over camera and begin."""
    same: Any = of.class_
    other = sa.orm.aliased(same)
    last = sa.select(sa.func.max(getattr(other, at.key))).where(
        getattr(other, of.key) == camera_id, getattr(other, at.key) <= begin
    )
    if hasattr(same, "ended_at"):
        # What has no length (a segment of which nothing counts any more, a gap that only says why) lies within others.
        last = last.where(sa.or_(other.ended_at.is_(None), other.ended_at > getattr(other, at.key)))
    before = last.scalar_subquery()
    return of == camera_id, at < end, at >= sa.func.coalesce(before, begin, type_=at.type)
