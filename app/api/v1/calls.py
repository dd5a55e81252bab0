"""/calls and /recordings: what is known of calls, and the sound of those that may be heard."""

from typing import Any

import sqlalchemy as sa
from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from app.api.once import bearer, viewer
from app.api.words import ONLY, Answers, Cursor, In, Moment, MomentIn, ObjectId, Out, Paging, Percent
from app.auth.tokens import NotAdmitted
from app.listings.calls import CALLS, RECORDINGS, call_told
from app.listings.listing import one, one_page
from app.search.calls import Wanted, find_calls
from app.search.score import Scores
from app.viewing import NOTHING, grant, refuse
from app.web.listening import ranged
from app.wiring import Installation
from storage.errors import NotFound
from storage.models import Call, Recording

WAV: dict[str, dict[str, Any]] = {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}
SOUND: Answers = {
    200: {"description": "All of it.", "content": WAV},
    206: {"description": "The range that was asked for.", "content": WAV},
}


class CallOut(Out):
    call_sid: str = Field(description="the carrier's id of the call", examples=["CA0f0e0d0c0b0a09080706050403020100"])
    line: str = Field(description="centre/code", examples=["ast/front"])
    language: str | None = Field(description="chosen by the caller; null until then", examples=["kk"])
    outcome: str | None = Field(
        description="recorded, declined_hangup, declined_key, unrecorded, incomplete; null until settled",
        examples=["recorded"],
    )
    notice_version: str | None = Field(description="what was played", examples=["stay-kk-1"])
    notice_started_at: Moment | None = Field(description="when its last playing began")
    notice_ended_at: Moment | None = Field(description="when it is proven to have been heard to its end")


class CallsOut(Out):
    items: list[CallOut]
    next: Cursor


class CallsIn(Paging):
    line: str | None = Field(default=None, max_length=65, description="centre/code")
    from_: MomentIn | None = Field(default=None, alias="from", description="rang then or later")
    to: MomentIn | None = Field(default=None, description="rang before")
    outcome: str | None = Field(
        default=None,
        pattern="^(recorded|declined_hangup|declined_key|unrecorded|incomplete|open)$",
        description="`open`: not settled yet",
    )
    language: str | None = Field(default=None, pattern="^(kk|ru|en)$")
    score_at_least: Percent | None = Field(default=None, description="of its last review; for those who review")
    score_at_most: Percent | None = Field(default=None, description="of its last review; for those who review")


class PurposeOut(Out):
    purpose: str = Field(examples=["quality"])
    until: Moment


class RecordingOut(Out):
    recording_sid: str = Field(examples=["RE0f0e0d0c0b0a09080706050403020100"])
    call_sid: str = Field(examples=["CA0f0e0d0c0b0a09080706050403020100"])
    state: str = Field(
        description="pending, fetching, stored, deleting, deleted, refused or absent", examples=["stored"]
    )
    object_id: ObjectId | None
    channels: int | None = Field(examples=[2])
    duration_s: float | None = Field(examples=[61.5])
    started_at: Moment | None
    purposes: list[PurposeOut] = Field(description="what it may be used for, and until when")
    delete_after: Moment | None
    carrier_copy: str = Field(description="present or deleted", examples=["deleted"])


class RecordingsOut(Out):
    items: list[RecordingOut]
    next: Cursor


class SoundIn(In):
    purpose: str = Field(pattern="^(training|quality)$", description="what you listen for: it is in the ledger")


def add_calls(area: APIBlueprint, at: Installation) -> None:
    """/calls, /recordings."""

    @area.get("/calls", **ONLY)
    @area.input(CallsIn, location="query")
    @area.output(CallsOut, description="Some calls, the newest first.")
    def calls(query_data: CallsIn) -> object:
        """Calls of your centres, the newest first."""
        asked = query_data
        wanted = Wanted(
            asked.line,
            asked.from_,
            asked.to,
            asked.outcome,
            asked.language,
            scores=Scores(asked.score_at_least, asked.score_at_most),
        )
        if wanted.scored and "reviews:read" not in bearer().scopes:
            raise NotAdmitted("reviews:read")
        with at.database.read() as session:
            page = find_calls(session, viewer(), wanted, query_data.limit, query_data.cursor)
            return {"items": [call_told(row.call) for row in page.rows], "next": page.next}

    @area.get("/calls/<call_sid>", **ONLY)
    @area.output(CallOut, description="The call.")
    def call(call_sid: str) -> object:
        """One call."""
        with at.database.read() as session:
            return one(session, CALLS, viewer(), Call.call_sid == call_sid)

    @area.get("/recordings", **ONLY)
    @area.input(Paging, location="query")
    @area.output(RecordingsOut, description="Some recordings.")
    def recordings(query_data: Paging) -> object:
        """Recordings of your centres, where they are, and until when. In the order of their ids."""
        with at.database.read() as session:
            return one_page(session, RECORDINGS, viewer(), query_data.limit, query_data.cursor)

    @area.get("/recordings/<recording_sid>", **ONLY)
    @area.output(RecordingOut, description="The recording.")
    def recording(recording_sid: str) -> object:
        """One recording."""
        with at.database.read() as session:
            return one(session, RECORDINGS, viewer(), Recording.recording_sid == recording_sid)

    @area.get("/recordings/<recording_sid>/audio.wav", **ONLY)
    @area.input(SoundIn, location="query")
    @area.doc(responses=SOUND)
    def sound(recording_sid: str, query_data: SoundIn) -> Response:
        """The sound of a recording, as WAV; whole, or one range of bytes.

        That you listen, or were refused, is in the ledger before the first byte leaves.
        """
        who, object_id = bearer(), object_of_recording(at, recording_sid)
        if "media:read" not in who.scopes:
            refuse(at, who.person.id, object_id, "api", query_data.purpose)
            raise NotAdmitted("media:read")
        answer = ranged(at, grant(at, who.person.id, object_id, "api", query_data.purpose))
        if answer.status_code == 416:
            raise RequestedRangeNotSatisfiable(int(answer.headers["Content-Range"].rpartition("/")[2]))
        return answer


def object_of_recording(at: Installation, recording_sid: str) -> str:
    """The id of what a recording is stored as. Raises `NotFound` if it is not, or there is none."""
    with at.database.read() as session:
        found = session.scalar(sa.select(Recording.object_id).where(Recording.recording_sid == recording_sid))
    if found is None:
        raise NotFound(NOTHING)
    return found
