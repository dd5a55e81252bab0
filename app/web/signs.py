"""/signs: the zones of a centre, how it stands with the sign of each, printing it, confirming it by a photo."""

from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.privacy.people import zone_of
from app.signs.listed import addresses_of, zone_sign, zone_signs
from app.signs.printed import printed
from app.uploads import SIGN_PHOTO
from app.viewing import grant, read
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.web.refusals import said
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.models import Zone
from video.photos import TooManyPhotos
from video.postings import postings_of, withdraw

SHOWN_AT_MOST = 20
FORMS = {"pdf": "application/pdf", "png": "image/png"}


def signs(at: Installation) -> Blueprint:
    """The pages, and what is sent to them."""
    area = Blueprint("signs", __name__)
    _seen(area, at)
    _done(area, at)
    return area


def _seen(area: Blueprint, at: Installation) -> None:
    @area.get("/signs")
    def listed() -> str:
        now = at.clock.now()
        with at.database.read() as session:
            rows = zone_signs(session, now, viewer().centre_id)
        return render_template("signs/signs.html", **texts(), rows=rows, zone_named=ZoneInfo)

    @area.get("/signs/<zone_id>")
    def one(zone_id: str) -> tuple[str, int]:
        return _page(at, zone_id, 200)

    @area.get("/signs/<zone_id>/sign.<any(pdf, png):form>")
    def printable(zone_id: str, form: str) -> Response:
        with at.database.read() as session:
            found = zone_sign(session, zone_id, viewer(), at.clock.now())
        made = printed(at, zone_id, "pdf" if form == "pdf" else "png")
        answer = Response(made.content, mimetype=FORMS[form])
        name = f"{found.zone.centre.code}-{found.zone.code}-{made.sheet.code}.{form}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    @area.get("/signs/<zone_id>/photo")
    def photo(zone_id: str) -> Response:
        with at.database.read() as session:
            found = zone_sign(session, zone_id, viewer(), at.clock.now())
        if found.posting is None or found.posting.photo_object_id is None:
            raise NotFound("there is no such zone, or it is not yours to see")
        granted = grant(at, who_asks().person.id, found.posting.photo_object_id, "page")
        return Response(read(at, granted.item), mimetype=granted.item.content_type)


def _done(area: Blueprint, at: Installation) -> None:
    @area.post(SIGN_PHOTO)
    def confirmed(zone_id: str) -> AnyResponse | tuple[str, int]:
        with at.database.read() as session:
            zone_sign(session, zone_id, viewer(), at.clock.now())
        file = request.files.get("photo")
        try:
            at.confirmations.confirm(zone_id, file.read() if file is not None else b"", who_asks().person.id)
        except TooManyPhotos as refused:
            return _page(at, zone_id, 503, refused)
        except Refused as refused:
            return _page(at, zone_id, 400, refused)
        return redirect(f"/signs/{zone_id}?confirmed=1", 303)

    @area.post("/signs/<zone_id>/withdraw")
    def withdrawn(zone_id: str) -> AnyResponse | tuple[str, int]:
        now = at.clock.now()
        try:
            with at.database.begin() as session:
                zone_sign(session, zone_id, viewer(), now)
                zone = session.get_one(Zone, zone_id)
                reason = request.form.get("reason", "")
                withdraw(session, zone, by=who_asks().person.id, reason=reason, now=now)
        except NotFound:
            raise
        except Refused as refused:
            return _page(at, zone_id, 400, refused)
        return redirect(f"/signs/{zone_id}", 303)


def _page(at: Installation, zone_id: str, status: int, refused: Refused | None = None) -> tuple[str, int]:
    now = at.clock.now()
    with at.database.read() as session:
        row = zone_sign(session, zone_id, viewer(), now)
        past = postings_of(session, zone_id)[:SHOWN_AT_MOST]
        people = addresses_of(session, past)
    page = render_template(
        "signs/sign.html",
        **texts(),
        row=row,
        past=past,
        people=people,
        zone=zone_of(who_asks().person) if who_asks().person.centre_id else ZoneInfo(row.zone.centre.timezone),
        said=said(refused) if refused is not None else None,
        confirmed_now=request.args.get("confirmed") is not None and row.standing.word == "posted",
    )
    return page, status
