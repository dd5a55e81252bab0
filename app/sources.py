"""What kept things came from, lines and cameras alike: holds over a span are of a source, whichever it is."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.errors import NotFound
from storage.models import Camera, Centre, Line

LINE, CAMERA = "line", "camera"
EVERY = sa.union_all(
    sa.select(sa.literal(LINE).label("kind"), Line.id, Line.code, Line.centre_id),
    sa.select(sa.literal(CAMERA).label("kind"), Camera.id, Camera.code, Camera.centre_id),
).subquery()


@dataclass(frozen=True)
class Source:
    """A line or a camera. `kind`: which of them."""

    id: str
    kind: str
    code: str
    centre: Centre

    @property
    def name(self) -> str:
        """As people read it."""
        return f"{self.centre.name}, {self.code}"

    @property
    def path(self) -> str:
        """As commands and programs name it."""
        return f"{self.centre.code}/{self.code}"


def source(session: Session, source_id: str | None, centre_id: str | None = None) -> Source | None:
    """The line or camera of that id; None if there is none, or it is not of this centre."""
    return next(iter(_found(session, centre_id, EVERY.c.id == source_id)), None)


def coded(session: Session, kind: str, code: str, centre_id: str | None) -> Source:
    """The one of a kind with that code, `centre/code`. Raises `NotFound`, also for another centre's (I11)."""
    centre, _, bare = code.partition("/")
    found = _found(session, centre_id, EVERY.c.kind == kind, Centre.code == centre, EVERY.c.code == bare)
    if not found:
        raise NotFound("there is no such {kind} among yours: give centre/code", kind=kind)
    return found[0]


def sources(session: Session, centre_id: str | None) -> list[Source]:
    """All of a centre, or of all (None): lines first, by centre and code."""
    return _found(session, centre_id)


def path_of(kind: str, source_id: InstrumentedAttribute[str | None]) -> sa.ScalarSelect[str]:
    """`centre/code` of the line (or the camera) of that id, as a column; null where it is of the other kind."""
    there = sa.select(Centre.code + "/" + EVERY.c.code).join(EVERY, EVERY.c.centre_id == Centre.id)
    return there.where(EVERY.c.id == source_id, EVERY.c.kind == kind).correlate_except(Centre, EVERY).scalar_subquery()


def ids_of(centre_id: str) -> sa.Select[str]:
    """The ids of all sources of a centre, for `IN`."""
    return sa.select(EVERY.c.id).where(EVERY.c.centre_id == centre_id)


def _found(session: Session, centre_id: str | None, *conditions: sa.ColumnElement[bool]) -> list[Source]:
    query = sa.select(EVERY.c.id, EVERY.c.kind, EVERY.c.code, Centre).join(Centre, Centre.id == EVERY.c.centre_id)
    if centre_id is not None:
        query = query.where(EVERY.c.centre_id == centre_id)
    query = query.where(*conditions).order_by(EVERY.c.kind.desc(), EVERY.c.centre_id, EVERY.c.code)
    return [Source(*row) for row in session.execute(query)]
