"""One's own tokens: making one, which is shown once, and ending them."""

from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.auth import tokens
from app.auth.policy import scopes_of
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.web.refusals import Said, said
from app.wiring import Installation
from storage.errors import Refused
from storage.models import Person


def tokens_area(at: Installation) -> Blueprint:
    """/tokens, and what its forms do."""
    area = Blueprint("tokens", __name__, url_prefix="/tokens")

    def page(made: str | None = None, told: Said | None = None) -> str:
        who = who_asks()
        with at.database.read() as session:
            rows = tokens.going_on(session, who.person.id, at.clock.now())
        centre = who.person.centre
        return render_template(
            "tokens.html",
            **texts(),
            rows=rows,
            made=made,
            said=told,
            scopes=scopes_of(viewer()),
            lifetimes=tokens.LIFETIMES,
            zone=ZoneInfo(centre.timezone if centre else "UTC"),
            base=at.site.base_url,
        )

    @area.get("")
    def listed() -> str:
        return page()

    @area.post("/make")
    def make() -> str | tuple[str, int]:
        name, scopes = request.form.get("name", ""), request.form.getlist("scope")
        days = request.form.get("days", "")
        try:
            with at.database.begin() as session:
                person = session.get_one(Person, who_asks().person.id)
                chosen = int(days) if days.isdecimal() and len(days) < 5 else 0
                _, token = tokens.make(session, person, name, scopes, chosen, at.clock.now())
        except Refused as error:
            return page(told=said(error)), 400
        return page(made=token)

    @area.post("/end")
    def end() -> Response:
        with at.database.begin() as session:
            tokens.end(session, who_asks().person.id, request.form.get("token", ""), at.clock.now())
        return redirect("/tokens", 303)

    return area
