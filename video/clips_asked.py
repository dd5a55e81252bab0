"""Asking for a clip: a row, and a leaf. A worker makes it (`clips.py`)."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.ledger.log import append
from storage.models import Camera, Clip
from storage.models.columns import random_id

LONGEST_CONVERTED = timedelta(minutes=5)


def ask(
    session: Session,
    camera: Camera,
    span: tuple[datetime, datetime],
    person_id: str,
    now: datetime,
    *,
    glass_broken_for: str = "",
    convert: bool = False,
) -> Clip:
    """Have a span of a camera made into one file; `convert`: into one that every browser plays, to be looked at.

    The caller has looked at the right to it; or there is none, and `glass_broken_for` is what was given as the reason.

    Raises:
        Refused: if what should be converted is longer than that is done for, or another is waiting.
    """
    if convert:
        _check_conversion(session, span, person_id)
    clip = Clip(
        id=random_id(),
        camera_id=camera.id,
        person_id=person_id,
        from_at=span[0],
        to_at=span[1],
        state="asked",
        bytes_done=0,
        attempts=0,
        next_attempt_at=now,
        asked_at=now,
        converted=convert,
    )
    session.add(clip)
    session.flush()
    facts: dict[str, object] = {"clip": clip.id, "camera": camera.id, "person": person_id}
    if convert:
        facts["converted"] = True
    if glass_broken_for:
        facts["reason"] = glass_broken_for
    append(session, "clip_asked", clip.id, now, facts | {"from": span[0].isoformat(), "to": span[1].isoformat()})
    return clip


def _check_conversion(session: Session, span: tuple[datetime, datetime], person_id: str) -> None:
    if span[1] - span[0] > LONGEST_CONVERTED:
        minutes = int(LONGEST_CONVERTED / timedelta(minutes=1))
        raise Refused("{minutes} minutes at most are converted at once", minutes=minutes)
    # It takes a core for as long as the span lasts: who asks for many waits for each.
    waiting = sa.select(Clip.id).where(Clip.person_id == person_id, Clip.converted, Clip.state == "asked")
    if session.scalars(waiting).first() is not None:
        raise Refused("another preview of yours is being converted: wait for it")
