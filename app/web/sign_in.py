"""Signing in and out."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from app.auth.attempts import WITHIN
from app.web.gate import SIGN_IN, Gate, own_page, who_asks
from app.web.messages import texts
from app.wiring import Installation

# Why somebody has the form before them (again): each is a text.
SESSION_OVER = "session_over"
REFUSED = "not_signed_in"
LOCKED_OUT = "locked_out"


def sign_in_area(at: Installation, gate: Gate) -> Blueprint:
    """/sign-in and /sign-out."""
    area = Blueprint("sign_in", __name__)

    def form(problem: str | None, status: int) -> Response:
        page = render_template(
            "sign_in.html", **texts(), problem=problem, email=request.form.get("email", "")[:254], next=_next()
        )
        return make_response(page, status)

    @area.get(SIGN_IN)
    def page() -> Response:
        shown = gate.shown()
        if shown and at.sign_in.signed_in(shown) is not None:
            return redirect(_next(), 303)
        return form(SESSION_OVER if shown else None, 200)

    @area.post(SIGN_IN)
    def attempt() -> Response:
        outcome = at.sign_in.attempt(request.form.get("email", ""), request.form.get("password", ""), gate.shown())
        if outcome.locked:
            answer = form(LOCKED_OUT, 429)
            answer.headers["Retry-After"] = str(int(WITHIN.total_seconds()))
            return answer
        if outcome.token is None:
            return form(REFUSED, 403)
        answer = redirect(_next(), 303)
        gate.show(answer, outcome.token)
        return answer

    @area.post("/sign-out")
    def sign_out() -> Response:
        who = who_asks()
        at.sign_in.end(who, who.session_id)
        return gate.out()

    return area


def _next() -> str:
    return own_page(request.args.get("next", "/"))
