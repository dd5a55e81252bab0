"""The evidence of one call: as a page, and given out as a PDF or a signed vCon."""

from flask import Blueprint, Response, render_template, request

from app.privacy.evidence import evidence_of
from app.privacy.giving import Giving, give_pdf, give_vcon
from app.privacy.people import zone_of
from app.privacy.sheet import sheet
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.wiring import Installation


def evidence(at: Installation) -> Blueprint:
    """/calls/<call>/evidence."""
    area = Blueprint("evidence", __name__)

    @area.get("/calls/<call_id>/evidence")
    def page(call_id: str) -> str:
        words = texts()
        with at.database.read() as session:
            of = evidence_of(session, call_id, viewer().centre_id)
            sections = sheet(of, words["t"], words["local"])
        return render_template(
            "officer/evidence.html",
            **words,
            of=of,
            sections=sections,
            fingerprint=at.seal.fingerprint(),
            zone=zone_of(who_asks().person),
        )

    @area.post("/calls/<call_id>/evidence/pdf")
    def as_pdf(call_id: str) -> Response:
        words = texts()
        made = give_pdf(at, _giving(call_id), words["t"], words["local"])
        return _file(made, "application/pdf", f"call-{call_id}-{words['language']}.pdf")

    @area.post("/calls/<call_id>/evidence/vcon")
    def as_vcon(call_id: str) -> Response:
        return _file(give_vcon(at, _giving(call_id)), "application/vcon+json", f"call-{call_id}.vcon.json")

    return area


def _giving(call_id: str) -> Giving:
    return Giving(call_id, viewer().centre_id, who_asks().person.id, request.form.get("reason", ""))


def _file(made: bytes, kind: str, name: str) -> Response:
    answer = Response(made, mimetype=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
