"""Setting one's own password with a link. Nobody learns here whose it is."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from app.auth.attempts import WITHIN
from app.auth.joining import Joined
from app.auth.links import PATH
from app.web.gate import SIGN_IN
from app.web.messages import texts
from app.wiring import Installation
from storage.errors import Refused

# Why somebody has the form before them again: each is a text.
PROBLEMS = {Joined.WRONG: ("link_wrong", 403), Joined.LOCKED: ("link_locked", 429)}
NOT_THE_SAME = "passwords_differ"
UNFIT = "password_unfit"


def first_password(at: Installation) -> Blueprint:
    """/first-password."""
    area = Blueprint("first_password", __name__)

    def form(problem: str | None, status: int) -> Response:
        page = render_template("first_password.html", **texts(), problem=problem, secret=request.form.get("secret", ""))
        return make_response(page, status)

    @area.get(PATH)
    def page() -> Response:
        return form(None, 200)

    @area.post(PATH)
    def set_it() -> Response:
        typed = request.form
        if typed.get("password", "") != typed.get("repeated", ""):
            return form(NOT_THE_SAME, 400)
        try:
            outcome = at.joining.join(typed.get("secret", ""), typed.get("password", ""))
        except Refused:
            return form(UNFIT, 400)
        if outcome is Joined.DONE:
            return redirect(f"{SIGN_IN}?set=1", 303)
        problem, status = PROBLEMS[outcome]
        answer = form(problem, status)
        if outcome is Joined.LOCKED:
            answer.headers["Retry-After"] = str(int(WITHIN.total_seconds()))
        return answer

    return area
