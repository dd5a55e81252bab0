"""What reviewers said of recordings, and purges of card data."""

import sqlalchemy as sa

from app.auth.policy import Viewer
from app.listings.listing import Listing, Told, by_centre, utc
from app.paging import Query
from storage.models import Call, CardDataPurge, Recording, Review, ReviewNote, StoredObject


def review_told(row: Review, recording_sid: str, call_sid: str, state: str) -> Told:
    """A scorecard as somebody answered it."""
    return {
        "review": row.id,
        "recording_sid": recording_sid,
        "call_sid": call_sid,
        "number": row.number,
        "scorecard": row.scorecard_id,
        "scorecard_version": row.scorecard.version,
        "answers": row.answers,
        "score": row.score,
        "by": row.person.email,
        "submitted_at": utc(row.submitted_at),
        "media_gone": state != "stored",
    }


def note_told(row: ReviewNote) -> Told:
    """A note about a moment."""
    return {
        "note": row.id,
        "at_s": row.at_ms / 1000,
        "text": row.text,
        "by": row.person.email,
        "written_at": utc(row.written_at),
    }


def _seen(query: Query, viewer: Viewer) -> Query:
    query = query.where(StoredObject.restricted_at.is_(None))
    return query if viewer.centre_id is None else query.where(StoredObject.centre_id == viewer.centre_id)


REVIEWS = Listing(
    lambda: (
        sa.select(Review, Recording.recording_sid, Call.call_sid, StoredObject.state)
        .join(Recording, Recording.id == Review.recording_id)
        .join(Call, Call.id == Recording.call_id)
        .join(StoredObject, StoredObject.id == Recording.object_id)
    ),
    review_told,
    _seen,
    (Review.submitted_at, Review.id),
)


def _purge(row: CardDataPurge) -> Told:
    return {
        "purge": row.id,
        "object_id": row.object_id,
        "state": row.state,
        "spans": [{"from": from_ms / 1000, "to": to_ms / 1000} for from_ms, to_ms in row.spans],
        "hash": row.request_sha256,
        "reason": row.reason,
        "asked_at": utc(row.asked_at),
        "approved_at": utc(row.approved_at),
        "ended_at": utc(row.ended_at),
        "copy_id": row.copy_id if row.state == "done" else None,
        "last_error": row.last_error,
    }


PURGES = Listing(
    lambda: sa.select(CardDataPurge).join(StoredObject, StoredObject.id == CardDataPurge.object_id),
    _purge,
    by_centre(StoredObject.centre_id),
    (CardDataPurge.asked_at, CardDataPurge.id),
)
