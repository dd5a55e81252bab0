"""Notes about moments of a recording. Free text: it goes with the call's rows, and into no leaf and no log."""

import re
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.review.access import Reviewable, lock
from storage.errors import NotFound, Refused
from storage.models import Recording, ReviewNote
from storage.models.columns import random_id

TIME = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):([0-5]?\d)(?:[.,](\d{1,3}))?|(\d{1,6})(?:[.,](\d{1,3}))?")
LONGEST = 1000
MOST = 500
"""Notes on one recording."""


def notes_of(session: Session, recording_id: str) -> Sequence[ReviewNote]:
    """In the order of the moments that they are about."""
    return session.scalars(
        sa.select(ReviewNote)
        .where(ReviewNote.recording_id == recording_id)
        .order_by(ReviewNote.at_ms, ReviewNote.written_at, ReviewNote.id)
    ).all()


def read_time(text: str) -> int:
    """A moment as people type it (`75`, `1:15`, `1:02:15`, `75.5`), in milliseconds. Raises `Refused`."""
    found = TIME.fullmatch(text.strip())
    if found is None:
        raise Refused("at: give minutes and seconds, such as 1:15")
    hours, minutes, seconds, fraction, alone, its_fraction = found.groups()
    whole = int(alone) if alone else int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole * 1000 + int((fraction or its_fraction or "0").ljust(3, "0"))


def add_note(session: Session, what: Reviewable, at_ms: int, text: str, now: datetime) -> ReviewNote:
    """Write a note down.

    Raises:
        Refused: if it says nothing, too much, or lies behind the recording's end; or there are too many.
        NotFound: if the call turned out not to be recorded.
    """
    call = lock(session, what)
    said = text.strip()
    if not said:
        raise Refused("text: write what you noticed")
    lasts = session.get_one(Recording, what.recording_id).duration_s
    if at_ms < 0 or (lasts is not None and at_ms > lasts * 1000 + 1000):
        raise Refused("at: the recording is not that long")
    there = session.scalar(
        sa.select(sa.func.count()).select_from(ReviewNote).where(ReviewNote.recording_id == what.recording_id)
    )
    if (there or 0) >= MOST:
        raise Refused("there are {most} notes on this recording: no more are taken", most=MOST)
    note = ReviewNote(
        id=random_id(),
        recording_id=what.recording_id,
        person_id=what.person_id,
        at_ms=at_ms,
        text=said,
        written_at=now,
        delete_after=call.delete_after,
    )
    session.add(note)
    return note


def delete_note(session: Session, what: Reviewable, note_id: str) -> None:
    """Delete a note of one's own. One that is gone already is as good.

    Raises:
        NotFound: if it is somebody else's, or of another recording.
    """
    note = session.get(ReviewNote, note_id)
    if note is None:
        return
    if note.recording_id != what.recording_id or note.person_id != what.person_id:
        raise NotFound("there is no such note, or it is not yours")
    session.delete(note)
