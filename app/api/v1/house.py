"""/notices, /centres, /lines, /findings: the house itself."""

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.api.once import viewer
from app.api.v1.calls import WAV
from app.api.words import ONLY, Answers, Cursor, Moment, Out, Paging, Sha256
from app.listings.house import CENTRES, FINDINGS, LINES
from app.listings.listing import Listing, one_page
from app.listings.rules import notices_at
from app.wiring import Installation
from storage import notices

SOUND: Answers = {200: {"description": "The sound.", "content": WAV}}


class NoticeOut(Out):
    version: str = Field(examples=["stay-kk-1"])
    kind: str = Field(description="notice, or a prompt", examples=["notice"])
    mode: str | None = Field(description="stay, opt_out or opt_in; null for prompts", examples=["stay"])
    language: str = Field(examples=["kk"])
    state: str = Field(description="scheduled, published (in force), superseded or withdrawn", examples=["published"])
    audio_sha256: Sha256
    placeholder: bool = Field(description="spoken by a machine, to be replaced", examples=[True])
    seconds: float = Field(examples=[11.4])
    published_at: Moment
    effective_from: Moment = Field(description="callers hear it from then on")
    until: Moment | None = Field(description="when another takes its place; null while none is to")
    text: str = Field(description="word for word", examples=["…"])


class NoticesOut(Out):
    items: list[NoticeOut]
    next: Cursor


class CentreOut(Out):
    centre: str = Field(examples=["ast"])
    name: str = Field(examples=["Astana"])
    jurisdiction: str = Field(examples=["KZ"])
    timezone: str = Field(examples=["Asia/Almaty"])
    languages: list[str] = Field(examples=[["kk", "ru", "en"]])


class CentresOut(Out):
    items: list[CentreOut]
    next: Cursor


class LineOut(Out):
    line: str = Field(description="centre/code", examples=["ast/front"])
    number: str = Field(description="ours, that callers dial", examples=["+77172000000"])
    mode: str = Field(examples=["stay"])
    languages: list[str] = Field(examples=[["kk", "ru", "en"]])
    forward_to: str = Field(description="ours, that answers", examples=["+77172000001"])


class LinesOut(Out):
    items: list[LineOut]
    next: Cursor


class FindingOut(Out):
    kind: str = Field(examples=["unasked_recording"])
    subject: str = Field(description="id of what it is about; never a person", examples=["RE0f0e"])
    explanation: str = Field(examples=["…"])
    first_seen_at: Moment
    last_seen_at: Moment


class FindingsOut(Out):
    items: list[FindingOut]
    next: Cursor


def add_house(area: APIBlueprint, at: Installation) -> None:
    """/notices, /centres, /lines, /findings."""

    def listed(listing: Listing, asked: Paging) -> object:
        with at.database.read() as session:
            return one_page(session, listing, viewer(), asked.limit, asked.cursor)

    @area.get("/notices", **ONLY)
    @area.input(Paging, location="query")
    @area.output(NoticesOut, description="Some notices.")
    def notice_versions(query_data: Paging) -> object:
        """What callers hear, heard, and will hear: every version."""
        return listed(notices_at(at.clock.now()), query_data)

    @area.get("/notices/<version>/audio.wav", **ONLY)
    @area.doc(responses=SOUND)
    def notice_sound(version: str) -> Response:
        """The sound of a version, as WAV."""
        with at.database.read() as session:
            row = notices.named(session, version)
            return Response(notices.audio(session, row.audio_sha256).wav, mimetype="audio/wav")

    @area.get("/centres", **ONLY)
    @area.input(Paging, location="query")
    @area.output(CentresOut, description="Some centres.")
    def centres(query_data: Paging) -> object:
        """Your centres."""
        return listed(CENTRES, query_data)

    @area.get("/lines", **ONLY)
    @area.input(Paging, location="query")
    @area.output(LinesOut, description="Some lines.")
    def lines(query_data: Paging) -> object:
        """The telephone lines of your centres."""
        return listed(LINES, query_data)

    @area.get("/findings", **ONLY)
    @area.input(Paging, location="query")
    @area.output(FindingsOut, description="Some findings.")
    def findings(query_data: Paging) -> object:
        """What was seen and left to a person, the oldest first."""
        return listed(FINDINGS, query_data)
