"""Clips: a span that was marked, as one file, with what proves it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, redirect, render_template
from flask import request as asked
from werkzeug.wrappers import Response as AnyResponse

from app.footage.access import Part, camera_of, may_watch, refused
from app.footage.clips import clip_of, given, name_of
from app.footage.day import span_of
from app.web.gate import viewer, who_asks
from app.web.listening import ranged_part
from app.web.messages import texts
from app.wiring import Installation
from storage.models import Camera, Clip, StoredObject
from video.clips_asked import ask

NEVER_KEPT = {"Cache-Control": "private, no-store"}


def clips(at: Installation) -> Blueprint:
    """/clips/<clip>, and asking for one."""
    area = Blueprint("clips", __name__)

    @area.post("/cameras/<camera_id>/clips")
    def wanted(camera_id: str) -> AnyResponse:
        return made_of(camera_id, convert=False)

    @area.post("/cameras/<camera_id>/converted")
    def watched(camera_id: str) -> AnyResponse:
        return made_of(camera_id, convert=True)

    def made_of(camera_id: str, *, convert: bool) -> AnyResponse:
        with at.database.read() as session:
            asked_of = session.get(Camera, camera_id)
            theirs = asked_of is not None and may_watch(viewer(), asked_of)
        if not theirs:
            raise refused(at, who_asks().person, camera_id, "page")
        with at.database.begin() as session:
            camera = camera_of(session, viewer(), camera_id)
            zone = ZoneInfo(camera.centre.timezone)
            span = span_of(asked.form.get("from"), asked.form.get("to"), zone)
            clip = ask(session, camera, span, who_asks().person.id, at.clock.now(), convert=convert)
        return redirect(f"/clips/{clip.id}", 303)

    @area.get("/clips/<clip_id>")
    def one(clip_id: str) -> str:
        with at.database.read() as session:
            clip = clip_of(session, viewer(), clip_id)
            row = session.get(StoredObject, clip.object_id) if clip.object_id and clip.state == "made" else None
            goes, size = (row.delete_after, row.bytes) if row is not None else (None, None)
        return render_template(
            "footage/clip.html",
            **texts(),
            clip=clip,
            told=clip.manifest,
            goes=goes,
            size=size,
            zone=ZoneInfo(clip.camera.centre.timezone),
            **given_times(clip),
        )

    @area.get("/clips/<clip_id>/state.json")
    def state(clip_id: str) -> Response:
        with at.database.read() as session:
            clip = clip_of(session, viewer(), clip_id)
        answer = jsonify(state=clip.state, done=clip.bytes_done, all=clip.bytes_all)
        answer.headers.update(NEVER_KEPT)
        return answer

    @area.get("/clips/<clip_id>/video.mp4")
    def video(clip_id: str) -> Response:
        clip, granted = given(at, who_asks().person, viewer(), clip_id, "download")
        answer = ranged_part(at, Part(granted.item, 0, granted.item.bytes), "video/mp4")
        if not clip.converted:
            answer.headers.set("Content-Disposition", "attachment", filename=f"{name_of(clip)}.mp4")
        return answer

    @area.get("/clips/<clip_id>/manifest.json")
    def manifest(clip_id: str) -> Response:
        clip, _ = given(at, who_asks().person, viewer(), clip_id, "download")
        answer = jsonify(clip.manifest)
        answer.headers.update(NEVER_KEPT)
        answer.headers.set("Content-Disposition", "attachment", filename=f"{name_of(clip)}.json")
        return answer

    return area


def given_times(clip: Clip) -> dict[str, datetime]:
    """From when to when a clip that is made goes."""
    told = (clip.manifest or {}).get("given", {})
    return {f"given_{name}": datetime.fromisoformat(text) for name, text in told.items()}
