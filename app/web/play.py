"""/play/<pass>: the page on which a recording is heard, for whoever holds a pass."""

from flask import Blueprint, Response

from app.auth.pass_link import Passes
from app.viewing import grant
from app.web.listening import ranged, recording_page
from app.wiring import Installation


def play(at: Installation, passes: Passes) -> Blueprint:
    """/play/<pass> and its audio."""
    area = Blueprint("play", __name__, url_prefix="/play")

    @area.get("/<text>")
    def page(text: str) -> str:
        held = passes.read(text)
        granted = grant(at, held.person_id, held.object_id, "page", held.purpose)
        return recording_page(at, granted, f"/play/{text}/audio.wav")

    @area.get("/<text>/audio.wav")
    def audio(text: str) -> Response:
        held = passes.read(text)
        return ranged(at, grant(at, held.person_id, held.object_id, "page", held.purpose))

    return area
