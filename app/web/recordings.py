"""The recordings that somebody may hear: the list, the next one, and the bytes of one."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.audible import audible
from app.review.queue import next_unheard, unheard_left
from app.viewing import NOTHING, grant
from app.web.gate import viewer, who_asks
from app.web.listening import ranged
from app.web.messages import texts
from app.wiring import Installation
from storage.errors import NotFound
from storage.playback import whole
from telephony.peaks import peaks_of

SHOWN = {"unheard": False, "heard": True}


def recordings(at: Installation) -> Blueprint:
    """/recordings, /recordings/next, and the sound and peaks of one. The page of one is app/web/review.py."""
    area = Blueprint("recordings", __name__)

    @area.get("/recordings")
    def listed() -> str:
        before, show, now = request.args.get("before"), request.args.get("show"), at.clock.now()
        with at.database.read() as session:
            page = audible(session, viewer(), now, before or None, heard=SHOWN.get(show or ""))
            left = unheard_left(session, viewer(), now)
        shown = show if show in SHOWN else None
        return render_template("recordings.html", **texts(), page=page, first=not before, show=shown, left=left)

    @area.get("/recordings/next")
    def following() -> AnyResponse:
        # What was skipped comes again when the others are heard: only this once something else is wanted.
        skipped = request.args.get("but")
        with at.database.read() as session:
            now = at.clock.now()
            found = next_unheard(session, viewer(), now, skipped) or next_unheard(session, viewer(), now)
        saved = request.args.get("saved") and "1"
        if found is None:
            return redirect(url_for("recordings.listed", saved=saved), 303)
        return redirect(url_for("review.one", object_id=found, saved=saved), 303)

    @area.get("/recordings/<object_id>/audio.wav")
    def sound(object_id: str) -> Response:
        return ranged(at, grant(at, who_asks().person.id, object_id, "page", request.args.get("purpose")))

    @area.get("/recordings/<object_id>/peaks.json")
    def peaks(object_id: str) -> Response:
        # By the right to the recording, and told as such: whoever sees how loud it is looks at the recording.
        grant(at, who_asks().person.id, object_id, "page", request.args.get("purpose"))
        with at.database.read() as session:
            row = peaks_of(session, object_id)
            if row is None:
                raise NotFound(NOTHING)
            item = whole(row)
        headers = {"Cache-Control": "private, no-store"}
        return Response(at.playback.read(item), mimetype=item.content_type, headers=headers)

    return area
