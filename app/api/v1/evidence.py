"""/calls/<call_sid>/evidence: what proves a call; and given out as a PDF or a signed vCon."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.api.once import bearer, viewer
from app.api.v1.calls import PurposeOut
from app.api.words import ONLY, Answers, In, Moment, ObjectId, Out, Sha256, Text
from app.listings.evidence import evidence_told
from app.privacy.evidence import evidence_of
from app.privacy.giving import Giving, give_pdf, give_vcon
from app.web.local import Local
from app.web.messages import catalogue
from app.wiring import Installation
from storage.errors import NotFound
from storage.models import Call

PDF: Answers = {
    200: {
        "description": "The sheet.",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}
VCON: Answers = {
    200: {
        "description": "The vCon, as JWS in its general JSON serialisation (RFC 7515).",
        "content": {"application/vcon+json": {"schema": {"type": "object"}}},
    }
}


class NoticeHeardOut(Out):
    version: str = Field(examples=["stay-kk-1"])
    language: str = Field(examples=["kk"])
    placeholder: bool = Field(description="not yet recorded by a person", examples=[False])
    started_at: Moment | None
    ended_at: Moment | None = Field(description="when it is proven to have been heard to its end; null: it is not")
    text: str
    text_sha256: Sha256
    audio_sha256: Sha256


class ConsentOut(Out):
    state: str = Field(description="given, or void: not proven after all", examples=["given"])
    expressed_by: str = Field(description="stayed or pressed_1", examples=["stayed"])
    given_at: Moment
    controller: str
    purposes: list[str] = Field(examples=[["quality", "training"]])


class PausedOut(Out):
    state: str = Field(description="as in `/calls/<call_sid>/pauses`", examples=["resumed"])
    asked_at: Moment
    paused_at: Moment | None = Field(description="silent for certain from then on; null: never confirmed")
    silent_until: Moment | None


class MediaOut(Out):
    recording_sid: str = Field(examples=["RE0f0e0d0c0b0a09080706050403020100"])
    started_at: Moment | None
    duration_s: float | None = Field(examples=[61.5])
    object_id: ObjectId | None
    state: str | None = Field(description="of the object; null: nothing is kept", examples=["stored"])
    sha256: Sha256 | None = Field(description="of the content")
    pauses: list[PausedOut] = Field(description="while card data was spoken")
    purposes: list[PurposeOut]
    held: bool = Field(examples=[False])
    deleted_at: Moment | None


class StepOut(Out):
    kind: str = Field(description="menu, notice or dialled", examples=["notice"])
    issued_at: Moment
    used_at: Moment | None = Field(description="when its one request came; null: never")


class LeafOfOut(Out):
    kind: str = Field(examples=["consent_given"])
    at: Moment
    leaf: int | None = Field(description="its index; null for about a second", examples=[17])


class EvidenceOut(Out):
    call_sid: str = Field(examples=["CA0f0e0d0c0b0a09080706050403020100"])
    line: str = Field(description="centre/code", examples=["ast/front"])
    line_number: str = Field(examples=["+77172000000"])
    rang_at: Moment
    ended_at: Moment | None
    outcome: str | None = Field(examples=["recorded"])
    caller: str | None = Field(description="masked: enough to know one's own number", examples=["+7•••••••••23"])
    notice: NoticeHeardOut | None
    consent: ConsentOut | None
    recordings: list[MediaOut]
    steps: list[StepOut]
    leaves: list[LeafOfOut]


class GiveIn(In):
    reason: Text = Field(description="to whom, and why: it is in the ledger", examples=["Court of Astana, 2026-17"])


class SheetIn(GiveIn):
    language: str = Field(pattern="^(kk|ru|en)$", examples=["kk"])


def add_evidence(area: APIBlueprint, at: Installation) -> None:
    """/calls/<call_sid>/evidence."""

    @area.get("/calls/<call_sid>/evidence", **ONLY)
    @area.output(EvidenceOut, description="What its sheet says.")
    def evidence(call_sid: str) -> object:
        """What proves a call: notice, consent, recording, and the leaves of the ledger."""
        with at.database.read() as session:
            return evidence_told(evidence_of(session, _id_of(at, call_sid), viewer().centre_id))

    @area.post("/calls/<call_sid>/evidence/pdf", **ONLY)
    @area.input(SheetIn, example={"reason": "Court of Astana, 2026-17", "language": "kk"})
    @area.doc(responses=PDF)
    def as_pdf(call_sid: str, json_data: SheetIn) -> Response:
        """Give the sheet out as a PDF. Each time is a leaf of its own in the ledger."""
        language = json_data.language
        return _given(
            at,
            call_sid,
            json_data.reason,
            "application/pdf",
            lambda what: give_pdf(at, what, catalogue(language), Local(language)),
        )

    @area.post("/calls/<call_sid>/evidence/vcon", **ONLY)
    @area.input(GiveIn, example={"reason": "Court of Astana, 2026-17"})
    @area.doc(responses=VCON)
    def as_vcon(call_sid: str, json_data: GiveIn) -> Response:
        """Give it out as a signed vCon. Each time is a leaf of its own in the ledger."""
        return _given(at, call_sid, json_data.reason, "application/vcon+json", lambda what: give_vcon(at, what))


def _given(at: Installation, call_sid: str, reason: str, kind: str, give: Callable[[Giving], bytes]) -> Response:
    what = Giving(_id_of(at, call_sid), viewer().centre_id, bearer().person.id, reason)
    headers: dict[str, Any] = {"Cache-Control": "private, no-store"}
    return Response(give(what), mimetype=kind, headers=headers)


def _id_of(at: Installation, call_sid: str) -> str:
    with at.database.read() as session:
        found = session.scalar(sa.select(Call.id).where(Call.call_sid == call_sid))
    if found is None:
        raise NotFound("there is no such call, or it is not yours to see")
    return found
