"""/reviews, and what is said of one recording: scores, notes, whether it was heard."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api.once import bearer, once, viewer
from app.api.v1.calls import object_of_recording
from app.api.words import NO_NUL, ONLY, Cursor, In, Moment, ObjectId, Out, Paging, Percent, Whole
from app.listings.listing import one, several
from app.listings.reviews import REVIEWS, note_told
from app.review.access import Reviewable, reviewable
from app.review.notes import add_note
from app.review.page import review_page
from app.review.past import found_reviews
from app.review.reviews import mark_heard, submit, take_back_heard
from app.search.score import Scores
from app.wiring import Installation
from storage.models import Review


class ReviewOut(Out):
    review: ObjectId
    recording_sid: str = Field(examples=["RE0f0e0d0c0b0a09080706050403020100"])
    call_sid: str = Field(examples=["CA0f0e0d0c0b0a09080706050403020100"])
    number: int = Field(description="counts up within the recording: the highest counts", examples=[1])
    scorecard: ObjectId
    scorecard_version: int = Field(examples=[1])
    answers: dict[str, str] = Field(description="by the question's key", examples=[{"greeting": "yes", "manner": "4"}])
    score: int | None = Field(description="percent of what could be reached; null: nothing that counts", examples=[75])
    by: str = Field(examples=["aru@example.com"])
    submitted_at: Moment
    media_gone: bool = Field(description="the sound is deleted, or being deleted", examples=[False])


class ReviewsIn(Paging):
    score_at_least: Percent | None = Field(default=None, description="those without a score are then none of them")
    score_at_most: Percent | None = Field(default=None, description="those without a score are then none of them")


class ReviewsOut(Out):
    items: list[ReviewOut]
    next: Cursor


class QuestionOut(Out):
    key: str = Field(examples=["greeting"])
    text: dict[str, str] = Field(description="by language", examples=[{"en": "Did they greet the caller?"}])
    counts: bool
    choices: list[str] = Field(description="answer with one of these", examples=[["yes", "no", "not_applicable"]])


class NoteOut(Out):
    note: ObjectId
    at_s: float = Field(description="seconds from the recording's begin", examples=[12.5])
    text: str
    by: str = Field(examples=["aru@example.com"])
    written_at: Moment


class SaidOut(Out):
    recording_sid: str = Field(examples=["RE0f0e0d0c0b0a09080706050403020100"])
    heard: bool
    seen: int = Field(description="number of the newest review: send it with yours", examples=[0])
    scorecard: ObjectId
    questions: list[QuestionOut]
    reviews: list[ReviewOut] = Field(description="the newest first: that is the one that counts")
    notes: list[NoteOut]


class ReviewIn(In):
    scorecard: ObjectId = Field(description="whose questions are answered")
    seen: Whole = Field(ge=0, le=1_000_000, description="`seen` as it was read; if somebody reviewed since, 409")
    answers: dict[str, str] = Field(description="to each question, by its key", examples=[{"greeting": "yes"}])


class NoteIn(In):
    at_s: float = Field(ge=0, le=1_000_000, description="seconds from the recording's begin", examples=[12.5])
    text: str = Field(min_length=1, max_length=1000, pattern=NO_NUL, description="name no caller")


class NotedOut(Out):
    note: ObjectId


class HeardIn(In):
    heard: bool = Field(description="false takes back what you marked yourself")


class HeardOut(Out):
    recording_sid: str = Field(examples=["RE0f0e0d0c0b0a09080706050403020100"])
    heard: bool


def add_reviews(area: APIBlueprint, at: Installation) -> None:
    """/reviews, /recordings/<recording_sid>/{review,notes,heard}."""

    @area.get("/reviews", **ONLY)
    @area.input(ReviewsIn, location="query")
    @area.output(ReviewsOut, description="Some reviews, the newest first.")
    def reviews(query_data: ReviewsIn) -> object:
        """What was said of recordings of your centres, also of those whose sound is gone; the newest first."""
        asked = query_data
        scores = Scores(asked.score_at_least, asked.score_at_most)
        with at.database.read() as session:
            found = found_reviews(session, viewer(), asked.limit, asked.cursor, scores)
            return {"items": several(session, REVIEWS, viewer(), Review.id, found.ids), "next": found.next}

    @area.get("/recordings/<recording_sid>/review", **ONLY)
    @area.output(SaidOut, description="What was said of it, and what is asked.")
    def said(recording_sid: str) -> object:
        """Scores and notes of one recording, and the questions that are asked now."""
        what = _may(at, recording_sid)
        with at.database.read() as session:
            return _said(session, what, recording_sid)

    @area.post("/recordings/<recording_sid>/review", **ONLY)
    @area.input(ReviewIn, example={"scorecard": "0f0e0d0c0b0a0908" * 2, "seen": 0, "answers": {"greeting": "yes"}})
    @area.output(ReviewOut, 201, description="It is written down, told to the ledger, and the recording is heard.")
    def review(recording_sid: str, json_data: ReviewIn) -> Response:
        """Answer the scorecard. Nobody's answers are written over."""
        what = _may(at, recording_sid)
        return once(at, ReviewOut, lambda session: _submitted(session, at, what, json_data), 201)

    @area.post("/recordings/<recording_sid>/notes", **ONLY)
    @area.input(NoteIn, example={"at_s": 12.5, "text": "Greets, and says her name"})
    @area.output(NotedOut, 201, description="It is written down.")
    def note(recording_sid: str, json_data: NoteIn) -> Response:
        """Write a note about a moment."""
        what = _may(at, recording_sid)
        return once(at, NotedOut, lambda session: _noted(session, at, what, json_data), 201)

    @area.post("/recordings/<recording_sid>/heard", **ONLY)
    @area.input(HeardIn, example={"heard": True})
    @area.output(HeardOut, description="So it is.")
    def heard(recording_sid: str, json_data: HeardIn) -> Response:
        """Mark it as heard, or take back that you did."""
        what = _may(at, recording_sid)
        return once(at, HeardOut, lambda session: _heard(session, at, what, recording_sid, json_data), 200)


def _may(at: Installation, recording_sid: str) -> Reviewable:
    return reviewable(at, bearer().person.id, object_of_recording(at, recording_sid))


def _said(session: Session, what: Reviewable, recording_sid: str) -> dict[str, Any]:
    page = review_page(session, what.object_id)
    return {
        "recording_sid": recording_sid,
        "heard": page.heard,
        "seen": page.seen,
        "scorecard": page.scorecard.id,
        "questions": [
            {"key": each.key, "text": dict(each.text), "counts": each.counts, "choices": list(each.choices)}
            for each in page.questions
        ],
        "reviews": [one(session, REVIEWS, viewer(), Review.id == each.id) for each in page.reviews],
        "notes": [note_told(each) for each in page.notes],
    }


def _submitted(session: Session, at: Installation, what: Reviewable, asked: ReviewIn) -> dict[str, Any]:
    made = submit(session, what, asked.scorecard, asked.answers, asked.seen, at.clock.now())
    session.flush()
    return one(session, REVIEWS, viewer(), Review.id == made.id)


def _noted(session: Session, at: Installation, what: Reviewable, asked: NoteIn) -> dict[str, Any]:
    # Its words are not in the answer, which is kept for a repeat: they go with the call's rows.
    return {"note": add_note(session, what, round(asked.at_s * 1000), asked.text, at.clock.now()).id}


def _heard(session: Session, at: Installation, what: Reviewable, recording_sid: str, asked: HeardIn) -> dict[str, Any]:
    if asked.heard:
        mark_heard(session, what, at.clock.now())
    else:
        take_back_heard(session, what)
    return {"recording_sid": recording_sid, "heard": asked.heard}
