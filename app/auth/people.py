"""Giving people access, changing their password, and ending it: each in the caller's transaction, with its leaf."""

import re
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth import links, sessions, tokens
from storage.errors import NotFound, Refused
from storage.ledger.log import append
from storage.models import Centre, Person
from storage.models.columns import random_id


def checked_address(email: str) -> str:
    """An address as it is kept: small letters.

    Raises:
        Refused: if it is none.
    """
    address = email.strip().lower()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or len(address) > 254:
        raise Refused("email {email!r}: give an address such as aru@example.com", email=email)
    return address


def person_of(session: Session, email: str) -> Person:
    """Who has that address.

    Raises:
        NotFound: if nobody has.
    """
    found = session.scalars(
        sa.select(Person).where(Person.email == email.strip().lower()).with_for_update(of=Person)
    ).one_or_none()
    if found is None:
        raise NotFound("nobody is known by that address: `eskertu user list` shows who is")
    return found


def give_access(
    session: Session, *, email: str, role: str, centre: Centre | None, password_hash: str | None, now: datetime
) -> Person:
    """Let somebody in, with one role. Without a password they can act in commands, and cannot sign in.

    Raises:
        Refused: if somebody of that address is there already.
    """
    if session.scalar(sa.select(Person.id).where(Person.email == email)) is not None:
        raise Refused("email: somebody of that address is there already")
    person = Person(
        id=random_id(),
        email=email,
        role=role,
        centre_id=centre.id if centre else None,
        active=True,
        created_at=now,
        password_hash=password_hash,
    )
    session.add(person)
    append(session, "role_given", person.id, now, {"person": person.id, "role": role, "centre": person.centre_id})
    if password_hash is not None:
        append(session, "password_set", person.id, now, {"person": person.id})
    return person


def set_password(session: Session, person: Person, password_hash: str, now: datetime) -> int:
    """Set somebody's password anew, and end all their sessions, tokens and links. Returns how many sessions those were.

    Raises:
        Refused: if they may not come in any more.
    """
    if not person.active:
        raise Refused("their access has been ended: a password would open nothing")
    person.password_hash = password_hash
    append(session, "password_set", person.id, now, {"person": person.id})
    links.end_links(session, person.id, "password", now)
    tokens.end_all(session, person.id, "password", now)
    return sessions.end_all(session, person.id, "password", now)


def change_role(session: Session, person: Person, role: str, centre: Centre | None, now: datetime) -> None:
    """Give somebody another role, or their role at another centre. It holds from their next request on.

    Raises:
        Refused: if they may not come in any more, or it is what they have.
    """
    if not person.active:
        raise Refused("their access has been ended: they have no role any more")
    centre_id = centre.id if centre else None
    if (person.role, person.centre_id) == (role, centre_id):
        raise Refused("this is the role that they have already")
    before = {"person": person.id, "role": person.role, "centre": person.centre_id}
    append(session, "role_ended", person.id, now, before)
    person.role, person.centre_id = role, centre_id
    append(session, "role_given", person.id, now, {"person": person.id, "role": role, "centre": centre_id})


def another(person: Person, asker_id: str) -> Person:
    """The person, if it is not whoever asks.

    Raises:
        Refused: if it is: who ended their own access could not take it back.
    """
    if person.id == asker_id:
        raise Refused("this is your own access: another administrator changes it, or `eskertu user`")
    return person


def end_access(session: Session, person: Person, now: datetime) -> int:
    """Let somebody in no more: their sessions, tokens and link end at once, their password is forgotten.

    Returns how many sessions those were.

    Raises:
        Refused: if it has been ended before.
    """
    if not person.active:
        raise Refused("their access has been ended already")
    person.active = False
    person.password_hash = None
    facts = {"person": person.id, "role": person.role, "centre": person.centre_id}
    append(session, "role_ended", person.id, now, facts)
    links.end_links(session, person.id, "access_ended", now)
    tokens.end_all(session, person.id, "access_ended", now)
    return sessions.end_all(session, person.id, "access_ended", now)
