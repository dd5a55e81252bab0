"""/centres, /lines, /findings: the house itself."""

from apiflask import APIBlueprint
from pydantic import Field

from app.api.once import viewer
from app.api.words import ONLY, Cursor, Moment, Out, Paging
from app.listings.house import CENTRES, FINDINGS, LINES
from app.listings.listing import Listing, one_page
from app.wiring import Installation


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
    """/centres, /lines, /findings."""

    def listed(listing: Listing, asked: Paging) -> object:
        with at.database.read() as session:
            return one_page(session, listing, viewer(), asked.limit, asked.cursor)

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
