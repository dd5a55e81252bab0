"""A camera's line in the database: segments and gaps, and never two of one moment, however many recorders there are.

Whoever changes it has locked the camera's row. Of two segments the one of the higher lease stays whole, and the other
is cut where that one is (overlap.py); what is held stays whole whatever its number is. A segment counts more than any
gap. What lies in neither afterwards is a gap, `superseded`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Camera, Gap, RecordingRun, Segment, StoredObject
from storage.models.columns import random_id
from storage.retention.claim import claim
from storage.retention.holds import holds_stay
from video import facts
from video.boxes import Fragment
from video.facts import Reason
from video.overlap import Interval, Kept, free, kept

ENDLESS = datetime.max.replace(tzinfo=UTC)
# Why the object of a segment goes of which nothing counts any more.
CAUSE = "superseded"


def lock_line(session: Session, camera_id: str) -> None:
    """Until this transaction ends, nobody else changes this camera's line, and no hold is set or lifted."""
    holds_stay(session)
    session.execute(sa.select(Camera.id).where(Camera.id == camera_id).with_for_update(key_share=True))


def known_until(session: Session, camera_id: str) -> datetime | None:
    """Up to when it is known what became of a camera; None if nothing is, or a gap lasts."""
    segment = sa.select(Segment.ended_at).where(Segment.camera_id == camera_id)
    gap = sa.select(Gap.ended_at).where(Gap.camera_id == camera_id)
    ends = [
        *session.scalars(segment.order_by(Segment.began_at.desc()).limit(1)),
        *session.scalars(gap.order_by(Gap.started_at.desc()).limit(1)),
    ]
    return max((each for each in ends if each is not None), default=None) if None not in ends else None


def make_room(session: Session, finished: facts.Finished, without: Sequence[Interval], now: datetime) -> Kept | None:
    """What of a segment counts, beside all that is there; what counts less is cut. None: nothing of it does.

    The line is locked, and the segment's row is not there yet. `without`: when it must not have been recorded.
    """
    begun, whole = finished.begun, Kept(finished.fragments, finished.begun.began_at, finished.ended_at)
    camera_id, taken = begun.run.camera_id, list(without)
    beside: list[Segment] = []
    for row, lease, holds in _segments_between(session, camera_id, whole.began_at, whole.ended_at):
        if lease >= begun.run.lease or holds:
            taken.append((row.began_at, row.ended_at))
        else:
            beside.append(row)
    found = kept(whole, taken)
    if found is not None:
        for row in beside:
            _cut(session, row, (found.began_at, found.ended_at), now)
        _clear_gaps(session, camera_id, (found.began_at, found.ended_at), begun.run.lease)
    return found


def fill_holes(session: Session, camera_id: str, within: Interval, lease: int, reason: Reason) -> int:
    """What of an interval is in no segment and no gap becomes one. Returns how many there were."""
    holes = free(within, _taken(session, camera_id, *within))
    session.add_all(_gap(random_id(), camera_id, hole, reason.value, lease) for hole in holes)
    session.flush()
    return len(holes)


def note_gap(session: Session, gap: facts.Gap, lease: int, now: datetime) -> None:
    """Write down a gap, as far as nothing else is known of its time. Can be repeated. The line is locked."""
    row = session.get(Gap, gap.id)
    if gap.ended_at is not None:
        if row is not None and row.ended_at is None:
            session.delete(row)
            session.flush()
        _add(session, gap, free((gap.started_at, gap.ended_at), _between(session, gap)), lease)
        return
    if row is not None and row.ended_at is None:
        return
    # Whoever holds the lease says what lasts: what another one said lasts no longer.
    for other in session.scalars(sa.select(Gap).where(Gap.camera_id == gap.camera_id, Gap.ended_at.is_(None))):
        other.ended_at = max(now, other.started_at)
    session.flush()
    *holes, (since, _) = free((gap.started_at, ENDLESS), _between(session, gap))
    _add(session, gap, holes, lease, lasts=since)


def _add(
    session: Session, gap: facts.Gap, pieces: Sequence[Interval], lease: int, lasts: datetime | None = None
) -> None:
    rows: list[tuple[datetime, datetime | None]] = [*([] if lasts is None else [(lasts, None)]), *pieces]
    known = session.get(Gap, gap.id) is not None
    if not rows and not known and gap.ended_at == gap.started_at:
        rows = [(gap.started_at, gap.ended_at)]  # without length: it says why something was tried
    for number, (begin, end) in enumerate(rows):
        row_id = random_id() if known or number else gap.id
        session.add(_gap(row_id, gap.camera_id, (begin, end), gap.reason.value, lease))
    session.flush()


def _gap(row_id: str, camera_id: str, at: tuple[datetime, datetime | None], reason: str, lease: int) -> Gap:
    begin, end = at
    return Gap(id=row_id, camera_id=camera_id, started_at=begin, ended_at=end, reason=reason, lease=lease)


def _between(session: Session, gap: facts.Gap) -> list[Interval]:
    return _taken(session, gap.camera_id, gap.started_at, gap.ended_at or ENDLESS)


def _taken(session: Session, camera_id: str, begin: datetime, end: datetime) -> list[Interval]:
    """What segments and gaps have between two moments."""
    gaps = sa.select(Gap.started_at, Gap.ended_at).where(
        Gap.camera_id == camera_id, Gap.started_at < end, sa.or_(Gap.ended_at.is_(None), Gap.ended_at > begin)
    )
    segments = sa.select(Segment.began_at, Segment.ended_at).where(*_segments(camera_id, begin, end))
    rows = [*session.execute(gaps), *session.execute(segments)]
    return [(since, until or ENDLESS) for since, until in rows]


def _segments(camera_id: str, begin: datetime, end: datetime) -> list[sa.ColumnElement[bool]]:
    # One of which nothing counts any more has no length.
    return [
        Segment.camera_id == camera_id,
        Segment.began_at < end,
        Segment.ended_at > begin,
        Segment.ended_at > Segment.began_at,
    ]


def _segments_between(
    session: Session, camera_id: str, begin: datetime, end: datetime
) -> list[tuple[Segment, int, int]]:
    found = (
        sa.select(Segment, RecordingRun.lease, StoredObject.holds)
        .join(RecordingRun, RecordingRun.id == Segment.run_id)
        .join(StoredObject, StoredObject.id == Segment.object_id)
        .where(*_segments(camera_id, begin, end))
        .order_by(Segment.began_at)
    )
    return [(row, lease, holds) for row, lease, holds in session.execute(found)]


def _cut(session: Session, row: Segment, taken: Interval, now: datetime) -> None:
    """Cut a segment that counts less. Its object stays as it is, or goes, where nothing of it counts any more."""
    fragments = tuple(Fragment.of(each) for each in row.fragments)
    before = (row.began_at, row.ended_at)
    left = kept(Kept(fragments, *before), [taken])
    if left is None:
        row.ended_at, row.media_end, row.packets, row.fragments = row.began_at, row.media_begin, 0, []
        claim(session, row.object_id, CAUSE, now)
    else:
        row.began_at, row.ended_at, row.packets = left.began_at, left.ended_at, left.packets
        row.media_begin, row.media_end = left.fragments[0].begin, left.fragments[-1].end
        row.fragments = [each.row() for each in left.fragments]
    session.flush()
    lease = session.get_one(RecordingRun, row.run_id).lease
    for begin, end in free(before, [taken]):
        fill_holes(session, row.camera_id, (begin, end), lease, Reason.SUPERSEDED)


def _clear_gaps(session: Session, camera_id: str, taken: Interval, lease: int) -> None:
    """Where a segment is there is no gap, whoever said so."""
    begin, end = taken
    touching = sa.select(Gap).where(
        Gap.camera_id == camera_id, Gap.started_at < end, sa.or_(Gap.ended_at.is_(None), Gap.ended_at > begin)
    )
    for row in session.scalars(touching).all():
        pieces = free((row.started_at, row.ended_at or ENDLESS), [taken])
        if row.ended_at is None and row.lease < lease:
            # What lasted for one recorder ended when another one's stream came.
            pieces = [each for each in pieces if each[1] <= begin]
        if not pieces:
            session.delete(row)
            continue
        *others, (since, until) = pieces
        row.started_at, row.ended_at = since, None if until == ENDLESS else until
        session.add_all(_gap(random_id(), camera_id, each, row.reason, row.lease) for each in others)
    session.flush()
