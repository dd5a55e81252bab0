"""The page of a recording, and what reviewers do there: hear it, note, answer the scorecard, mark it as heard."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.review.access import Reviewable, reviewable
from app.review.notes import add_note, delete_note, read_time
from app.review.page import questions_of_review, review_page
from app.review.past import PastPage, past_reviews
from app.review.queue import unheard_left
from app.review.reviews import ReviewedMeanwhile, mark_heard, submit, take_back_heard
from app.search.score import Scores, read_percent
from app.viewing import Granted, grant
from app.web.gate import viewer, who_asks
from app.web.listening import facts_of
from app.web.messages import texts
from app.wiring import Installation
from storage.errors import Refused
from storage.models import StoredObject

ANSWER = "answer_"
SCORES = ("score_from", "score_to")
Shown = tuple[str, int]


class ReviewArea:
    """One installation's."""

    def __init__(self, at: Installation) -> None:
        self._at = at

    def blueprint(self) -> Blueprint:
        """The addresses."""
        area = Blueprint("review", __name__)
        area.get("/recordings/<object_id>")(self.one)
        area.post("/recordings/<object_id>/heard")(self.heard)
        area.post("/recordings/<object_id>/unheard")(self.unheard)
        area.post("/recordings/<object_id>/review")(self.review)
        area.post("/recordings/<object_id>/notes")(self.note)
        area.post("/recordings/<object_id>/notes/delete")(self.unnote)
        area.get("/reviews")(self.past)
        return area

    def one(self, object_id: str) -> str:
        """The page. Of media that is gone: what was said of it."""
        if self._is_gone(object_id):
            return self._page(reviewable(self._at, who_asks().person.id, object_id), None)
        granted = grant(self._at, who_asks().person.id, object_id, "page", request.args.get("purpose"))
        return self._page(reviewable(self._at, who_asks().person.id, object_id), granted)

    def heard(self, object_id: str) -> AnyResponse:
        """Mark it as heard, and on to the next."""
        what = self._may(object_id)
        with self._at.database.begin() as session:
            mark_heard(session, what, self._at.clock.now())
        return redirect(url_for("recordings.following"), 303)

    def unheard(self, object_id: str) -> AnyResponse:
        """Take back that one marked it as heard."""
        what = self._may(object_id)
        with self._at.database.begin() as session:
            take_back_heard(session, what)
        return redirect(url_for("review.one", object_id=object_id), 303)

    def review(self, object_id: str) -> AnyResponse | Shown:
        """Take a scorecard in. One that is incomplete, or overtaken, is shown again with all that was answered."""
        what, form = self._may(object_id), request.form
        given = {name.removeprefix(ANSWER): form[name] for name in form if name.startswith(ANSWER)}
        seen = form.get("seen", "")
        try:
            with self._at.database.begin() as session:
                number = int(seen) if seen.isdecimal() and len(seen) < 9 else -1
                submit(session, what, form.get("scorecard", ""), given, number, self._at.clock.now())
        except ReviewedMeanwhile:
            return self._again(what, 409, answers=given, problem="reviewed_meanwhile")
        except Refused:
            return self._again(what, 400, answers=given, problem="answers_missing")
        if form.get("then") == "stay":
            return redirect(url_for("review.one", object_id=object_id, saved="1"), 303)
        return redirect(url_for("recordings.following", saved="1"), 303)

    def note(self, object_id: str) -> AnyResponse | Shown:
        """Write a note down. One that cannot be is shown again."""
        what, form = self._may(object_id), request.form
        try:
            with self._at.database.begin() as session:
                add_note(session, what, read_time(form.get("at", "")), form.get("text", ""), self._at.clock.now())
        except Refused:
            typed = {"at": form.get("at", ""), "text": form.get("text", "")}
            return self._again(what, 400, typed=typed, note_problem="note_refused")
        return redirect(url_for("review.one", object_id=object_id, _anchor="notes"), 303)

    def unnote(self, object_id: str) -> AnyResponse:
        """Delete one's own."""
        what = self._may(object_id)
        with self._at.database.begin() as session:
            delete_note(session, what, request.form.get("note", ""))
        return redirect(url_for("review.one", object_id=object_id, _anchor="notes"), 303)

    def past(self) -> str:
        """The reviews of one's centres; by score, where the address says so."""
        asked = {name: value for name in SCORES if (value := request.args.get(name, "").strip())}
        before = request.args.get("before") or None
        problem, page = None, PastPage((), None)
        try:
            scores = Scores(*(read_percent(asked.get(name)) for name in SCORES))
        except Refused:
            problem = "score_wrong"
        else:
            with self._at.database.read() as session:
                page = past_reviews(session, viewer(), before, scores)
        return render_template(
            "recordings/reviews.html",
            **texts(),
            page=page,
            asked=asked,
            problem=problem,
            older="/reviews?" + urlencode(asked | {"before": page.older}) if page.older else None,
            newest="/reviews?" + urlencode(asked) if before else None,
        )

    def _may(self, object_id: str) -> Reviewable:
        return reviewable(self._at, who_asks().person.id, object_id)

    def _is_gone(self, object_id: str) -> bool:
        with self._at.database.read() as session:
            row = session.get(StoredObject, object_id)
            return row is not None and row.state in {"deleting", "deleted"}

    def _again(self, what: Reviewable, status: int, **more: object) -> Shown:
        granted = None if what.gone else grant(self._at, what.person_id, what.object_id, "page")
        return self._page(what, granted, **more), status

    def _page(self, what: Reviewable, granted: Granted | None, **more: object) -> str:
        with self._at.database.read() as session:
            page = review_page(session, what.object_id)
            left = unheard_left(session, viewer(), self._at.clock.now())
            facts = facts_of(session, what.object_id, granted.purpose if granted is not None else None)
        audio = peaks = None
        if granted is not None:
            audio = url_for("recordings.sound", object_id=what.object_id, purpose=granted.purpose)
            if page.has_peaks:
                peaks = url_for("recordings.peaks", object_id=what.object_id, purpose=granted.purpose)
        days_left = (facts.kept_until - self._at.clock.now()).days if facts.kept_until is not None else 0
        shown: dict[str, object] = {"answers": {}, "typed": {}, "saved": "saved" in request.args}
        return render_template(
            "recordings/one.html",
            **texts(),
            **(shown | more),
            page=page,
            facts=facts,
            granted=granted,
            audio=audio,
            peaks=peaks,
            days_left=max(days_left, 0),
            left=left,
            asked=questions_of_review,
        )


def review(at: Installation) -> Blueprint:
    """/recordings/<object>, what is posted there, and /reviews."""
    return ReviewArea(at).blueprint()
