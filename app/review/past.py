"""What was said of recordings, the newest first, a page at a time: also of those whose media is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from app.auth.roles import REVIEWERS
from app.paging import paged
from storage.models import Call, Centre, Line, Recording, Review, StoredObject

A_PAGE = 25
ORDER = (Review.submitted_at, Review.id)


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
        CursorWrong: if `before` is not of our making.
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
    )
    if viewer.centre_id is not None:
        query = query.where(StoredObject.centre_id == viewer.centre_id)
    page = paged(session, query, ORDER, A_PAGE, before, newest_first=True)
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
        for review, kept, line, centre, zone in page.rows
    ]
    return PastPage(rows, page.next)
