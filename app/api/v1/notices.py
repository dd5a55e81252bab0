"""/notices: what callers hear, heard, and will hear; and taking back what is still to come."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api.once import bearer, once, viewer
from app.api.v1.calls import WAV
from app.api.words import ONLY, Answers, Cursor, In, Moment, Out, Paging, Sha256, Text
from app.listings.listing import one, one_page
from app.listings.notices import notices_at
from app.wiring import Installation
from storage import notices
from storage.models import NoticeVersion
from storage.publication import withdraw

SOUND: Answers = {200: {"description": "The sound.", "content": WAV}}
KIND = Field(description="notice, or a prompt: menu, unrecorded, unknown_number, unavailable", examples=["notice"])
MODE = Field(description="stay, opt_out or opt_in; null for prompts", examples=["stay"])
LANGUAGE = Field(description="kk, ru or en", examples=["kk"])
TEXT = Field(description="word for word", examples=["This call is recorded for quality and training."])
PLACEHOLDER = Field(description="spoken by a machine, to be replaced", examples=[True])


class NoticeOut(Out):
    version: str = Field(examples=["stay-kk-1"])
    kind: str = KIND
    mode: str | None = MODE
    language: str = LANGUAGE
    state: str = Field(description="scheduled, published (in force), superseded or withdrawn", examples=["published"])
    audio_sha256: Sha256
    placeholder: bool = PLACEHOLDER
    seconds: float = Field(examples=[11.4])
    published_at: Moment
    effective_from: Moment = Field(description="callers hear it from then on")
    until: Moment | None = Field(description="when another takes its place; null while none is to")
    text: str = TEXT


class NoticesOut(Out):
    items: list[NoticeOut]
    next: Cursor


class WithdrawIn(In):
    reason: Text = Field(examples=["A word in it is wrong"])


def add_notices(area: APIBlueprint, at: Installation) -> None:
    """/notices."""

    @area.get("/notices", **ONLY)
    @area.input(Paging, location="query")
    @area.output(NoticesOut, description="Some notices.")
    def notice_versions(query_data: Paging) -> object:
        """What callers hear, heard, and will hear: every version."""
        with at.database.read() as session:
            return one_page(session, notices_at(at.clock.now()), viewer(), query_data.limit, query_data.cursor)

    @area.get("/notices/<version>/audio.wav", **ONLY)
    @area.doc(responses=SOUND)
    def notice_sound(version: str) -> Response:
        """The sound of a version, as WAV."""
        with at.database.read() as session:
            row = notices.named(session, version)
            return Response(notices.audio(session, row.audio_sha256).wav, mimetype="audio/wav")

    @area.post("/notices/<version>/withdraw", **ONLY)
    @area.input(WithdrawIn, example={"reason": "A word in it is wrong"})
    @area.output(NoticeOut, description="It never comes into force; the one before it has its time again.")
    def withdrawn_notice(version: str, json_data: WithdrawIn) -> Response:
        """Take back a version that is still to come."""

        def act(session: Session) -> dict[str, Any]:
            row = withdraw(session, version, json_data.reason, at.clock.now(), bearer().person.id)
            return version_told(session, at, row)

        return once(at, NoticeOut, act, 200)


def version_told(session: Session, at: Installation, row: NoticeVersion) -> dict[str, Any]:
    """A version, as it is in the transaction that made or changed it."""
    session.flush()
    return one(session, notices_at(at.clock.now()), viewer(), NoticeVersion.id == row.id)
