"""Changing one's own password."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from app.auth.attempts import WITHIN
from app.auth.sign_in import Confirmation
from app.web.first_password import NOT_THE_SAME, UNFIT
from app.web.gate import Gate, who_asks
from app.web.messages import texts
from app.wiring import Installation
from storage.errors import Refused

# Why somebody has the form before them again: each is a text.
PROBLEMS = {Confirmation.WRONG: ("password_until_now_wrong", 403), Confirmation.LOCKED: ("password_change_locked", 429)}


def own_password(at: Installation, gate: Gate) -> Blueprint:
    """/password."""
    area = Blueprint("own_password", __name__)

    def form(problem: str | None, status: int) -> Response:
        return make_response(render_template("own_password.html", **texts(), problem=problem), status)

    @area.get("/password")
    def page() -> Response:
        return form(None, 200)

    @area.post("/password")
    def changed() -> Response:
        typed = request.form
        if typed.get("password", "") != typed.get("repeated", ""):
            return form(NOT_THE_SAME, 400)
        try:
            outcome = at.own_password.change(who_asks(), typed.get("until_now", ""), typed.get("password", ""))
        except Refused:
            return form(UNFIT, 400)
        if outcome.token is not None:
            answer = redirect("/sessions?changed=1", 303)
            gate.show(answer, outcome.token)
            return answer
        problem, status = PROBLEMS[outcome.confirmation]
        refused = form(problem, status)
        if outcome.confirmation is Confirmation.LOCKED:
            refused.headers["Retry-After"] = str(int(WITHIN.total_seconds()))
        return refused

    return area
