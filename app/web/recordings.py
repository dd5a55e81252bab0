"""The recordings that somebody may hear."""

from flask import Blueprint, Response, render_template, request, url_for

from app.audible import audible
from app.viewing import grant
from app.web.gate import viewer, who_asks
from app.web.listening import ranged, recording_page
from app.web.messages import texts
from app.wiring import Installation


def recordings(at: Installation) -> Blueprint:
    """/recordings and /recordings/<object>, with its audio."""
    area = Blueprint("recordings", __name__)

    @area.get("/recordings")
    def listed() -> str:
        before = request.args.get("before")
        with at.database.read() as session:
            page = audible(session, viewer(), at.clock.now(), before or None)
        return render_template("recordings.html", **texts(), page=page, first=not before)

    @area.get("/recordings/<object_id>")
    def one(object_id: str) -> str:
        asked = request.args.get("purpose")
        granted = grant(at, who_asks().person.id, object_id, "page", asked)
        audio = url_for("recordings.sound", object_id=object_id, purpose=granted.purpose)
        return recording_page(at, granted, audio, url_for("recordings.listed"))

    @area.get("/recordings/<object_id>/audio.wav")
    def sound(object_id: str) -> Response:
        return ranged(at, grant(at, who_asks().person.id, object_id, "page", request.args.get("purpose")))

    return area
