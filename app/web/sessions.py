"""One's own sessions: where one is signed in, and ending that."""

from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.auth.sessions import ended_with, going_on
from app.web.gate import Gate, who_asks
from app.web.messages import texts
from app.wiring import Installation

NOWHERE = ZoneInfo("UTC")


def sessions(at: Installation, gate: Gate) -> Blueprint:
    """/sessions, and what its buttons do."""
    area = Blueprint("sessions", __name__, url_prefix="/sessions")

    @area.get("")
    def listed() -> str:
        who = who_asks()
        with at.database.read() as session:
            rows = going_on(session, who.person.id, at.clock.now())
            others = ended_with(session, who.person.id, who.session_id) if "changed" in request.args else None
        centre = who.person.centre
        zone = ZoneInfo(centre.timezone) if centre else NOWHERE
        return render_template("sessions.html", **texts(), rows=rows, this=who.session_id, zone=zone, others=others)

    @area.post("/end")
    def end() -> Response:
        who, which = who_asks(), request.form.get("session", "")
        at.sign_in.end(who, which)
        return gate.out() if which == who.session_id else redirect("/sessions", 303)

    @area.post("/end-others")
    def end_others() -> Response:
        at.sign_in.end_others(who_asks())
        return redirect("/sessions", 303)

    return area
