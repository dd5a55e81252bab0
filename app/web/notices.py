"""Notices: what is heard and from when, how it sounds, what changed; and taking back what is still to come."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.auth.roles import OVERSIGHT
from app.privacy.notices import matrix, one_version, zones_for
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.wiring import Installation
from storage.notices import LANGUAGES
from storage.publication import withdraw


def notices(at: Installation) -> Blueprint:
    """/notices."""
    area = Blueprint("notices", __name__)

    @area.get("/notices")
    def listed() -> str:
        with at.database.read() as session:
            uses = matrix(session, at.clock.now())
            zone = zones_for(session, who_asks().person)[0]
        return render_template("officer/notices.html", **texts(), uses=uses, spoken=LANGUAGES, zone=zone)

    @area.get("/notices/<version>")
    def one(version: str) -> str:
        with at.database.read() as session:
            found = one_version(session, version, viewer().centre_id, at.clock.now())
            zone = zones_for(session, who_asks().person)[0]
        return render_template(
            "officer/notice.html", **texts(), found=found, use=found.use, zone=zone, sees_who=viewer().role in OVERSIGHT
        )

    @area.post("/notices/<version>/withdraw")
    def withdrawn(version: str) -> Response:
        with at.database.begin() as session:
            reason = request.form.get("reason", "")
            withdraw(session, version, reason, at.clock.now(), who_asks().person.id)
        return redirect(f"/notices/{version}", 303)

    return area
