"""Rows about reviews: which questions are asked, and the end of what was said. Asking and answering is app/review/."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Call, LeafOpening, Recording, Review, ReviewNote, Scorecard
from storage.models.columns import random_id


def publish_questions(session: Session, questions: Sequence[dict[str, Any]], now: datetime) -> None:
    """Ask these from now on: a new version, unless they are what is asked already."""
    written = json.dumps(questions, sort_keys=True, ensure_ascii=False).encode()
    sha256 = hashlib.sha256(written).hexdigest()
    newest = session.scalars(sa.select(Scorecard).order_by(Scorecard.version.desc()).limit(1)).first()
    if newest is not None and newest.sha256 == sha256:
        return
    version = 1 if newest is None else newest.version + 1
    session.add(Scorecard(id=random_id(), version=version, questions=list(questions), sha256=sha256, published_at=now))


def told_of(review: Review) -> dict[str, Any]:
    """What the ledger is told of a review: ids and the version of the questions, no answer and no word."""
    return {
        "review": review.id,
        "recording": review.recording_id,
        "number": review.number,
        "person": review.person_id,
        "scorecard": review.scorecard_id,
    }


def retell(session: Session, review_id: str) -> dict[str, Any] | None:
    """What the ledger was told of a review, from its row as it is now."""
    row = session.get(Review, review_id)
    return None if row is None else told_of(row)


def forget_reviews(session: Session, recordings: sa.ColumnElement[bool]) -> None:
    """Delete what was said of the recordings that fit the condition, and what leaves about it commit to.

    Their calls are locked by the caller, or go in the same transaction.
    """
    theirs = sa.select(Recording.id).where(recordings)
    reviews = sa.select(Review.id).where(Review.recording_id.in_(theirs))
    session.execute(sa.delete(LeafOpening).where(LeafOpening.subject_id.in_(reviews)))
    for table in (Review, ReviewNote):
        session.execute(
            sa.delete(table).where(table.recording_id.in_(theirs)).execution_options(synchronize_session=False)
        )
    calls = sa.select(Recording.call_id).where(recordings)
    session.execute(
        sa.update(Call)
        .where(Call.id.in_(calls), Call.score.is_not(None))
        .values(score=None)
        .execution_options(synchronize_session=False)
    )


def bring_forward(session: Session, call_id: str, end: datetime) -> None:
    """Give what was said of a call's recordings an earlier date: that of the call's rows."""
    theirs = sa.select(Recording.id).where(Recording.call_id == call_id)
    for table in (Review, ReviewNote):
        session.execute(sa.update(table).where(table.recording_id.in_(theirs)).values(delete_after=end))
