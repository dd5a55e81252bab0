"""Findings: what was seen and left to a person, and being done with it."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from app.privacy.findings import closed_findings, open_findings
from app.privacy.people import zone_of
from app.web.gate import who_asks
from app.web.messages import texts
from app.wiring import Installation
from storage.findings import close_finding


def findings(at: Installation) -> Blueprint:
    """/findings."""
    area = Blueprint("findings", __name__)

    @area.get("/findings")
    def listed() -> str:
        with at.database.read() as session:
            left, closed = open_findings(session), closed_findings(session)
        return render_template(
            "officer/findings.html", **texts(), left=left, closed=closed, zone=zone_of(who_asks().person)
        )

    @area.post("/findings/<finding_id>/close")
    def close(finding_id: str) -> Response:
        reason = request.form.get("reason", "")
        with at.database.begin() as session:
            close_finding(session, finding_id, who_asks().person.id, reason, at.clock.now())
        return redirect("/findings", 303)

    return area
