"""Which recordings somebody may review: those that they may hear, and, once these are gone, those of their centres."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer, purposes_for
from app.auth.roles import REVIEWERS
from app.viewing import NOTHING
from app.wiring import Installation
from storage.errors import NotFound
from storage.models import Call, Person, Recording, StoredObject
from storage.playback import note_refusal
from storage.retention.policy import usable_for

KIND = "recording"
GONE = ("deleting", "deleted")


@dataclass(frozen=True)
class Reviewable:
    """A recording that somebody may review. `gone`: its media is not there any more."""

    object_id: str
    recording_id: str
    call_id: str
    person_id: str
    gone: bool


def reviewable(at: Installation, person_id: str, object_id: str) -> Reviewable:
    """Check the right, and tell the ledger of a refusal (I9).

    Raises:
        NotFound: if there is nothing that this person may review. It does not say which of the two it is.
    """
    now = at.clock.now()
    with at.database.begin() as session:
        person = session.get(Person, person_id)
        row = session.get(StoredObject, object_id)
        if person is None or row is None:
            raise NotFound(NOTHING)
        found = _found(session, person, row, now)
        if found is None:
            note_refusal(session, person_id=person_id, object_id=row.id, purpose="any", how="review", now=now)
    if found is None:
        raise NotFound(NOTHING)
    return found


def _found(session: Session, person: Person, row: StoredObject, now: datetime) -> Reviewable | None:
    viewer = Viewer(person.role, person.centre_id, person.active)
    gone = row.state in GONE
    if row.kind != KIND or row.restricted_at is not None:
        return None
    if gone:
        allowed = person.active and person.role in REVIEWERS and viewer.centre_id in (None, row.centre_id)
    else:
        usable = usable_for(((each.purpose, each.until) for each in row.purposes), now)
        allowed = row.state == "stored" and bool(purposes_for(viewer, row.kind, row.centre_id, usable))
    recording = session.scalars(
        sa.select(Recording)
        .join(Call, Call.id == Recording.call_id)
        .where(Recording.object_id == row.id, Recording.state == "stored", Call.outcome == "recorded")
    ).one_or_none()
    if not allowed or recording is None:
        return None
    return Reviewable(row.id, recording.id, recording.call_id, person.id, gone)


def lock(session: Session, what: Reviewable) -> Call:
    """In the transaction that writes: the call, locked as who settles it locks it.

    Raises:
        NotFound: if it turned out not to be recorded, or its rows are gone: of such a call nothing is written (I2).
    """
    call = session.scalars(
        sa.select(Call).where(Call.id == what.call_id, Call.outcome == "recorded").with_for_update(of=Call)
    ).one_or_none()
    if call is None:
        raise NotFound(NOTHING)
    return call
