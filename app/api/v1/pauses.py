"""/calls/<call_sid>/pause and /resume: a recording is paused while card data is spoken. For a desk's own programs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api.once import REPLAYED, answered_before, bearer, once, viewer
from app.api.words import ONLY, Cursor, Moment, ObjectId, Out, Paging
from app.listings.calls import CALLS
from app.listings.listing import one, one_page
from app.listings.pauses import PAUSES
from app.wiring import Installation
from storage.errors import Refused
from storage.models import Call, RecordingPause
from telephony.pausing import Asker, PauseRefused


class PauseOut(Out):
    pause: ObjectId
    call_sid: str = Field(examples=["CA0f0e0d0c0b0a09080706050403020100"])
    recording_sid: str = Field(examples=["RE0f0e0d0c0b0a09080706050403020100"])
    state: str = Field(
        description="asked, paused, resuming, resumed, ended, refused or unconfirmed", examples=["paused"]
    )
    paused: bool = Field(
        description="whether it is silent now, by the carrier's own word: card data may be spoken", examples=[True]
    )
    asked_by: str = Field(description="the id of a person, or `operator`: at the machine itself")
    asked_at: Moment
    paused_at: Moment | None = Field(description="silent for certain from then on; null: the carrier never said so")
    silent_until: Moment | None = Field(description="silent for certain until then; null: it goes on, or never was")
    ended_at: Moment | None


class PausesOut(Out):
    items: list[PauseOut]
    next: Cursor


def add_pauses(area: APIBlueprint, at: Installation) -> None:
    """/calls/<call_sid>/pauses, /pause, /resume."""

    @area.get("/calls/<call_sid>/pauses", **ONLY)
    @area.input(Paging, location="query")
    @area.output(PausesOut, description="Some pauses, the first one first.")
    def pauses(call_sid: str, query_data: Paging) -> object:
        """The pauses of a call's recording, and what became of each."""
        of_call = replace(PAUSES, query=lambda: PAUSES.query().where(Call.call_sid == call_sid))
        with at.database.read() as session:
            one(session, CALLS, viewer(), Call.call_sid == call_sid)
            return one_page(session, of_call, viewer(), query_data.limit, query_data.cursor)

    @area.post("/calls/<call_sid>/pause", **ONLY)
    @area.output(PauseOut, description="It is silent from now on, the carrier says so. Nothing else means paused.")
    def paused(call_sid: str) -> Response:
        """Pause the recording of a call that goes on. Whatever is not answered by 200 is *not* paused."""
        answer = _asked(at, call_sid, at.pausing.pause)
        if REPLAYED in answer.headers:
            told: dict[str, Any] = answer.get_json()
            with at.database.read() as session:
                now_is = session.scalar(sa.select(RecordingPause.state).where(RecordingPause.id == told["pause"]))
            if now_is != "paused":
                # The same answer again would say that what is spoken now is not recorded.
                raise PauseRefused(
                    "over", "this key was given for a pause that is over: the recording is NOT paused by it"
                )
        return answer

    @area.post("/calls/<call_sid>/resume", **ONLY)
    @area.output(PauseOut, description="It is recorded again.")
    def resumed(call_sid: str) -> Response:
        """Let a paused recording go on."""
        return _asked(at, call_sid, at.pausing.resume)


def _asked(at: Installation, call_sid: str, ask: Callable[[str, Asker], RecordingPause]) -> Response:
    # The carrier is asked before the transaction; not at all, where the answer is there already.
    pause_id = None
    if not answered_before(at):
        with at.database.read() as session:
            one(session, CALLS, viewer(), Call.call_sid == call_sid)
            call_id = session.scalars(sa.select(Call.id).where(Call.call_sid == call_sid)).one()
        pause_id = ask(call_id, Asker(bearer().person.id, bearer().token_id)).id
    return once(at, PauseOut, lambda session: _told(session, pause_id), 200)


def _told(session: Session, pause_id: str | None) -> dict[str, Any]:
    if pause_id is None:
        raise Refused("the answer to that key was forgotten this moment: ask again")
    return one(session, PAUSES, viewer(), RecordingPause.id == pause_id)
