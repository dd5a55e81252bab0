"""/ledger: what happened, so that nobody can quietly rewrite it."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.api.once import viewer
from app.api.words import ONLY, Answers, Cursor, Moment, ObjectId, Out, Paging, Sha256
from app.listings.house import LEAVES
from app.listings.listing import one_page
from app.wiring import Installation
from storage.errors import NotFound

MOST_DIGITS = 18
TEXT: dict[str, dict[str, Any]] = {"text/plain": {"schema": {"type": "string"}}}
NOTE: Answers = {200: {"description": "A signed note (c2sp.org/tlog-checkpoint).", "content": TEXT}}
PROOF: Answers = {200: {"description": "A proof (c2sp.org/tlog-proof@v1).", "content": TEXT}}


class LeafOut(Out):
    leaf: int = Field(description="its place", examples=[41])
    id: ObjectId
    kind: str = Field(examples=["object_deleted"])
    at: Moment
    commitment: Sha256


class LeavesOut(Out):
    items: list[LeafOut]
    next: Cursor


def add_ledger(area: APIBlueprint, at: Installation) -> None:
    """/ledger/…."""

    @area.get("/ledger/checkpoint", **ONLY)
    @area.doc(responses=NOTE)
    def checkpoint() -> Response:
        """The signed checkpoint over all leaves: keep a copy, and no history can be rewritten unseen."""
        with at.database.begin() as session:
            return Response(at.ledger.checkpoint(session, given=True).note, mimetype="text/plain")

    @area.get("/ledger/leaves", **ONLY)
    @area.input(Paging, location="query")
    @area.output(LeavesOut, description="Some leaves.")
    def leaves(query_data: Paging) -> object:
        """Every leaf that has its place, in order: what a stranger needs to build the tree again."""
        with at.database.read() as session:
            return one_page(session, LEAVES, viewer(), query_data.limit, query_data.cursor)

    @area.get("/ledger/leaves/<index>/proof", **ONLY)
    @area.doc(responses=PROOF)
    def proof(index: str) -> Response:
        """The proof of one leaf, for somebody else to keep and check."""
        if not (index.isascii() and index.isdigit() and len(index) <= MOST_DIGITS):
            raise NotFound("no leaf has that place")
        with at.database.begin() as session:
            return Response(at.ledger.proof(session, int(index)), mimetype="text/plain")
