"""Receipts: what was deleted, and the bundle with which a stranger can check it."""

from datetime import datetime

from flask import Blueprint, Response, render_template, request

from app.privacy.deletions import A_PAGE, one_receipt, receipts_there_are, zipped
from app.privacy.people import zone_of
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.wiring import Installation
from storage.retention.bundle import receipt_bundle

# What receipts say in English, and a stranger checks in English; here in the reader's words.
REMAINS = {
    "sealed bytes that nobody can open": "sealed",
    "the store reclaims their space": "reclaimed",
    "backups of the key database, if the operator makes any": "backups",
    "their own expiry": "expiry",
    "traces of the key in the key database's files": "traces",
    "its next VACUUM": "vacuum",
    "the carrier's metadata of the recording": "metadata",
}


def receipts(at: Installation) -> Blueprint:
    """/receipts."""
    area = Blueprint("receipts", __name__)

    @area.get("/receipts")
    def listed() -> str:
        before = request.args.get("before")
        with at.database.read() as session:
            rows = receipts_there_are(session, viewer().centre_id, before, A_PAGE + 1)
        return render_template(
            "officer/receipts.html",
            **texts(),
            rows=rows[:A_PAGE],
            older=rows[A_PAGE - 1].object_id if len(rows) > A_PAGE else None,
            first=not before,
            zone=zone_of(who_asks().person),
        )

    @area.get("/receipts/<object_id>")
    def one(object_id: str) -> str:
        with at.database.read() as session:
            row, policies = one_receipt(session, object_id, viewer().centre_id)
        return render_template(
            "officer/receipt.html",
            **texts(),
            row=row,
            policies=policies,
            moment=_moment,
            remains=REMAINS,
            zone=zone_of(who_asks().person),
        )

    @area.post("/receipts/<object_id>/bundle")
    def bundle(object_id: str) -> Response:
        with at.database.begin() as session:
            row, _ = one_receipt(session, object_id, viewer().centre_id)
            files = receipt_bundle(session, at.ledger, object_id)
        answer = Response(zipped(files, row.deleted_at), mimetype="application/zip")
        answer.headers.set("Content-Disposition", "attachment", filename=f"receipt-{object_id}.zip")
        return answer

    return area


def _moment(text: str) -> datetime | None:
    """A moment, where a receipt has one; None where it says something else."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
