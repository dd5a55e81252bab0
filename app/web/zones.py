"""/cameras/zones/new: a part of a centre with its own sign, made before its first camera."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.cameras.setup import place_chosen, places
from app.web.gate import viewer
from app.web.messages import texts
from app.web.refusals import Said, said
from app.wiring import Installation
from storage.errors import NotFound, Refused
from video.cameras import add_zone


def zones(at: Installation) -> Blueprint:
    """A form, and what is sent by it."""
    area = Blueprint("zones", __name__, url_prefix="/cameras/zones")

    def page(problem: Said | None = None) -> str:
        with at.database.read() as session:
            centres = places(session, viewer())
        return render_template("cameras/zone.html", **texts(), centres=centres, typed=request.form, problem=problem)

    @area.get("/new")
    def new() -> str:
        return page()

    @area.post("/new")
    def add() -> Response | tuple[str, int]:
        given = request.form
        try:
            with at.database.begin() as session:
                made = add_zone(
                    session,
                    centre=place_chosen(session, viewer(), given.get("centre", "")),
                    code=given.get("code", "").strip(),
                    name=given.get("name", ""),
                    now=at.clock.now(),
                )
                zone_id = made.id
        except NotFound:
            raise
        except Refused as refused:
            return page(said(refused)), 400
        return redirect(url_for("cameras.new", zone=zone_id), 303)

    return area
