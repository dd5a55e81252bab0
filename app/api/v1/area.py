"""The API: its addresses put together. Who may use which is in app/auth/routes.py; the gate looks at the token."""

from apiflask import APIBlueprint
from flask import abort, request

from app.api.v1.calls import add_calls
from app.api.v1.evidence import add_evidence
from app.api.v1.holds import add_holds
from app.api.v1.house import add_house
from app.api.v1.kept import add_kept
from app.api.v1.ledger import add_ledger
from app.api.v1.notice_drafts import add_notice_drafts
from app.api.v1.notices import add_notices
from app.api.v1.pauses import add_pauses
from app.api.v1.people import add_people
from app.api.v1.policies import add_policies
from app.api.v1.purges import add_purges
from app.api.v1.reviews import add_reviews
from app.wiring import Installation


def api(at: Installation) -> APIBlueprint:
    """/api/v1/…."""
    area = APIBlueprint("api", __name__, url_prefix="/api/v1", enable_openapi=True)
    for add in (
        add_calls,
        add_kept,
        add_holds,
        add_policies,
        add_house,
        add_notices,
        add_notice_drafts,
        add_people,
        add_ledger,
        add_reviews,
        add_evidence,
        add_purges,
        add_pauses,
    ):
        add(area, at)

    @area.before_request
    def only_json() -> None:
        if request.method == "POST" and request.get_data() and request.mimetype != "application/json":
            abort(415, "send JSON, as application/json")

    return area
