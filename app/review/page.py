"""What the page of a recording tells beside its sound: marks, notes, reviews, and the questions to be answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.review.notes import notes_of
from app.review.reviews import current_scorecard, reviews_of
from app.review.scorecard import Question, questions_of
from storage.models import (
    CardDataPurge,
    ConsentRecord,
    Recording,
    RecordingPause,
    Review,
    ReviewNote,
    Scorecard,
    StoredObject,
)
from telephony.pauses import pauses_of
from telephony.peaks import peaks_of

# The carrier tells in whole seconds when a recording began: it can have begun so much later. What was silent for
# certain by the clock lies that much earlier in the recording, and a mark never promises more silence than there is.
WHOLE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Mark:
    """Something at a moment of the recording, in seconds from its begin; before it where negative."""

    name: str
    at: float
    until: float | None = None
    moment: datetime | None = None


@dataclass(frozen=True)
class ReviewPage:
    """A recording as reviewers see it. `gone`: when its media went; None: it is there."""

    object_id: str
    recording_id: str
    line: str
    began_at: datetime
    zone: ZoneInfo
    seconds: float | None
    gone: bool
    heard: bool
    heard_by: str | None
    """The id of who marked it so."""
    has_peaks: bool
    marks: Sequence[Mark]
    notes: Sequence[ReviewNote]
    reviews: Sequence[Review]
    scorecard: Scorecard
    rows_until: datetime
    """When scores and notes go."""

    @property
    def questions(self) -> tuple[Question, ...]:
        return questions_of(self.scorecard.questions)

    @property
    def seen(self) -> int:
        """The number of the newest review."""
        return self.reviews[0].number if self.reviews else 0


def questions_of_review(review: Review) -> tuple[Question, ...]:
    """The questions that were answered then."""
    return questions_of(review.scorecard.questions)


def review_page(session: Session, object_id: str) -> ReviewPage:
    """All of it. The caller has checked the right."""
    row = session.get_one(StoredObject, object_id)
    recording = session.scalars(sa.select(Recording).where(Recording.object_id == row.id)).one()
    centre = recording.call.line.centre
    return ReviewPage(
        object_id=row.id,
        recording_id=recording.id,
        line=f"{centre.name}, {recording.call.line.code}",
        began_at=recording.started_at or row.began_at,
        zone=ZoneInfo(centre.timezone),
        seconds=recording.duration_s,
        gone=row.state != "stored",
        heard=row.heard_at is not None,
        heard_by=row.heard_by,
        has_peaks=peaks_of(session, row.id) is not None,
        marks=_marks(session, recording, row),
        notes=notes_of(session, recording.id),
        reviews=reviews_of(session, recording.id),
        scorecard=current_scorecard(session),
        rows_until=recording.call.delete_after,
    )


def _marks(session: Session, recording: Recording, row: StoredObject) -> list[Mark]:
    marks = []
    began = recording.started_at
    consent = session.scalars(sa.select(ConsentRecord).where(ConsentRecord.call_id == recording.call_id)).one_or_none()
    if consent is not None and began is not None:
        for name, moment in (
            ("notice_began", consent.notice_started_at),
            ("notice_ended", consent.notice_ended_at),
            ("agreed", consent.given_at),
            ("recording_began", began),
        ):
            marks.append(Mark(name, (moment - began).total_seconds(), moment=moment))
    if began is not None:
        marks += [
            _pause_mark(each, recording, began)
            for each in pauses_of(session, recording.call_id)
            if each.recording_sid == recording.recording_sid
        ]
    spans = sorted(_silenced(session, row.id))
    return marks + [Mark("silenced", from_ms / 1000, to_ms / 1000) for from_ms, to_ms in spans]


def _pause_mark(row: RecordingPause, recording: Recording, began: datetime) -> Mark:
    """Where it is silent for certain; or, of a pause that never was confirmed, where it was asked for."""
    if row.paused_at is None:
        return Mark("not_paused", max(0.0, (row.asked_at - began).total_seconds()), moment=row.asked_at)
    at = max(0.0, (row.paused_at - began).total_seconds())
    until = (row.silent_until - began - WHOLE_SECOND).total_seconds() if row.silent_until is not None else at
    if recording.duration_s is not None:
        until = min(until, recording.duration_s)
    return Mark("paused", at, until if until > at else None, moment=row.paused_at)


def _silenced(session: Session, object_id: str) -> set[tuple[int, int]]:
    """Where card data was: in the copy that this is, and in the one that was copied."""
    spans: set[tuple[int, int]] = set()
    wanted: str | None = object_id
    while wanted is not None:
        purge = session.scalars(
            sa.select(CardDataPurge).where(CardDataPurge.copy_id == wanted, CardDataPurge.state == "done")
        ).one_or_none()
        if purge is None:
            return spans
        spans |= {(from_ms, to_ms) for from_ms, to_ms in purge.spans}
        wanted = purge.object_id
    return spans
