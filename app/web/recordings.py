"""Where somebody who is signed in lands, and the recordings that they may hear."""

from flask import Blueprint, Response, render_template, request, url_for

from app.audible import audible, hears_recordings
from app.auth.policy import Viewer
from app.viewing import grant
from app.web.gate import who_asks
from app.web.listening import ranged, recording_page
from app.web.messages import texts
from app.wiring import Installation


def recordings(at: Installation) -> Blueprint:
    """/ and /recordings/<object>, with its audio."""
    area = Blueprint("recordings", __name__)

    @area.get("/")
    def home() -> str:
        person = who_asks().person
        if not hears_recordings(person.role):
            return render_template("no_right.html", **texts(), role=person.role)
        before = request.args.get("before")
        with at.database.read() as session:
            page = audible(
                session, Viewer(person.role, person.centre_id, person.active), at.clock.now(), before or None
            )
        return render_template("recordings.html", **texts(), page=page, first=not before)

    @area.get("/recordings/<object_id>")
    def one(object_id: str) -> str:
        asked = request.args.get("purpose")
        granted = grant(at, who_asks().person.id, object_id, "page", asked)
        audio = url_for("recordings.sound", object_id=object_id, purpose=granted.purpose)
        return recording_page(at, granted, audio, url_for("recordings.home"))

    @area.get("/recordings/<object_id>/audio.wav")
    def sound(object_id: str) -> Response:
        return ranged(at, grant(at, who_asks().person.id, object_id, "page", request.args.get("purpose")))

    return area
