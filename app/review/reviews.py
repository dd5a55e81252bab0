"""Answering a scorecard. Each submission is a row of its own: nobody's answers are written over."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.review.access import Reviewable, lock
from app.review.scorecard import questions_of, read_answers, score
from storage.errors import Refused
from storage.ledger.log import append
from storage.models import Recording, Review, Scorecard, StoredObject
from storage.models.columns import random_id
from storage.reviews import told_of


class ReviewedMeanwhile(Refused):
    """Somebody submitted since this form was opened. Nothing was written, and what was typed is the caller's still."""


def current_scorecard(session: Session) -> Scorecard:
    """The questions that are asked now."""
    return session.scalars(sa.select(Scorecard).order_by(Scorecard.version.desc()).limit(1)).one()


def reviews_of(session: Session, recording_id: str) -> Sequence[Review]:
    """All that was submitted of a recording, the newest first: that is the one that counts."""
    return session.scalars(
        sa.select(Review).where(Review.recording_id == recording_id).order_by(Review.number.desc())
    ).all()


def submit(
    session: Session, what: Reviewable, scorecard_id: str, given: Mapping[str, str], seen: int, now: datetime
) -> Review:
    """Write a review down, mark the recording as heard, and tell the ledger.

    Args:
        session: a transaction.
        what: the recording, and who reviews.
        scorecard_id: the version of the questions that were answered.
        given: answers by the question's key.
        seen: the number of the newest review that the reviewer was shown; 0: none.
        now: the moment.

    Raises:
        ReviewedMeanwhile: if there is a newer one.
        Refused: if a question is not answered, or there is no such version.
        NotFound: if the call turned out not to be recorded.
    """
    call = lock(session, what)
    scorecard = session.get(Scorecard, scorecard_id)
    if scorecard is None:
        raise Refused("scorecard: there is no such version")
    newest = session.scalar(sa.select(sa.func.max(Review.number)).where(Review.recording_id == what.recording_id)) or 0
    if newest != seen:
        raise ReviewedMeanwhile("somebody has submitted a review of this recording meanwhile")
    questions = questions_of(scorecard.questions)
    answers = read_answers(questions, given)
    review = Review(
        id=random_id(),
        recording_id=what.recording_id,
        number=newest + 1,
        person_id=what.person_id,
        scorecard_id=scorecard.id,
        answers=answers,
        score=score(questions, answers),
        submitted_at=now,
        delete_after=call.delete_after,
    )
    session.add(review)
    call.score = review.score
    append(session, "review_submitted", review.id, now, told_of(review))
    _mark(session, what, now)
    return review


def mark_heard(session: Session, what: Reviewable, now: datetime) -> None:
    """Take a recording out of what is still to be heard. Who marked it first stays."""
    lock(session, what)
    _mark(session, what, now)


def take_back_heard(session: Session, what: Reviewable) -> None:
    """Put a recording back to what is still to be heard. One that nobody has marked is as good.

    Raises:
        Refused: if somebody else marked it.
        NotFound: if the call turned out not to be recorded.
    """
    lock(session, what)
    row = session.get_one(StoredObject, _present(session, what), with_for_update=True, populate_existing=True)
    if row.heard_by not in (None, what.person_id):
        raise Refused("somebody else marked it as heard: they alone can take that back")
    row.heard_at = row.heard_by = None


def _present(session: Session, what: Reviewable) -> str | None:
    # By the recording: a purge of card data may just have put a silenced copy in the object's place.
    return session.scalar(sa.select(Recording.object_id).where(Recording.id == what.recording_id))


def _mark(session: Session, what: Reviewable, now: datetime) -> None:
    session.execute(
        sa.update(StoredObject)
        .where(StoredObject.id == _present(session, what), StoredObject.heard_at.is_(None))
        .values(heard_at=now, heard_by=what.person_id)
        .execution_options(synchronize_session=False)
    )
