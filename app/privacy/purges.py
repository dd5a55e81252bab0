"""Purges of card data as people meet them: what would be silenced, what waits for whom, and deciding about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer, may
from app.paging import Paged, paged
from app.privacy.people import address_of
from app.viewing import entitled, object_of
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.models import CardDataPurge, Centre, HeldObject, Hold, Person, StoredObject
from storage.retention.card_data import OPEN, approve, ask, stretches, withdraw

ASK = "ask for a purge"
APPROVE = "approve a purge"
A_PAGE = 25
BY = (CardDataPurge.asked_at, CardDataPurge.id)


@dataclass(frozen=True)
class PurgeRow:
    """One that was asked for."""

    purge: CardDataPurge
    row: StoredObject
    """The recording, as it was before."""
    centre: str
    asked_by: str | None
    decided_by: str | None
    """Address of who approved or withdrew it."""

    @property
    def state(self) -> str:
        """How it stands: of what was withdrawn by somebody else than who asked, that it was refused."""
        refused = self.purge.state == "withdrawn" and self.purge.withdrawn_by != self.purge.asked_by
        return "refused" if refused else self.purge.state


@dataclass(frozen=True)
class Silenced:
    """What a purge would silence of a recording, and who is in its way: nobody is."""

    row: StoredObject
    spans: Sequence[tuple[int, int]]
    lasts_ms: int
    cases: Sequence[str]
    """Cases that hold the recording. They hold the silenced copy instead."""


@dataclass(frozen=True)
class Decidable:
    """What somebody may do with one that was asked for."""

    approve: bool
    withdraw: bool
    own: bool
    """They asked for it."""
    mine: bool
    """They asked for it, and it waits for another."""


def purges_open(session: Session, centre_id: str | None = None) -> list[PurgeRow]:
    """All that waits or is being done, the first asked for first; of one centre, or of all."""
    query = _query(centre_id).where(CardDataPurge.state.in_(OPEN)).order_by(*BY)
    return [_row(session, *found) for found in session.execute(query)]


def purges_over(
    session: Session, centre_id: str | None = None, cursor: str | None = None
) -> tuple[list[PurgeRow], Paged]:
    """A page of what is over, the last asked for first. Raises `CursorWrong`."""
    page = paged(
        session, _query(centre_id).where(CardDataPurge.state.not_in(OPEN)), BY, A_PAGE, cursor, newest_first=True
    )
    return [_row(session, *each) for each in page.rows], page


def one_purge(session: Session, purge_id: str, centre_id: str | None = None) -> PurgeRow:
    """One of them. Raises `NotFound` if it is not there, or not theirs to see."""
    found = session.execute(_query(centre_id).where(CardDataPurge.id == purge_id)).one_or_none()
    if found is None:
        raise NotFound("there is no purge {request_id!r}; see `eskertu purge list`", request_id=purge_id)
    return _row(session, *found)


def would_silence(at: Installation, person: Person, object_id: str, spans: Sequence[tuple[int, int]]) -> Silenced:
    """What would be silenced; changes nothing. Reads the recording's begin in the store.

    Raises:
        NotFound: if there is nothing of which they may ask that.
        Refused: if the object is not stored (any more), nothing can be silenced in it, or a span is not within it.
        StoreError: the store is away.
    """
    with at.database.read() as session:
        row = object_of(session, person, ASK, object_id)
        if row.state != "stored":
            raise Refused("object {object_id} is deleted, or not stored yet", object_id=row.id)
        cases = session.scalars(
            sa.select(Hold.case)
            .join(HeldObject, HeldObject.hold_id == Hold.id)
            .where(HeldObject.object_id == row.id, Hold.lifted_at.is_(None))
            .order_by(Hold.case)
        ).all()
    lasts_ms = at.card_data.lasts_ms(row)
    return Silenced(row, [(from_ms, to_ms) for from_ms, to_ms in stretches(spans, lasts_ms)], lasts_ms, cases)


def ask_for(session: Session, person: Person, what: Silenced, reason: str, now: datetime) -> CardDataPurge:
    """Ask for it; a second person approves. Raises what `ask` does, and `NotFound` if they may not."""
    row = object_of(session, person, ASK, what.row.id)
    return ask(session, row, what.spans, what.lasts_ms, reason, person.id, now)


def approve_purge(session: Session, person: Person, purge_id: str, sha256: str, now: datetime) -> None:
    """Let it be done. Raises `Refused` if they may not, or `approve` does."""
    entitled(person, APPROVE, one_purge(session, purge_id).row.centre_id)
    approve(session, purge_id, sha256.strip().lower(), person.id, now)


def withdraw_purge(session: Session, person: Person, purge_id: str, reason: str, now: datetime) -> None:
    """Let it not be done: whoever asked for it may, and whoever may approve it."""
    found = one_purge(session, purge_id)
    if not person.active or found.purge.asked_by != person.id:
        entitled(person, APPROVE, found.row.centre_id)
    withdraw(session, purge_id, person.id, reason, now)


def decidable(person: Person, found: PurgeRow) -> Decidable:
    """What is shown to somebody of it as theirs to do; deciding looks again."""
    mine = found.purge.asked_by == person.id
    entitled_to = may(Viewer(person.role, person.centre_id, person.active), APPROVE, found.row.centre_id)
    waits, goes_on = found.purge.state == "asked", found.purge.state in OPEN
    return Decidable(waits and entitled_to and not mine, goes_on and (entitled_to or mine), mine, waits and mine)


def _query(centre_id: str | None) -> sa.Select[CardDataPurge, StoredObject, str]:
    query = (
        sa.select(CardDataPurge, StoredObject, Centre.name)
        .join(StoredObject, StoredObject.id == CardDataPurge.object_id)
        .join(Centre, Centre.id == StoredObject.centre_id)
    )
    return query if centre_id is None else query.where(StoredObject.centre_id == centre_id)


def _row(session: Session, purge: CardDataPurge, row: StoredObject, centre: str) -> PurgeRow:
    decided = purge.withdrawn_by or purge.approved_by
    return PurgeRow(purge, row, centre, address_of(session, purge.asked_by), address_of(session, decided))
