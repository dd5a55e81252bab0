"""What was declined: how many, where, by which notice. There is nothing else of them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request

from app.privacy.declined import A_PAGE, declined_calls, declined_counts
from app.web.gate import viewer
from app.web.messages import texts
from app.wiring import Installation

SPANS = (7, 30, 90, 365)


def declined(at: Installation) -> Blueprint:
    """/declined."""
    area = Blueprint("declined", __name__)

    @area.get("/declined")
    def listed() -> str:
        days = request.args.get("days", type=int)
        days = days if days in SPANS else SPANS[1]
        before = request.args.get("before")
        since = at.clock.now() - timedelta(days=days)
        with at.database.read() as session:
            counts = declined_counts(session, since, viewer().centre_id)
            rows = declined_calls(session, since, viewer().centre_id, before)
        return render_template(
            "officer/declined.html",
            **texts(),
            spans=SPANS,
            days=days,
            counts=counts,
            rows=rows[:A_PAGE],
            older=rows[A_PAGE - 1].call_id if len(rows) > A_PAGE else None,
            first=not before,
            zone_named=ZoneInfo,
        )

    return area
