"""Drafts of notices: made of a text and a recording, listened to, compared, published with a date, or discarded."""

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO

from flask import Blueprint, Response, redirect, render_template, request, send_file
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.privacy.notices import make_draft, one_draft_of, typed_moment, zones_for
from app.uploads import BY_FORM
from app.web.gate import who_asks
from app.web.messages import texts
from app.web.refusals import said
from app.wiring import Installation
from storage.errors import Refused
from storage.notice_drafts import discard_draft, one_draft, publish_draft
from storage.notices import Use

NO_SOUND = "audio: choose a WAV or MP3 file, or let a machine speak it for now"


def notice_drafts(at: Installation) -> Blueprint:
    """/notices/new and /notices/drafts."""
    area = Blueprint("notice_drafts", __name__)

    @area.get("/notices/new")
    def new() -> tuple[str, int]:
        return _form(_use(request.args), 200)

    @area.post(BY_FORM)
    def made() -> AnyResponse | tuple[str, int]:
        use = _use(request.form)
        try:
            draft_id = make_draft(at, who_asks().person, use, request.form.get("text", ""), _sound())
        except Refused as refused:
            return _form(use, 400, refused)
        return redirect(f"/notices/drafts/{draft_id}", 303)

    @area.get("/notices/drafts/<draft_id>")
    def one(draft_id: str) -> tuple[str, int]:
        return _page(at, draft_id, 200)

    @area.get("/notices/drafts/<draft_id>/audio.wav")
    def sound(draft_id: str) -> Response:
        with at.database.read() as session:
            wav = one_draft(session, draft_id).wav
        answer = send_file(BytesIO(wav), "audio/wav")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @area.post("/notices/drafts/<draft_id>/publish")
    def published(draft_id: str) -> AnyResponse | tuple[str, int]:
        try:
            with at.database.begin() as session:
                begins = _begins(session)
                version = publish_draft(session, draft_id, who_asks().person.id, at.clock.now(), begins)
        except Refused as refused:
            return _page(at, draft_id, 400, refused)
        return redirect(f"/notices/{version.version}", 303)

    @area.post("/notices/drafts/<draft_id>/discard")
    def discarded(draft_id: str) -> AnyResponse:
        with at.database.begin() as session:
            discard_draft(session, draft_id)
        return redirect("/notices", 303)

    return area


def _page(at: Installation, draft_id: str, status: int, refused: Refused | None = None) -> tuple[str, int]:
    with at.database.read() as session:
        found = one_draft_of(session, draft_id, at.clock.now())
        zones = zones_for(session, who_asks().person)
    told = {
        "found": found,
        "zones": zones,
        "zone": zones[0],
        "said": said(refused) if refused else None,
        "typed": request.form,
    }
    return render_template("officer/notice_draft.html", **texts(), **told), status


def _form(use: Use, status: int, refused: Refused | None = None) -> tuple[str, int]:
    text = request.form.get("text", "")
    told = said(refused) if refused is not None else None
    return render_template("officer/notice_new.html", **texts(), use=use, text=text, said=told), status


def _use(typed: Mapping[str, str]) -> Use:
    use = Use(typed.get("kind", ""), typed.get("mode") or None, typed.get("language", ""))
    use.check()
    return use


def _sound() -> tuple[bytes, str] | None:
    """The file that was sent, and its name; None where a machine is to speak."""
    if request.form.get("voice") == "machine":
        return None
    file = request.files.get("audio")
    if file is None or not file.filename:
        raise Refused(NO_SOUND)
    return file.read(), file.filename


def _begins(session: Session) -> datetime | None:
    if request.form.get("when") == "now":
        return None
    zones = zones_for(session, who_asks().person)
    return typed_moment(request.form.get("from", ""), request.form.get("zone", ""), zones)
