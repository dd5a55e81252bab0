"""/purges: card data that was recorded, silenced for ever by two people."""

from math import ceil, floor
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api.once import answered_before, bearer, once, viewer
from app.api.words import ONLY, Cursor, In, Moment, ObjectId, Out, Paging, Sha256, Text
from app.listings.listing import one, one_page
from app.listings.reviews import PURGES
from app.privacy.purges import Silenced, approve_purge, ask_for, one_purge, withdraw_purge, would_silence
from app.wiring import Installation
from storage.errors import Refused
from storage.models import CardDataPurge


class StretchOut(Out):
    from_: float = Field(alias="from", description="seconds from the begin", examples=[12.5])
    to: float = Field(examples=[18.25])


class PurgeOut(Out):
    purge: ObjectId
    object_id: ObjectId
    state: str = Field(description="asked, approved, done, withdrawn or void", examples=["asked"])
    spans: list[StretchOut]
    hash: Sha256 = Field(description="of what was asked: who approves sends it")
    reason: str = Field(examples=["A card number is heard"])
    asked_at: Moment
    approved_at: Moment | None
    ended_at: Moment | None
    copy_id: ObjectId | None = Field(description="the silenced copy, once it is done")
    last_error: str | None


class PurgesOut(Out):
    items: list[PurgeOut]
    next: Cursor


class StretchIn(In):
    from_: float = Field(alias="from", ge=0, le=1_000_000, description="seconds from the begin", examples=[12.5])
    to: float = Field(ge=0, le=1_000_000, examples=[18.25])


class PurgeIn(In):
    object_id: ObjectId
    spans: list[StretchIn] = Field(min_length=1, max_length=50)
    reason: Text = Field(description="without the card data itself", examples=["A card number is heard"])


class ApproveIn(In):
    hash: Sha256 = Field(description="of what was asked, which you have read")


class WithdrawIn(In):
    reason: Text = Field(examples=["It is no card number"])


def add_purges(area: APIBlueprint, at: Installation) -> None:
    """/purges."""

    @area.get("/purges", **ONLY)
    @area.input(Paging, location="query")
    @area.output(PurgesOut, description="Some purges.")
    def purges(query_data: Paging) -> object:
        """Purges of card data at your centres, the first asked for first."""
        with at.database.read() as session:
            return one_page(session, PURGES, viewer(), query_data.limit, query_data.cursor)

    @area.post("/purges", **ONLY)
    @area.input(
        PurgeIn,
        example={
            "object_id": "0f0e0d0c0b0a0908" * 2,
            "spans": [{"from": 12.5, "to": 18.25}],
            "reason": "A card number is heard",
        },
    )
    @area.output(PurgeOut, 201, description="It waits for a second person, and changes nothing yet.")
    def asked_purge(json_data: PurgeIn) -> Response:
        """Ask that stretches of a recording be silenced for ever."""
        # A stretch is never made shorter by rounding.
        spans = [(floor(each.from_ * 1000), ceil(each.to * 1000)) for each in json_data.spans]
        # What asks the store is done before the transaction; not at all, where the answer is there already.
        what = None if answered_before(at) else would_silence(at, bearer().person, json_data.object_id, spans)
        return once(at, PurgeOut, lambda session: _asked(session, at, what, json_data.reason), 201)

    @area.post("/purges/<purge_id>/approve", **ONLY)
    @area.input(ApproveIn, example={"hash": "9f86d081884c7d659a2feaa0c55ad015" * 2})
    @area.output(PurgeOut, description="The worker does it now.")
    def approved_purge(purge_id: str, json_data: ApproveIn) -> Response:
        """Let it be done. Takes another person than who asked."""
        return once(at, PurgeOut, lambda session: _approved(session, at, purge_id, json_data), 200)

    @area.post("/purges/<purge_id>/withdraw", **ONLY)
    @area.input(WithdrawIn, example={"reason": "It is no card number"})
    @area.output(PurgeOut, description="Nothing was changed.")
    def withdrawn_purge(purge_id: str, json_data: WithdrawIn) -> Response:
        """Let it not be done: whoever asked for it may, and whoever may approve it."""
        return once(at, PurgeOut, lambda session: _withdrawn(session, at, purge_id, json_data), 200)


def _asked(session: Session, at: Installation, what: Silenced | None, reason: str) -> dict[str, Any]:
    if what is None:
        raise Refused("the answer to that key was forgotten this moment: ask again")
    return _told(session, ask_for(session, bearer().person, what, reason, at.clock.now()).id)


def _approved(session: Session, at: Installation, purge_id: str, asked: ApproveIn) -> dict[str, Any]:
    one_purge(session, purge_id, viewer().centre_id)
    approve_purge(session, bearer().person, purge_id, asked.hash, at.clock.now())
    return _told(session, purge_id)


def _withdrawn(session: Session, at: Installation, purge_id: str, asked: WithdrawIn) -> dict[str, Any]:
    one_purge(session, purge_id, viewer().centre_id)
    withdraw_purge(session, bearer().person, purge_id, asked.reason, at.clock.now())
    return _told(session, purge_id)


def _told(session: Session, purge_id: str) -> dict[str, Any]:
    session.flush()
    return one(session, PURGES, viewer(), CardDataPurge.id == purge_id)
