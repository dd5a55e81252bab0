"""Purges of card data: asking with what would be silenced before one's eyes, and what a second person decides."""

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.auth.policy import may_open
from app.privacy.people import zone_of
from app.privacy.purges import (
    ASK,
    Silenced,
    approve_purge,
    ask_for,
    decidable,
    one_purge,
    purges_open,
    purges_over,
    withdraw_purge,
    would_silence,
)
from app.review.notes import read_time
from app.search.story import playable_by
from app.viewing import object_of
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.web.refusals import said
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.models import Receipt, StoredObject
from telephony.peaks import peaks_of

# Rows to type stretches into that a page has at least, and beyond those that are filled.
ROWS_AT_LEAST = 3
MOST = 50


def purges(at: Installation) -> Blueprint:
    """/purges."""
    area = Blueprint("purges", __name__)

    @area.get("/purges")
    def listed() -> str:
        before = request.args.get("before") or None
        with at.database.read() as session:
            waits = purges_open(session, viewer().centre_id) if before is None else []
            over, page = purges_over(session, viewer().centre_id, before)
        return render_template(
            "officer/purges.html", **texts(), waits=waits, over=over, older=page.next, first=before is None, **_who()
        )

    @area.get("/purges/new")
    def new() -> str:
        return _form(at, request.args.get("object", ""))

    @area.post("/purges/preview")
    def preview() -> str | tuple[str, int]:
        return _preview(at, request.form.get("object", ""), _typed())

    @area.post("/purges/ask")
    def asked() -> Response:
        what = _asked(at, _typed())
        with at.database.begin() as session:
            made = ask_for(session, who_asks().person, what, request.form.get("reason", ""), at.clock.now())
        return redirect(url_for("purges.one", purge_id=made.id), 303)

    @area.get("/purges/<purge_id>")
    def one(purge_id: str) -> str:
        with at.database.read() as session:
            found = one_purge(session, purge_id, viewer().centre_id)
            copy = session.get(StoredObject, found.purge.copy_id) if found.state == "done" else None
            hears = playable_by(viewer(), copy, at.clock.now())
            receipt = may_open(viewer(), "/receipts/<object_id>") and session.get(Receipt, found.row.id) is not None
        can = decidable(who_asks().person, found)
        return render_template(
            "officer/purge.html", **texts(), found=found, can=can, hears=hears, receipt=receipt, **_who()
        )

    @area.post("/purges/<purge_id>/approve")
    def approved(purge_id: str) -> Response:
        with at.database.begin() as session:
            one_purge(session, purge_id, viewer().centre_id)
            approve_purge(session, who_asks().person, purge_id, request.form.get("hash", ""), at.clock.now())
        return redirect(url_for("purges.one", purge_id=purge_id), 303)

    @area.post("/purges/<purge_id>/withdraw")
    def withdrawn(purge_id: str) -> Response:
        with at.database.begin() as session:
            one_purge(session, purge_id, viewer().centre_id)
            withdraw_purge(session, who_asks().person, purge_id, request.form.get("reason", ""), at.clock.now())
        return redirect(url_for("purges.one", purge_id=purge_id), 303)

    return area


def _preview(at: Installation, object_id: str, typed: Sequence[tuple[str, str]]) -> str | tuple[str, int]:
    if "again" in request.form:
        return _form(at, object_id, typed)
    try:
        what = _asked(at, typed)
    except NotFound:
        raise
    except Refused as refused:
        return _form(at, object_id, typed, refused), 400
    reason = request.form.get("reason", "")
    return render_template("officer/purge_preview.html", **texts(), what=what, typed=typed, reason=reason, **_who())


def _form(
    at: Installation, object_id: str, typed: Sequence[tuple[str, str]] = (), refused: Refused | None = None
) -> str:
    with at.database.read() as session:
        row = object_of(session, who_asks().person, ASK, object_id)
        hears = playable_by(viewer(), row, at.clock.now())
        peaks = hears and peaks_of(session, row.id) is not None
    rows = [*typed, ("", "")]
    rows += [("", "")] * (ROWS_AT_LEAST - len(rows))
    return render_template(
        "officer/purge_new.html",
        **texts(),
        row=row,
        audio=url_for("recordings.sound", object_id=row.id) if hears else None,
        peaks=url_for("recordings.peaks", object_id=row.id) if peaks else None,
        rows=rows,
        reason=request.form.get("reason", ""),
        said=said(refused) if refused is not None else None,
        **_who(),
    )


def _typed() -> list[tuple[str, str]]:
    """The stretches as they were typed; rows that were left empty are none."""
    pairs = zip(request.form.getlist("from"), request.form.getlist("to"), strict=False)
    return [(begin, end) for begin, end in pairs if begin.strip() or end.strip()][:MOST]


def _asked(at: Installation, typed: Sequence[tuple[str, str]]) -> Silenced:
    spans = [(read_time(begin), read_time(end)) for begin, end in typed]
    return would_silence(at, who_asks().person, request.form.get("object", ""), spans)


def _who() -> dict[str, object]:
    return {"zone": zone_of(who_asks().person)}
