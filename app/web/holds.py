"""Holds: what is held for which case, holding, and lifting with what will go before one's eyes."""

from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.moments import midnight, moment, typed_day
from app.privacy.hold_bounds import latest_review, review_after
from app.privacy.holds import (
    A_PAGE,
    holds_there_are,
    kept_by,
    lift_shown,
    one_hold,
    set_hold,
    shown_hash,
)
from app.privacy.people import zone_of
from app.sources import source, sources
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.web.refusals import Said, said
from app.wiring import Installation
from storage.errors import Refused
from storage.models import Person
from storage.retention.holds import Span, TooLate, Why, gone_before, lift

SHOWN_AT_MOST = 100


def holds(at: Installation) -> Blueprint:
    """/holds."""
    area = Blueprint("holds", __name__)

    @area.get("/holds")
    def listed() -> str:
        before = request.args.get("before")
        with at.database.read() as session:
            holding = holds_there_are(session, viewer().centre_id, lifted=False) if not before else []
            lifted = holds_there_are(session, viewer().centre_id, lifted=True, before=before, at_most=A_PAGE + 1)
        older = lifted[A_PAGE - 1].hold.id if len(lifted) > A_PAGE else None
        return render_template(
            "officer/holds.html",
            **texts(),
            holding=holding,
            lifted=lifted[:A_PAGE],
            older=older,
            first=not before,
            zone=zone_of(who_asks().person),
            now=at.clock.now(),
        )

    @area.get("/holds/new")
    def new() -> tuple[str, int]:
        return _form(at, 200)

    @area.post("/holds/set")
    def made() -> Response | tuple[str, int]:
        now, who = at.clock.now(), who_asks().person
        try:
            with at.database.begin() as session:
                what, why = _asked(session, who)
                told = set_hold(session, what, why, now, viewer().centre_id, viewer().role)
        except TooLate as late:
            return _form(at, 409, gone=late.gone)
        except Refused as refused:
            return _form(at, 400, told=said(refused))
        return redirect(f"/holds/{told.hold_id}", 303)

    @area.get("/holds/<hold_id>")
    def one(hold_id: str) -> str:
        now = at.clock.now()
        with at.database.begin() as session:
            row = one_hold(session, hold_id, viewer().centre_id)
            gone = gone_before(session, row.hold)
            kept = kept_by(session, hold_id, SHOWN_AT_MOST)
            going = lift(session, hold_id, "-", now, dry_run=True) if row.hold.lifted_at is None else None
        return render_template(
            "officer/hold.html",
            **texts(),
            row=row,
            kept=kept,
            going=going,
            shown=shown_hash(going) if going is not None else None,
            gone=gone,
            zone=zone_of(who_asks().person),
            now=now,
        )

    @area.post("/holds/<hold_id>/lift")
    def lifted(hold_id: str) -> Response:
        reason, shown = request.form.get("reason", ""), request.form.get("shown", "")
        with at.database.begin() as session:
            lift_shown(session, hold_id, viewer().centre_id, reason, shown, at.clock.now())
        return redirect(f"/holds/{hold_id}", 303)

    return area


def _form(at: Installation, status: int, told: Said | None = None, gone: tuple[str, ...] = ()) -> tuple[str, int]:
    with at.database.read() as session:
        found = sources(session, viewer().centre_id)
    role, zone = viewer().role, zone_of(who_asks().person)
    latest = latest_review(role, at.clock.now())
    typed = request.form if request.method == "POST" else request.args
    page = render_template(
        "officer/hold_new.html",
        **texts(),
        sources=found,
        review=(at.clock.now() + review_after(role)).astimezone(zone).date(),
        latest=None if latest is None else latest.astimezone(zone).date(),
        typed=typed,
        said=told,
        gone=gone,
    )
    return page, status


def _asked(session: Session, who: Person) -> tuple[Span | list[str], Why]:
    zone = zone_of(who)
    what: Span | list[str]
    if request.form.get("by") == "span":
        found = source(session, request.form.get("source"))
        zone = ZoneInfo(found.centre.timezone) if found is not None else zone
        what = Span(found.id if found else "", *(moment(request.form.get(each), zone, each) for each in ("from", "to")))
    else:
        what = list(dict.fromkeys(request.form.get("objects", "").split()))
    review = midnight(typed_day(request.form.get("review"), "review"), zone)
    why = Why(request.form.get("case", ""), request.form.get("reason", ""), who.id, review)
    return what, why
