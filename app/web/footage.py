"""A camera's day: its line, what is played of it, its pictures, and a span of it that somebody marks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.footage.access import Part, camera_of, look, may_watch, refused, strip, thumbnail, watch
from app.footage.clips import clips_of
from app.footage.day import bounds_of, day_of, span_of, span_seen
from app.moments import midnight, moment, typed_day
from app.privacy.hold_bounds import latest_review, review_after
from app.privacy.holds import hold_on, set_hold
from app.web.gate import viewer, who_asks
from app.web.listening import ranged_part
from app.web.messages import texts
from app.web.refusals import Said, said
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.models import Camera
from storage.retention.holds import Span, Why
from storage.watching import Told, hours_of
from video.footage import playable_between, previewed
from video.playlist import playlist
from video.timeline import GAP, RECORDED

LONGEST_PLAYLIST = timedelta(hours=2)
NEVER_KEPT = {"Cache-Control": "private, no-store"}


class FootageArea:
    """One installation's."""

    def __init__(self, at: Installation) -> None:
        self._at = at
        self._told = Told()

    def blueprint(self) -> Blueprint:
        """The addresses."""
        area = Blueprint("footage", __name__, url_prefix="/cameras/<camera_id>")
        area.get("")(self.day)
        area.get("/day.json")(self.told)
        area.get("/previews.json")(self.previews)
        area.get("/playlist.m3u8")(self.played)
        area.get("/media/<object_id>")(self.media)
        area.get("/thumbnails/<object_id>")(self.thumbnail)
        area.get("/strips/<object_id>")(self.strip)
        area.get("/span")(self.span)
        area.post("/hold")(self.hold)
        return area

    def day(self, camera_id: str) -> str:
        """The page."""
        now, camera = self._at.clock.now(), self._seen(camera_id)
        with self._at.database.read() as session:
            pictures = may_watch(viewer(), camera)
            bounds = bounds_of(camera, request.args.get("day"), now)
            seen = day_of(session, camera, bounds, now, pictures=pictures)
            taken = clips_of(session, camera) if pictures else ()
            made = hold_on(session, request.args.get("hold"), camera.id)
        if pictures:
            look(self._at, self._told, who_asks().person, camera, [bounds.day])
            # What hls.js plays is put together in the browser.
            g.streams = True
        before, after = bounds.day - timedelta(days=1), bounds.day + timedelta(days=1)
        return render_template(
            "footage/day.html",
            **texts(),
            camera=camera,
            seen=seen,
            bounds=bounds,
            zone=bounds.zone,
            pictures=pictures,
            before=before,
            after=after if bounds.end <= now else None,
            clips=taken,
            made=made,
        )

    def told(self, camera_id: str) -> Response:
        """The line of a day and what moved in it, for the player."""
        now, camera = self._at.clock.now(), self._watched(camera_id)
        with self._at.database.read() as session:
            bounds = bounds_of(camera, request.args.get("day"), now)
            seen = day_of(session, camera, bounds, now, pictures=True)
        look(self._at, self._told, who_asks().person, camera, [bounds.day])
        stretches = [{"from": _ms(each.begin), "to": _ms(each.end)} for each in seen.line if each.kind == RECORDED]
        gaps = [{"from": _ms(each.begin), "to": _ms(each.end)} for each in seen.line if each.kind == GAP]
        answer = jsonify(
            begin=_ms(bounds.begin), end=_ms(bounds.end), recorded=stretches, gaps=gaps, motion=seen.motion
        )
        answer.headers.update(NEVER_KEPT)
        return answer

    def previews(self, camera_id: str) -> Response:
        """Which pictures there are between two moments, and how much moved each second."""
        camera = self._watched(camera_id)
        begin, end = _between(camera)
        with self._at.database.read() as session:
            found = previewed(session, camera.id, begin, end)
        if found:
            look(self._at, self._told, who_asks().person, camera, hours_of(found[0].began_at, found[-1].ended_at))
        answer = jsonify(
            [
                {
                    "object": each.segment_object_id,
                    "from": _ms(each.began_at),
                    "pictures": each.pictures,
                    "motion": list(each.motion),
                }
                for each in found
            ]
        )
        answer.headers.update(NEVER_KEPT)
        return answer

    def played(self, camera_id: str) -> Response:
        """The playlist between two moments."""
        camera = self._watched(camera_id)
        begin, end = _between(camera)
        with self._at.database.read() as session:
            found = playable_between(session, camera.id, begin, end)
        made = playlist(found, begin, end, f"/cameras/{camera_id}/media/")
        return Response(made, mimetype="application/vnd.apple.mpegurl", headers=NEVER_KEPT)

    def media(self, camera_id: str, object_id: str) -> Response:
        """The bytes of a segment, ranged and decrypted on the way."""
        item = watch(self._at, self._told, who_asks().person, camera_id, object_id)
        return ranged_part(self._at, Part(item, 0, item.bytes), "video/mp4")

    def thumbnail(self, camera_id: str, object_id: str) -> Response:
        """A picture of a segment, by the right to the segment, and told as such."""
        item = watch(self._at, self._told, who_asks().person, camera_id, object_id)
        with self._at.database.read() as session:
            part = thumbnail(session, item)
        return ranged_part(self._at, part, "image/jpeg")

    def strip(self, camera_id: str, object_id: str) -> Response:
        """A segment's strip of pictures."""
        item = watch(self._at, self._told, who_asks().person, camera_id, object_id)
        with self._at.database.read() as session:
            part = strip(session, item)
        return ranged_part(self._at, part, "image/jpeg")

    def span(self, camera_id: str) -> str | tuple[str, int]:
        """What lies in a span, and what can be done with it."""
        return self._span(camera_id, None, 200)

    def hold(self, camera_id: str) -> AnyResponse | str | tuple[str, int]:
        """Hold a span."""
        now, who = self._at.clock.now(), who_asks().person
        try:
            with self._at.database.begin() as session:
                camera = camera_of(session, viewer(), camera_id)
                zone = ZoneInfo(camera.centre.timezone)
                begin, end = span_of(request.form.get("from"), request.form.get("to"), zone)
                review = midnight(typed_day(request.form.get("review"), "review"), zone)
                why = Why(request.form.get("case", ""), request.form.get("reason", ""), who.id, review)
                told = set_hold(session, Span(camera.id, begin, end), why, now, viewer().centre_id, viewer().role)
        except NotFound:
            raise
        except Refused as refused:
            return self._span(camera_id, said(refused), 409)
        day = begin.astimezone(zone).date().isoformat()
        return redirect(f"/cameras/{camera_id}?day={day}&hold={told.hold_id}", 303)

    def _span(self, camera_id: str, refused: Said | None, status: int) -> str | tuple[str, int]:
        now, typed = self._at.clock.now(), request.values
        with self._at.database.read() as session:
            camera = camera_of(session, viewer(), camera_id)
            zone = ZoneInfo(camera.centre.timezone)
            seen = None
            try:
                seen = span_seen(session, camera, *span_of(typed.get("from"), typed.get("to"), zone), now)
            except Refused as wrong:
                refused, status = refused or said(wrong), 400 if status == 200 else status
        page = render_template(
            "footage/span.html",
            **texts(),
            camera=camera,
            pictures=may_watch(viewer(), camera),
            seen=seen,
            zone=zone,
            typed=typed,
            review=(now + review_after(viewer().role)).astimezone(zone).date(),
            latest=_day_in(latest_review(viewer().role, now), zone),
            refused=refused,
            day=_day_of(typed.get("from"), now, zone),
        )
        return page if status == 200 else (page, status)

    def _seen(self, camera_id: str) -> Camera:
        """A camera whose days the present visitor may look at; else the ledger is told that they asked."""
        try:
            with self._at.database.read() as session:
                return camera_of(session, viewer(), camera_id)
        except NotFound:
            raise refused(self._at, who_asks().person, camera_id, "page") from None

    def _watched(self, camera_id: str) -> Camera:
        """A camera of which the present visitor may see pictures; else the ledger is told that they asked (I9)."""
        with self._at.database.read() as session:
            camera = session.get(Camera, camera_id)
            if camera is not None and may_watch(viewer(), camera):
                return camera
        raise refused(self._at, who_asks().person, camera_id, "page")


def footage(at: Installation) -> Blueprint:
    """/cameras/<camera>, and what lies below it."""
    return FootageArea(at).blueprint()


def _between(camera: Camera) -> tuple[datetime, datetime]:
    zone = ZoneInfo(camera.centre.timezone)
    begin, end = moment(request.args.get("from"), zone, "from"), moment(request.args.get("to"), zone, "to")
    return begin, min(end, begin + LONGEST_PLAYLIST)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _day_in(at: datetime | None, zone: ZoneInfo) -> date | None:
    return None if at is None else at.astimezone(zone).date()


def _day_of(text: str | None, now: datetime, zone: ZoneInfo) -> date:
    try:
        return moment(text, zone, "from").astimezone(zone).date()
    except Refused:
        return now.astimezone(zone or UTC).date()
