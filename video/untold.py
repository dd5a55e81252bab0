"""What was recorded while nobody was told is not kept (I8): as a recorder does that was cut off from its database.

It goes on as it was told last. What it could not know then, stands in the database by the time its footage comes: that
somebody took the sign down, or that another version came into force. So each segment is held against that.

Where a segment's times are known to be ahead (ahead.py), it is held against what held when it was recorded: a recorder
whose clock was an hour ahead stopped when the sign was gone, and its last hour is lawful (I7).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from storage.findings import note_finding
from storage.models import Sign, SignPosting, SignVersion
from video.facts import Finished
from video.grace import Sheet, over_at
from video.overlap import Interval, Kept
from video.sign_versions import known_versions

log = structlog.get_logger()

ENDLESS = datetime.max.replace(tzinfo=UTC)
# Who can ask its database stops within that; more is put before a person's eyes.
STOPS_WITHIN = timedelta(seconds=10)
NOTHING = timedelta(0)


def untold(session: Session, zone_id: str, within: Interval, lead: timedelta = NOTHING) -> list[Interval]:
    """When a sign no longer hung in a zone, or might hang no longer, as far as that touches a time; by all known now.

    Before the first confirmation no recorder begins (assignment.py): that is not asked here.

    Args:
        session: a transaction.
        zone_id: which zone.
        within: from when to when, by times that are ahead of what was.
        lead: by how much; what is returned is ahead, too. Not believed if it leads to before the first confirmation.
    """
    begin, end = within[0] - lead, within[1] - lead
    postings = session.execute(
        sa.select(
            SignPosting.confirmed_at, SignPosting.ended_at, SignPosting.sign_id, SignVersion.number, Sign.issued_at
        )
        .join(Sign, Sign.id == SignPosting.sign_id)
        .join(SignVersion, SignVersion.id == Sign.version_id)
        .where(SignPosting.zone_id == zone_id, SignPosting.confirmed_at < within[1])
    ).all()
    # Of two that were confirmed in one moment the first ended in it.
    postings = sorted(postings, key=lambda each: (each.confirmed_at, each.ended_at or ENDLESS))
    if not postings:
        return []
    if lead and begin < postings[0].confirmed_at:
        return untold(session, zone_id, within)
    versions = known_versions(session)
    issued = sa.select(Sign.id, SignVersion.number, Sign.issued_at).join(SignVersion, SignVersion.id == Sign.version_id)
    sheets = [Sheet(*row) for row in session.execute(issued.where(Sign.zone_id == zone_id))]
    found: list[Interval] = []
    following = [row[0] for row in postings[1:]] + [ENDLESS]
    for (confirmed_at, ended_at, sign_id, number, issued_at), again in zip(postings, following, strict=True):
        over = over_at(Sheet(sign_id, number, issued_at), versions, sheets, confirmed_at) or ENDLESS
        since = min(over, ended_at or ENDLESS)
        if max(since, begin) < min(again, end):
            found.append((since + lead, again if again == ENDLESS else again + lead))
    return found


def tell(session: Session, finished: Finished, left: Kept | None, without: Sequence[Interval], now: datetime) -> None:
    """Say what of a segment is not stored for that."""
    begun = finished.begun
    packets = finished.packets - (0 if left is None else left.packets)
    log.warning("recorded_without_sign", camera=begun.run.camera_id, segment=begun.id, packets=packets)
    if finished.ended_at - without[0][0] > STOPS_WITHIN:
        told = f"what was recorded up to {finished.ended_at} while no sign hung in its zone is not stored"
        note_finding(session, "recorded_without_sign", begun.run.camera_id, told, now)
