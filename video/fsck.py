"""A camera's line ↔ itself, as a part of looking at everything: no hole, no overlap, and somebody goes on with it."""

import heapq
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.fsck.discrepancy import Discrepancy, Look
from storage.models import Camera, Gap, Segment, StoredObject
from video.boxes import Fragment
from video.sign_fsck import SignsLook

# What was recorded lies in the spool for that long at most, unless store or database are away.
ON_ITS_WAY = timedelta(hours=1)
AT_ONCE = 1000


class LineLook:
    """Every second of a camera is in one segment or in one gap (I7), and each segment is what its row tells."""

    name = "cameras"

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.seen = 0

    def look(self) -> Iterator[Discrepancy]:
        self.seen = 0
        with self._database.read() as session:
            cameras = session.execute(sa.select(Camera.id, Camera.created_at).order_by(Camera.id)).all()
        for camera_id, since in cameras:
            with self._database.read() as session:
                found = [*self._line(session, camera_id, since), *self._segments(session, camera_id)]
            yield from found

    def _line(self, session: Session, camera_id: str, since: datetime) -> Iterator[Discrepancy]:
        until: datetime | None = None
        # Closed, since a line that lasts is not read to its end: on PostgreSQL these are cursors of the server.
        with closing(_segment_times(session, camera_id)) as segments, closing(_gap_times(session, camera_id)) as gaps:
            for begin, end, name in heapq.merge(segments, gaps, key=lambda thing: thing[0]):
                self.seen += 1
                if until is not None and begin > until:
                    yield Discrepancy(
                        "line_hole", camera_id, f"From {until} to {begin} there is neither a segment nor a gap."
                    )
                elif until is not None and begin < until:
                    yield Discrepancy(
                        "line_overlap", name, f"It begins at {begin}, before what comes before it ends, at {until}."
                    )
                if end is None:
                    return
                until = end if until is None else max(until, end)
        if (until or since) < self._clock.now() - ON_ITS_WAY:
            yield Discrepancy(
                "camera_unwatched",
                camera_id,
                f"What became of it since {until or since} is not known: does a recorder run, and reach store and "
                "database?",
            )

    def _segments(self, session: Session, camera_id: str) -> Iterator[Discrepancy]:
        rows = sa.select(Segment, StoredObject.bytes).join(StoredObject, StoredObject.id == Segment.object_id)
        query = rows.where(Segment.camera_id == camera_id, StoredObject.state == "stored")
        for row, size in session.execute(query.execution_options(yield_per=AT_ONCE)):
            if (why := _not_whole(row, size)) is not None:
                yield Discrepancy("segment_untrue", row.id, why)


def camera_looks(database: Database, clock: Clock) -> Sequence[Look]:
    """What is looked at of cameras: their lines, and the signs under which they record."""
    return (LineLook(database, clock), SignsLook(database, clock))


def _not_whole(row: Segment, size: int | None) -> str | None:
    fragments = [Fragment.of(each) for each in row.fragments]
    if not fragments:
        return "It is stored, and its row knows of no fragment."
    if (fragments[0].begin, fragments[-1].end) != (row.media_begin, row.media_end):
        return "Its fragments begin or end elsewhere in its run than its row says."
    if sum(each.packets for each in fragments) != row.packets:
        return "Its fragments have another number of packets than its row says."
    if fragments[-1].offset + fragments[-1].size > (size or 0):
        return "Its fragments end behind the end of its object."
    return None


def _segment_times(session: Session, camera_id: str) -> sa.Result[datetime, datetime | None, str]:
    # One of which nothing counts any more has no length.
    times = sa.select(Segment.began_at, Segment.ended_at, Segment.id).where(
        Segment.camera_id == camera_id, Segment.ended_at > Segment.began_at
    )
    return session.execute(times.order_by(Segment.began_at).execution_options(yield_per=AT_ONCE))


def _gap_times(session: Session, camera_id: str) -> sa.Result[datetime, datetime | None, str]:
    times = sa.select(Gap.started_at, Gap.ended_at, Gap.id).where(Gap.camera_id == camera_id)
    return session.execute(times.order_by(Gap.started_at).execution_options(yield_per=AT_ONCE))
