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
from app.search.score import ANY_SCORE, Scores
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


@dataclass(frozen=True)
class FoundReviews:
    """Ids of some, the newest first. `next` says where the next page begins; None: this is the last."""

    ids: Sequence[str]
    next: str | None


def past_reviews(session: Session, viewer: Viewer, before: str | None = None, scores: Scores = ANY_SCORE) -> PastPage:
    """The reviews of the viewer's centres; by score, where one is asked for.

    Raises:
        CursorWrong: if `before` is not of our making.
    """
    found = found_reviews(session, viewer, A_PAGE, before, scores)
    return PastPage(_told(session, found.ids), found.next)


def found_reviews(session: Session, viewer: Viewer, limit: int, cursor: str | None, scores: Scores) -> FoundReviews:
    """Which reviews of the viewer's centres there are, from a cursor on.

    Raises:
        CursorWrong: if the cursor is none of ours.
    """
    if not viewer.active or viewer.role not in REVIEWERS:
        return FoundReviews((), None)
    # What is seen is asked of each review in turn: the databases then walk from the newest on until a page is full. Of
    # a join they could begin at any table, and sort all there is.
    query = sa.select(Review.id).where(_seen_by(viewer), *scores.conditions(Review.score))
    page = paged(session, query, ORDER, limit, cursor, newest_first=True)
    return FoundReviews([each for (each,) in page.rows], page.next)


def _seen_by(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Whether a review is of the viewer's centres, and its recording not restricted."""
    found = (
        sa.select(Recording.id)
        .join(StoredObject, StoredObject.id == Recording.object_id)
        .where(Recording.id == Review.recording_id, StoredObject.restricted_at.is_(None))
    )
    if viewer.centre_id is not None:
        found = found.where(StoredObject.centre_id == viewer.centre_id)
    return found.exists()


def _told(session: Session, ids: Sequence[str]) -> list[Past]:
    found = session.execute(
        sa.select(Review, StoredObject, Line.code, Centre.name, Centre.timezone)
        .join(Recording, Recording.id == Review.recording_id)
        .join(StoredObject, StoredObject.id == Recording.object_id)
        .join(Call, Call.id == Recording.call_id)
        .join(Line, Line.id == Call.line_id)
        .join(Centre, Centre.id == Line.centre_id)
        .where(Review.id.in_(ids))
        .order_by(*(each.desc() for each in ORDER))
    )
    return [
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
        for review, kept, line, centre, zone in found
    ]
