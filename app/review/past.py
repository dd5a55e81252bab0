"""What was said of recordings, the newest first, a page at a time: also of those whose media is gone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import REVIEWERS, Viewer
from storage.database import Moment
from storage.errors import Refused
from storage.models import Call, Centre, Line, Recording, Review, StoredObject

A_PAGE = 25
PLACE = re.compile(r"\d{8}T\d{12}-[0-9a-f]{32}")


@dataclass(frozen=True)
class Past:
    """A review, as the list tells of it."""

    object_id: str
    submitted_at: datetime
    reviewer: str
    line: str
    began_at: datetime
    zone: ZoneInfo
    score: int | None
    gone: bool


@dataclass(frozen=True)
class PastPage:
    """Some of them. `older` names where the next page begins; None: this is the last."""

    rows: Sequence[Past]
    older: str | None


def past_reviews(session: Session, viewer: Viewer, before: str | None = None) -> PastPage:
    """The reviews of the viewer's centres.

    Raises:
        Refused: if `before` is not of our making.
    """
    if not viewer.active or viewer.role not in REVIEWERS:
        return PastPage((), None)
    query = (
        sa.select(Review, StoredObject, Line.code, Centre.name, Centre.timezone)
        .join(Recording, Recording.id == Review.recording_id)
        .join(StoredObject, StoredObject.id == Recording.object_id)
        .join(Call, Call.id == Recording.call_id)
        .join(Line, Line.id == Call.line_id)
        .join(Centre, Centre.id == Line.centre_id)
        .where(StoredObject.restricted_at.is_(None))
        .order_by(Review.submitted_at.desc(), Review.id.desc())
        .limit(A_PAGE + 1)
    )
    if viewer.centre_id is not None:
        query = query.where(StoredObject.centre_id == viewer.centre_id)
    if before is not None:
        moment, review_id = _read(before)
        here = sa.tuple_(sa.literal(moment, Moment()), sa.literal(review_id))
        query = query.where(sa.tuple_(Review.submitted_at, Review.id) < here)
    found = session.execute(query).all()
    rows = [
        Past(
            kept.id,
            review.submitted_at,
            review.person.email,
            f"{centre}, {line}",
            kept.began_at,
            ZoneInfo(zone),
            review.score,
            kept.state != "stored",
        )
        for review, kept, line, centre, zone in found[:A_PAGE]
    ]
    last: Review | None = found[A_PAGE - 1][0] if len(found) > A_PAGE else None
    return PastPage(rows, None if last is None else f"{last.submitted_at.astimezone(UTC):%Y%m%dT%H%M%S%f}-{last.id}")


def _read(before: str) -> tuple[datetime, str]:
    moment, _, review_id = before.partition("-")
    if not PLACE.fullmatch(before):
        raise Refused("before: give what the page before said")
    try:
        return datetime.strptime(moment, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC), review_id
    except ValueError as error:
        raise Refused("before: give what the page before said") from error
