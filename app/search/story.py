"""What happened in one call, in order: from its first ring to the day on which the last of it goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer, purposes_for
from storage.models import (
    Call,
    CallStep,
    ConsentRecord,
    NoticeVersion,
    Receipt,
    Recording,
    RecordingPause,
    StoredObject,
)
from storage.retention.policy import usable_for
from telephony.pauses import pauses_of


@dataclass(frozen=True)
class Happened:
    """One thing that happened, or will. `detail` is a word of its own kind: a language, an outcome, a key."""

    what: str
    at: datetime
    detail: str | None = None


@dataclass(frozen=True)
class Kept:
    """A recording of the call. `playable`: for whoever asks, now."""

    recording: Recording
    row: StoredObject | None
    playable: bool


@dataclass(frozen=True)
class Story:
    """A call, and all that is known of it. The caller's number is not in it."""

    call: Call
    notice: NoticeVersion | None
    consent: ConsentRecord | None
    kept: tuple[Kept, ...]
    happened: tuple[Happened, ...]
    """What has happened, in order."""
    to_come: tuple[Happened, ...]
    """What will, in order, as its dates are now."""
    number_kept: bool


def story(session: Session, viewer: Viewer, call: Call, now: datetime) -> Story:
    """All of one call, which the viewer may know of."""
    consent = session.scalars(sa.select(ConsentRecord).where(ConsentRecord.call_id == call.id)).one_or_none()
    query = (
        sa.select(Recording, StoredObject)
        .outerjoin(StoredObject, StoredObject.id == Recording.object_id)
        .where(Recording.call_id == call.id)
        .order_by(Recording.first_seen_at, Recording.id)
    )
    kept = tuple(Kept(row, item, playable_by(viewer, item, now)) for row, item in session.execute(query))
    told = [*_rang(session, call), *_agreed(call, consent), *_ended(call)]
    for each in kept:
        told += _recorded(session, each)
    for pause in pauses_of(session, call.id):
        told += _paused(pause)
    told.append(Happened("facts_go", call.delete_after))
    # What happened at one moment stays in the order in which it is told.
    in_order = sorted(told, key=lambda one: one.at)
    return Story(
        call,
        call.notice_version,
        consent,
        kept,
        tuple(one for one in in_order if one.at <= now),
        tuple(one for one in in_order if one.at > now),
        call.from_number is not None,
    )


def playable_by(viewer: Viewer, row: StoredObject | None, now: datetime) -> bool:
    """Whether somebody may play a recording now. Playing it looks again, and tells the ledger."""
    if row is None or row.state != "stored" or row.restricted_at is not None:
        return False
    usable = usable_for(((each.purpose, each.until) for each in row.purposes), now)
    return bool(purposes_for(viewer, row.kind, row.centre_id, usable))


def _rang(session: Session, call: Call) -> Iterator[Happened]:
    yield Happened("rang", call.ringing_at)
    steps = session.scalars(sa.select(CallStep).where(CallStep.call_id == call.id).order_by(CallStep.issued_at))
    for step in steps:
        if step.kind == "menu" and step.used_at is not None and call.language is not None:
            yield Happened("language", step.used_at, call.language)
        if step.kind == "notice":
            yield Happened("notice_began", step.issued_at)


def _agreed(call: Call, consent: ConsentRecord | None) -> Iterator[Happened]:
    if call.notice_ended_at is not None:
        yield Happened("notice_ended", call.notice_ended_at)
    if consent is not None:
        yield Happened("agreed", consent.given_at, consent.expressed_by)


def _ended(call: Call) -> Iterator[Happened]:
    if call.ended_at is not None:
        yield Happened("ended", call.ended_at)
    if call.settled_at is not None:
        yield Happened("settled", call.settled_at, call.outcome)


def _paused(pause: RecordingPause) -> Iterator[Happened]:
    if pause.paused_at is None:
        yield Happened("not_paused", pause.asked_at)
        return
    yield Happened("paused", pause.paused_at)
    if pause.silent_until is not None:
        yield Happened("pause_ended", pause.silent_until)


def _recorded(session: Session, kept: Kept) -> Iterator[Happened]:
    if kept.recording.started_at is not None:
        yield Happened("recording_began", kept.recording.started_at)
    row = kept.row
    if row is None:
        return
    if row.stored_at is not None:
        yield Happened("stored", row.stored_at)
    if row.state == "stored":
        for each in row.purposes:
            yield Happened("purpose_ends", each.until, each.purpose)
        if row.delete_after is not None:
            yield Happened("media_goes", row.delete_after)
    receipt = session.get(Receipt, row.id)
    if receipt is not None:
        yield Happened("deleted", receipt.deleted_at)
