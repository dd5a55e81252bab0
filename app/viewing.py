"""Showing an object to a person: the right checked, the ledger told, then the bytes (I9, I11)."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.auth.policy import TASKS, Viewer, may, purpose_for, purposes_for
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.models import Person, StoredObject
from storage.playback import Playable, note_refusal, note_viewing, playable
from storage.retention.policy import usable_for

log = structlog.get_logger()

NOTHING = "there is no such recording, or you may not hear it"


@dataclass(frozen=True)
class Granted:
    """An object that a person may be shown now, for one purpose. `others` are those they could have named instead."""

    person_id: str
    purpose: str
    item: Playable
    others: tuple[str, ...] = ()


def person_named(session: Session, email: str | None) -> Person:
    """Who a command acts as.

    Raises:
        Refused: if nobody is named, or nobody is known by that address.
    """
    if not email:
        raise Refused("say who you are: --as EMAIL, or ESKERTU_AS")
    person = session.scalars(sa.select(Person).where(Person.email == email.strip().lower())).one_or_none()
    if person is None:
        raise Refused("nobody is known by that address: add them with `eskertu user add`")
    return person


def person_for(session: Session, email: str | None, task: str, centre_id: str | None) -> Person:
    """Who a command acts as, if they may do one of app.auth.policy's TASKS at a centre (None: at all of them).

    Raises:
        Refused: if nobody is named, nobody is known by that address, or they may not.
    """
    person = person_named(session, email)
    entitled(person, task, centre_id)
    return person


def entitled(person: Person, task: str, centre_id: str | None) -> None:
    """Raise `Refused` unless somebody may do one of app.auth.policy's TASKS at a centre (None: at all of them)."""
    if not may(Viewer(person.role, person.centre_id, person.active), task, centre_id):
        roles = TASKS[task]
        if centre_id is None:
            raise Refused("you may not {task}: that takes one of {roles}, of all centres", task=task, roles=roles)
        raise Refused(
            "you may not {task}: that takes one of {roles}, of that centre, or of all", task=task, roles=roles
        )


def object_of(session: Session, person: Person, task: str, object_id: str) -> StoredObject:
    """An object with which somebody may do one of app.auth.policy's TASKS.

    Raises:
        NotFound: if there is none with which they may (I11). It does not say which of the two it is.
    """
    row = session.get(StoredObject, object_id)
    if row is None or not may(Viewer(person.role, person.centre_id, person.active), task, row.centre_id):
        raise NotFound("there is no such object, or you may not {task} of it", task=task)
    return row


def grant(at: Installation, person_id: str, object_id: str, how: str, asked: str | None = None) -> Granted:
    """Check a person's right to an object, and tell the ledger either way, before any byte leaves.

    Raises:
        NotFound: if there is nothing that this person may be shown. It does not say which of the two it is.
    """
    now = at.clock.now()
    with at.database.begin() as session:
        person = session.get(Person, person_id)
        row = session.get(StoredObject, object_id)
        if person is None or row is None:
            raise NotFound(NOTHING)
        viewer = Viewer(person.role, person.centre_id, person.active)
        usable = usable_for(((each.purpose, each.until) for each in row.purposes), now)
        purpose = None
        if row.state == "stored" and row.restricted_at is None:
            purpose = purpose_for(viewer, row.kind, row.centre_id, usable, asked)
        if purpose is None:
            note_refusal(session, person_id=person_id, object_id=row.id, purpose=asked or "any", how=how, now=now)
            item = None
        else:
            item = playable(session, row.id, purpose, now)
            note_viewing(session, person_id=person_id, object_id=row.id, purpose=purpose, how=how, now=now)
    if item is None or purpose is None:
        raise NotFound(NOTHING)
    others = tuple(each for each in purposes_for(viewer, row.kind, row.centre_id, usable) if each != purpose)
    return Granted(person_id, purpose, item, others)


def refuse(at: Installation, person_id: str, object_id: str, how: str, asked: str) -> None:
    """Tell the ledger of a refusal that was decided elsewhere, such as by what a token is for."""
    with at.database.begin() as session:
        note_refusal(session, person_id=person_id, object_id=object_id, purpose=asked, how=how, now=at.clock.now())


def need_reason(reason: str) -> None:
    """Raise `Refused` where the glass shall be broken without one."""
    if not reason.strip():
        raise Refused("--break-glass needs --reason: it is written into the ledger")


def break_glass(at: Installation, object_id: str, reason: str, how: str) -> Playable:
    """Show an object to somebody without a right, loudly: the ledger has the reason as long as the object's row.

    Raises:
        Refused: without a reason.
        NotFound: if there is no such object.
    """
    need_reason(reason)
    now = at.clock.now()
    with at.database.begin() as session:
        row = session.get(StoredObject, object_id)
        if row is None or row.state != "stored" or not row.purposes:
            raise NotFound("there is no such object, or it has been deleted")
        purposes = usable_for(((each.purpose, each.until) for each in row.purposes), now)
        if not purposes:
            raise NotFound("there is no such object, or it has been deleted")
        item = playable(session, row.id, min(purposes), now)
        note_viewing(
            session, person_id="break-glass", object_id=row.id, purpose="break-glass", how=how, now=now, reason=reason
        )
    log.error("glass_broken", object=object_id, how=how)
    return item


def read(at: Installation, item: Playable, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The plain bytes of a granted object."""
    return at.playback.read(item, start, stop)
