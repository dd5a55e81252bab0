"""/notices/drafts: a text and its sound, heard before anybody else hears them, and then brought into force."""

import base64
import binascii
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api.once import answered_before, bearer, once, viewer
from app.api.v1.notices import KIND, LANGUAGE, MODE, PLACEHOLDER, SOUND, TEXT, NoticeOut, version_told
from app.api.words import NO_NUL, ONLY, Cursor, In, Moment, MomentIn, ObjectId, Out, Paging, Sha256
from app.listings.listing import one, one_page
from app.listings.notices import DRAFTS
from app.privacy.notices import prepared
from app.wiring import Installation
from storage import notices
from storage.errors import Refused
from storage.models import NoticeDraft
from storage.notice_drafts import discard_draft, keep_draft, one_draft, publish_draft
from storage.notices import Use
from storage.publication import Draft


class DraftOut(Out):
    draft: ObjectId
    kind: str = KIND
    mode: str | None = MODE
    language: str = LANGUAGE
    text: str = TEXT
    audio_sha256: Sha256 = Field(description="of the sound as callers would hear it: who publishes sends it")
    placeholder: bool = PLACEHOLDER
    seconds: float = Field(examples=[11.4])
    made_at: Moment
    by: str = Field(examples=["aru@example.com"])


class DraftsOut(Out):
    items: list[DraftOut]
    next: Cursor


class DraftIn(In):
    kind: str = Field(pattern=f"^({'|'.join((notices.NOTICE, *notices.PROMPTS))})$", examples=["notice"])
    mode: str | None = Field(default=None, pattern=f"^({'|'.join(notices.MODES)})$", description="of a notice alone")
    language: str = Field(pattern=f"^({'|'.join(notices.LANGUAGES)})$", examples=["kk"])
    text: str = Field(min_length=1, max_length=4000, pattern=NO_NUL, description="what is said, word for word")
    voice: str = Field(
        pattern="^(person|machine)$",
        description="person: as `audio` says it; machine: spoken for now, a placeholder",
        examples=["person"],
    )
    audio: str | None = Field(
        default=None,
        pattern="^[A-Za-z0-9+/]*={0,2}$",
        description="a WAV or MP3 file, at most 20 MB, in base64 (RFC 4648, 4)",
    )


class PublishIn(In):
    audio_sha256: Sha256 = Field(description="of the draft's sound, which you have heard")
    from_: MomentIn | None = Field(
        default=None, alias="from", description="a moment to come, from which on callers hear it; null: now"
    )


class DiscardedOut(Out):
    draft: ObjectId


def add_notice_drafts(area: APIBlueprint, at: Installation) -> None:
    """/notices/drafts."""

    @area.get("/notices/drafts", **ONLY)
    @area.input(Paging, location="query")
    @area.output(DraftsOut, description="Some drafts.")
    def notice_drafts(query_data: Paging) -> object:
        """Drafts that wait, the oldest first. Callers hear none of them."""
        with at.database.read() as session:
            return one_page(session, DRAFTS, viewer(), query_data.limit, query_data.cursor)

    @area.post("/notices/drafts", **ONLY)
    @area.input(
        DraftIn,
        example={
            "kind": "notice",
            "mode": "stay",
            "language": "en",
            "text": "This call is recorded for quality and training. Hang up if you do not agree.",
            "voice": "machine",
        },
    )
    @area.output(DraftOut, 201, description="It waits to be heard, and is forgotten after a month.")
    def draft(json_data: DraftIn) -> Response:
        """Keep a text with the sound that says it, as callers would hear it. What could not be heard is refused."""
        # What takes time is done before the transaction; not at all, where the answer is there already.
        what = None if answered_before(at) else _prepared(json_data)
        return once(at, DraftOut, lambda session: _kept(session, at, what), 201)

    @area.get("/notices/drafts/<draft_id>", **ONLY)
    @area.output(DraftOut, description="The draft.")
    def one_notice_draft(draft_id: str) -> object:
        """One draft."""
        with at.database.read() as session:
            return one(session, DRAFTS, viewer(), NoticeDraft.id == draft_id)

    @area.get("/notices/drafts/<draft_id>/audio.wav", **ONLY)
    @area.doc(responses=SOUND)
    def draft_sound(draft_id: str) -> Response:
        """The sound of a draft, as WAV."""
        with at.database.read() as session:
            return Response(one_draft(session, draft_id).wav, mimetype="audio/wav")

    @area.post("/notices/drafts/<draft_id>/publish", **ONLY)
    @area.input(PublishIn, example={"audio_sha256": "9f86d081884c7d659a2feaa0c55ad015" * 2})
    @area.output(NoticeOut, description="Callers hear it from then on; the draft is gone.")
    def published_draft(draft_id: str, json_data: PublishIn) -> Response:
        """Bring a draft into force, now or from a moment to come."""
        return once(at, NoticeOut, lambda session: _published(session, at, draft_id, json_data), 200)

    @area.post("/notices/drafts/<draft_id>/discard", **ONLY)
    @area.output(DiscardedOut, description="It is gone, with its sound.")
    def discarded_draft(draft_id: str) -> Response:
        """Let a draft go."""

        def act(session: Session) -> dict[str, Any]:
            discard_draft(session, draft_id)
            return {"draft": draft_id}

        return once(at, DiscardedOut, act, 200)


def _prepared(asked: DraftIn) -> Draft:
    if (asked.voice == "person") == (asked.audio is None):
        raise Refused("voice: person takes audio, and machine takes none")
    sound = None
    if asked.audio is not None:
        try:
            sound = base64.b64decode(asked.audio, validate=True), "audio"
        except binascii.Error as error:
            raise Refused("audio: this is no base64") from error
    return prepared(Use(asked.kind, asked.mode, asked.language), asked.text, sound)


def _kept(session: Session, at: Installation, what: Draft | None) -> dict[str, Any]:
    if what is None:
        raise Refused("the answer to that key was forgotten this moment: ask again")
    made = keep_draft(session, what, bearer().person.id, at.clock.now())
    session.flush()
    return one(session, DRAFTS, viewer(), NoticeDraft.id == made.id)


def _published(session: Session, at: Installation, draft_id: str, asked: PublishIn) -> dict[str, Any]:
    if one_draft(session, draft_id, locked=True).audio_sha256 != asked.audio_sha256:
        raise Refused("audio_sha256: the sound of this draft is another one: hear it first")
    version = publish_draft(session, draft_id, bearer().person.id, at.clock.now(), asked.from_)
    return version_told(session, at, version)
