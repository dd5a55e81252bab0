"""What an administrator sees: people, and how much each centre stores. Nothing that was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.counting import last_count
from storage.errors import NotFound
from storage.models import Centre, Line, Person


@dataclass(frozen=True)
class Used:
    """How much of the store a centre uses. Bytes of the sealed content."""

    centre: str
    objects: int
    size: int


def used(session: Session) -> tuple[datetime, Sequence[Used]] | None:
    """How much each centre stores, those that store nothing too, and when that was counted; None: not yet."""
    counted = last_count(session)
    if counted is None:
        return None
    return counted.at, [
        Used(
            centre.name,
            sum(part.objects for part in counted.parts if part.centre_id == centre.id),
            sum(part.size for part in counted.parts if part.centre_id == centre.id),
        )
        for centre in centres(session)
    ]


def centres(session: Session) -> Sequence[Centre]:
    """All centres, by name."""
    return session.scalars(sa.select(Centre).order_by(Centre.name)).all()


def centre_chosen(session: Session, centre_id: str) -> Centre | None:
    """The centre that a form names; None where it names all.

    Raises:
        NotFound: if there is no such centre.
    """
    return centre_by_id(session, centre_id) if centre_id else None


def centre_by_id(session: Session, centre_id: str) -> Centre:
    """One of them.

    Raises:
        NotFound: if there is none.
    """
    found = session.get(Centre, centre_id)
    if found is None:
        raise NotFound("there is no such centre")
    return found


def lines(session: Session) -> Sequence[Line]:
    """All lines, by centre and code."""
    return session.scalars(sa.select(Line).join(Centre).order_by(Centre.name, Line.code)).unique().all()


def line_of(session: Session, line_id: str) -> Line:
    """One line.

    Raises:
        NotFound: if there is none.
    """
    found = session.get(Line, line_id)
    if found is None:
        raise NotFound("there is no such line")
    return found


def people(session: Session) -> Sequence[Person]:
    """Everybody, those whose access was ended last."""
    return session.scalars(sa.select(Person).order_by(Person.active.desc(), Person.email)).unique().all()


def person_by_id(session: Session, person_id: str) -> Person:
    """One of them.

    Raises:
        NotFound: if there is none.
    """
    found = session.scalars(sa.select(Person).where(Person.id == person_id).with_for_update(of=Person)).one_or_none()
    if found is None:
        raise NotFound("there is nobody of that id")
    return found
