"""The ledger: how far it goes, its checkpoint to take away, its leaves, the proof of one."""

from flask import Blueprint, Response, render_template, request

from app.privacy.ledger import A_PAGE, MOST, leaves, ledger_state, one_leaf
from app.privacy.people import zone_of
from app.web.gate import who_asks
from app.web.messages import texts
from app.wiring import Installation


def ledger(at: Installation) -> Blueprint:
    """/ledger."""
    area = Blueprint("ledger", __name__)

    @area.get("/ledger")
    def listed() -> str:
        before = request.args.get("before", type=int)
        with at.database.read() as session:
            state, rows = ledger_state(session), leaves(session, before)
        last = rows[-1].position if len(rows) == A_PAGE else None
        return render_template(
            "officer/ledger.html",
            **texts(),
            state=state,
            rows=rows,
            older=last,
            first=before is None,
            vkey=at.ledger.verifier(),
            zone=zone_of(who_asks().person),
        )

    @area.post("/ledger/checkpoint")
    def checkpoint() -> Response:
        with at.database.begin() as session:
            row = at.ledger.checkpoint(session, given=True)
            note, size = row.note, row.size
        return _file(note, f"checkpoint-{size}.txt")

    @area.get("/ledger/<int:position>")
    def one(position: int) -> str:
        with at.database.read() as session:
            leaf, hashed = one_leaf(session, position)
        return render_template(
            "officer/leaf.html", **texts(), leaf=leaf, hashed=hashed, zone=zone_of(who_asks().person)
        )

    @area.post("/ledger/<int:position>/proof")
    def proof(position: int) -> Response:
        with at.database.begin() as session:
            text = at.ledger.proof(session, min(position, MOST))
        return _file(text, f"leaf-{position}.tlog-proof")

    return area


def _file(text: str, name: str) -> Response:
    answer = Response(text, mimetype="text/plain")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
