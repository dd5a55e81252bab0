"""Signs ↔ what they are to prove, as a part of looking at everything (I8).

No confirmation without its sheet, its version, its photo and its leaf; no footage of a moment without a confirmed sign.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.fsck.discrepancy import Discrepancy
from storage.models import (
    Camera,
    Leaf,
    LeafOpening,
    RecordingRun,
    Segment,
    Sign,
    SignPosting,
    SignVersion,
    StoredObject,
    Zone,
)
from video.ahead import ahead
from video.grace import Sheet, Version, over_at
from video.sign_versions import known_versions

# A recorder that is cut off from its database goes on for a minute at most, and clocks are not one.
AROUND = timedelta(minutes=2)
EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
Posted = tuple[SignPosting, Sign | None]
Span = tuple[datetime, datetime]
Stored = tuple[datetime, datetime, datetime | None, datetime, datetime]


class SignsLook:
    """Every confirmation that lasts or lasted, and every camera's footage beside them."""

    name = "signs"

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.seen = 0

    def look(self) -> Iterator[Discrepancy]:
        self.seen = 0
        with self._database.read() as session:
            zones = session.scalars(sa.select(Zone.id).order_by(Zone.id)).all()
            versions = known_versions(session)
            published = _told(session, "sign_published", [each.id for each in versions])
        for zone_id in zones:
            with self._database.read() as session:
                posted = _posted(session, zone_id)
                self.seen += len(posted)
                found = [
                    *_unproven(session, zone_id, posted, {each.id: each for each in versions}, published),
                    *_unsigned(session, zone_id, posted, versions),
                ]
            yield from found


def _posted(session: Session, zone_id: str) -> list[Posted]:
    rows = sa.select(SignPosting, Sign).outerjoin(Sign, Sign.id == SignPosting.sign_id)
    query = rows.where(SignPosting.zone_id == zone_id).order_by(SignPosting.confirmed_at, SignPosting.id)
    return [(posting, sheet) for posting, sheet in session.execute(query).unique()]


def _unproven(
    session: Session, zone_id: str, posted: Sequence[Posted], versions: dict[str, Version], published: Collection[str]
) -> Iterator[Discrepancy]:
    confirmed = _told(session, "sign_posted", [posting.id for posting, _ in posted])
    for posting, sheet in posted:
        if posting.id not in confirmed:
            yield Discrepancy("posting_untold", posting.id, "The ledger was told of no confirmation by that id.")
        if sheet is None or sheet.zone_id != zone_id:
            yield Discrepancy("posting_without_sheet", posting.id, "What it says hangs there is no sheet of its zone.")
        elif sheet.version_id not in published:
            yield Discrepancy(
                "posting_unpublished", posting.id, "The version of its sheet was never published: no leaf tells of it."
            )
        elif versions[sheet.version_id].effective_from > posting.confirmed_at:
            yield Discrepancy(
                "posting_unpublished", posting.id, "It was confirmed before the version of its sheet was in force."
            )
        if posting.ended_at is None and posting.photo_object_id is not None:
            photo = session.get(StoredObject, posting.photo_object_id)
            if photo is None or photo.state != "stored":
                yield Discrepancy(
                    "photo_gone",
                    posting.id,
                    "It lasts, and the photo that proves it is not kept any more: photograph the sign anew.",
                )


def _unsigned(
    session: Session, zone_id: str, posted: Sequence[Posted], versions: Sequence[Version]
) -> Iterator[Discrepancy]:
    spans = _uncovered(session, zone_id, posted, versions)
    for camera_id in session.scalars(sa.select(Camera.id).where(Camera.zone_id == zone_id).order_by(Camera.id)):
        for begin, end in spans:
            found = [each for each in _stored(session, camera_id, begin, end) if not _led_there(each, spans)]
            if found:
                yield Discrepancy(
                    "unsigned_footage",
                    camera_id,
                    f"{len(found)} segments of it are stored, from {found[0].began_at} to {found[-1].ended_at}, when "
                    "no sign was confirmed in its zone under which it may record.",
                )


def _stored(session: Session, camera_id: str, begin: datetime, end: datetime) -> Sequence[sa.Row[*Stored]]:
    """A camera's segments that begin in a span, in order."""
    query = (
        sa.select(
            Segment.began_at,
            Segment.ended_at,
            StoredObject.stored_at,
            RecordingRun.began_at.label("run_began_at"),
            RecordingRun.clock_said,
        )
        .join(StoredObject, StoredObject.id == Segment.object_id)
        .join(RecordingRun, RecordingRun.id == Segment.run_id)
        .where(
            Segment.camera_id == camera_id,
            Segment.began_at >= begin,
            Segment.began_at < end,
            Segment.ended_at > Segment.began_at,
            StoredObject.state == "stored",
        )
        .order_by(Segment.began_at)
    )
    return session.execute(query).all()


def _led_there(row: sa.Row[*Stored], spans: Sequence[Span]) -> bool:
    """Whether a segment lies in one of these spans for a clock alone that is known to have been ahead (untold.py)."""
    lead = ahead(row.ended_at, row.stored_at or row.ended_at, row.run_began_at, row.clock_said)
    return bool(lead) and not any(begin <= row.began_at - lead < end for begin, end in spans)


def _uncovered(session: Session, zone_id: str, posted: Sequence[Posted], versions: Sequence[Version]) -> list[Span]:
    """When no camera of a zone may have recorded: between what was confirmed, cut where a grace ended."""
    rows = sa.select(Sign.id, SignVersion.number, Sign.issued_at).join(SignVersion).where(Sign.zone_id == zone_id)
    sheets = {row.id: Sheet(*row) for row in session.execute(rows)}
    free, since = [], EVER
    for posting, sheet in posted:
        if sheet is None or sheet.id not in sheets:
            continue
        over = over_at(sheets[sheet.id], versions, list(sheets.values()), posting.confirmed_at)
        until = min(each for each in (posting.ended_at, over, NEVER) if each is not None)
        if since is EVER or posting.confirmed_at - AROUND > since + AROUND:
            free.append((since if since is EVER else since + AROUND, posting.confirmed_at - AROUND))
        since = max(since, until)
    if since is EVER:
        return [(EVER, NEVER)]
    return [*free, (since + AROUND, NEVER)] if since < NEVER else free


def _told(session: Session, kind: str, ids: Sequence[str]) -> set[str]:
    """Of which of these rows the ledger was told."""
    rows = sa.select(LeafOpening.subject_id).join(Leaf, Leaf.id == LeafOpening.leaf_id)
    return set(session.scalars(rows.where(LeafOpening.subject_id.in_(ids), Leaf.kind == kind)))
