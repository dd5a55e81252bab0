"""Holds win over sweeps, full disks and hands (I5).

A hold is a count on the object's row, and the claim for deletion is an UPDATE that asks for `holds = 0`: of the two
only one can be first. A hold that comes too late is refused, and says what is gone. What is derived from a held object
is held with it; a hold over a span keeps also what is still to come. Each change is noted for the mirror (mirror.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound, Refused
from storage.ledger.log import append
from storage.models import HeldObject, Hold, StoredObject
from storage.models.columns import random_id
from storage.retention.claim import IS_KEPT
from storage.retention.composed import holds_over_all_parts, wholes_within, with_parts
from storage.retention.mirror_rows import note_change

# On PostgreSQL a hold over a span must not miss an object that is being committed beside it. (SQLite has one writer.)
HOLD_LOCK = 0x65736B68
KEPT = ("arriving", "stored")


class TooLate(Refused):
    """What should be held is gone, or on its way out. `gone`: the ids of what is."""

    def __init__(self, sentence: str, gone: Sequence[str], **facts: object) -> None:
        super().__init__(sentence, **facts)
        self.gone = tuple(gone)


@dataclass(frozen=True)
class Why:
    """What every hold must say."""

    case: str
    reason: str
    owner: str
    review_at: datetime


@dataclass(frozen=True)
class Span:
    """A stretch of a line's (or a camera's) time."""

    source_id: str
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True)
class Lifted:
    """What lifting a hold means: what goes now, what goes later, what other holds still keep."""

    go_now: tuple[str, ...]
    go_later: tuple[tuple[str, datetime], ...]
    still_held: tuple[str, ...]


def hold_objects(session: Session, object_ids: Sequence[str], why: Why, now: datetime) -> Hold:
    """Hold objects, with all that is derived from them.

    Raises:
        TooLate: if any of them is gone, or on its way out: none is held then, and the message names them.
        Refused: if case or reason is missing, or the review lies in the past.
    """
    _check(why, now)
    held = _count_up_tree(session, with_parts(session, object_ids))
    late = sorted(set(object_ids) - set(held))
    if late:
        session.rollback()
        raise TooLate("too late for {late}: deleted, being deleted, or never there. Nothing was held", late, late=late)
    return _written(session, why, None, held, now)


def hold_span(session: Session, span: Span, why: Why, now: datetime) -> tuple[Hold, int]:
    """Hold all of a source that touches a span, what is there and what is still to come.

    Returns the hold, and how many objects of the span are gone already.

    Raises:
        TooLate: if all of it that there was is gone.
        Refused: if the span ends before it begins, case or reason is missing, or the review lies in the past.
    """
    _check(why, now)
    if span.to_at <= span.from_at:
        raise Refused("--to: a span ends after it begins")
    holds_change(session)
    rows = session.execute(sa.select(StoredObject.id, StoredObject.state).where(*touching(span))).all()
    there = [row.id for row in rows if row.state in KEPT]
    gone = len(rows) - len(there)
    if gone and not there and span.to_at <= now:
        raise TooLate(
            "too late: all {many} objects of this span are deleted, or being deleted",
            [row.id for row in rows],
            many=gone,
        )
    held = _count_up_tree(session, there)
    return _written(session, why, span, held, now), gone


def gone_before(session: Session, hold: Hold) -> int:
    """How many objects of a hold's span went before it could keep them; 0 of one over objects."""
    if hold.source_id is None or hold.from_at is None or hold.to_at is None:
        return 0
    kept = sa.select(HeldObject.object_id).where(HeldObject.hold_id == hold.id)
    count = sa.select(sa.func.count()).where(
        *touching(Span(hold.source_id, hold.from_at, hold.to_at)),
        StoredObject.state.not_in(KEPT),
        StoredObject.id.not_in(kept),
    )
    return session.scalar(count) or 0


def touching(span: Span) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        StoredObject.source_id == span.source_id,
        StoredObject.began_at > span.from_at - timedelta(days=2),  # nothing is longer: not all of it is read
        StoredObject.began_at < span.to_at,
        StoredObject.counted_from >= span.from_at,
    )


def hold_what_is_left(session: Session, object_ids: Sequence[str], why: Why, now: datetime) -> Hold:
    """Hold those of some objects that are still there. Raises `Refused` if case or reason is missing."""
    _check(why, now)
    return _written(session, why, None, _count_up(session, object_ids), now)


def inherit(session: Session, row: StoredObject, now: datetime) -> None:
    """Let an object that is just being stored be held by what holds its span, or its parent."""
    holds_stay(session)
    over_span = sa.select(Hold.id).where(
        Hold.lifted_at.is_(None),
        Hold.source_id == row.source_id,
        Hold.from_at <= row.counted_from,
        Hold.to_at > row.began_at,
    )
    of_parent = (
        sa.select(Hold.id)
        .join(HeldObject, HeldObject.hold_id == Hold.id)
        .where(Hold.lifted_at.is_(None), HeldObject.object_id == row.parent_id)
    )
    found = set(session.scalars(over_span))
    if row.parent_id is not None:
        found |= set(session.scalars(of_parent))
    found |= holds_over_all_parts(session, row.id)
    _held_by(session, row, found, now)


def take_over(session: Session, row: StoredObject, from_id: str, now: datetime) -> None:
    """Let an object that takes another's place be held by all that holds that one.

    The caller has locked the other's row, so that no hold comes to it meanwhile.
    """
    holds_stay(session)
    of_other = (
        sa.select(Hold.id)
        .join(HeldObject, HeldObject.hold_id == Hold.id)
        .where(Hold.lifted_at.is_(None), HeldObject.object_id == from_id)
    )
    _held_by(session, row, set(session.scalars(of_other)), now)


def _held_by(session: Session, row: StoredObject, found: set[str], now: datetime) -> None:
    already = set(session.scalars(sa.select(HeldObject.hold_id).where(HeldObject.object_id == row.id)))
    for hold_id in sorted(found - already):
        session.add(HeldObject(hold_id=hold_id, object_id=row.id))
    session.execute(
        sa.update(StoredObject)
        .where(StoredObject.id == row.id)
        .values(holds=StoredObject.holds + len(found - already))
        .execution_options(synchronize_session=False)
    )
    if found or already:
        note_change(session, [row.id], now)


def lift(session: Session, hold_id: str, reason: str, now: datetime, *, dry_run: bool = False) -> Lifted:
    """Lift a hold, and say what will go, and when.

    Raises:
        NotFound: if there is no such hold.
        Refused: if it was lifted already, or the reason is missing.
    """
    if not reason.strip():
        raise Refused("reason: say why it may be lifted; it is written into the ledger")
    holds_change(session)
    hold = session.get(Hold, hold_id, with_for_update=True)
    if hold is None:
        raise NotFound("there is no hold {hold_id!r}; see `eskertu hold list`", hold_id=hold_id)
    if hold.lifted_at is not None:
        raise Refused("hold {hold_id} was lifted already", hold_id=hold_id)
    rows = session.scalars(
        sa.select(StoredObject)
        .join(HeldObject, HeldObject.object_id == StoredObject.id)
        .where(HeldObject.hold_id == hold_id, StoredObject.state.in_(KEPT))
        .order_by(StoredObject.delete_after, StoredObject.id)
    ).all()
    free = [(row.id, row.delete_after) for row in rows if row.holds <= 1 and row.delete_after is not None]
    told = Lifted(
        tuple(object_id for object_id, ends in free if ends <= now),
        tuple((object_id, ends) for object_id, ends in free if ends > now),
        tuple(row.id for row in rows if row.holds > 1),
    )
    if dry_run:
        return told
    hold.lifted_at, hold.lifted_reason = now, reason
    ids = [row.id for row in rows]
    session.execute(
        sa.update(StoredObject)
        .where(StoredObject.id.in_(ids), StoredObject.holds > 0)
        .values(holds=StoredObject.holds - 1)
        .execution_options(synchronize_session=False)
    )
    note_change(session, ids, now)
    append(session, "hold_lifted", hold.id, now, {"hold": hold.id, "objects": len(ids)})
    return told


def holds_stay(session: Session) -> None:
    """Until this transaction ends, no hold is set or lifted. Any number may hold this at once."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(HOLD_LOCK)))


def holds_change(session: Session) -> None:
    """Until this transaction ends, nothing is stored."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(HOLD_LOCK)))


def _check(why: Why, now: datetime) -> None:
    if not why.case.strip():
        raise Refused("case: give the number of the case")
    if not why.reason.strip():
        raise Refused("reason: say why it must be kept; it is written into the ledger")
    if why.review_at <= now:
        raise Refused("review: give a date to come, on which somebody asks whether it is still needed")


def with_derived(session: Session, object_ids: Iterable[str]) -> list[str]:
    """Objects, and all that was derived from them."""
    wanted = list(dict.fromkeys(object_ids))
    layer = wanted
    while layer:
        layer = list(session.scalars(sa.select(StoredObject.id).where(StoredObject.parent_id.in_(layer))))
        wanted += layer
    return wanted


def _count_up_tree(session: Session, object_ids: Iterable[str]) -> list[str]:
    """Count up objects, then what is derived from them: whoever derives something locks the object that it is from."""
    held: list[str] = []
    layer = list(dict.fromkeys(object_ids))
    while layer:
        held += _count_up(session, layer)
        derived = session.scalars(sa.select(StoredObject.id).where(StoredObject.parent_id.in_(layer)))
        layer = [each for each in derived if each not in held]
    # What was put together is held by what holds all of its parts, and goes with the first of them else.
    wholes = [each for each in wholes_within(session, held) if each not in held]
    return held + _count_up(session, wholes) if wholes else held


def _count_up(session: Session, object_ids: Sequence[str]) -> list[str]:
    # The same race as the claim's: whichever UPDATE comes first makes the other find nothing.
    return list(
        session.scalars(
            sa.update(StoredObject)
            .where(StoredObject.id.in_(object_ids), IS_KEPT)
            .values(holds=StoredObject.holds + 1)
            .returning(StoredObject.id)
            .execution_options(synchronize_session=False)
        )
    )


def _written(session: Session, why: Why, span: Span | None, held: Sequence[str], now: datetime) -> Hold:
    hold = Hold(
        id=random_id(),
        case=why.case,
        reason=why.reason,
        owner=why.owner,
        review_at=why.review_at,
        source_id=span.source_id if span else None,
        from_at=span.from_at if span else None,
        to_at=span.to_at if span else None,
        set_at=now,
    )
    session.add(hold)
    session.flush()
    session.add_all(HeldObject(hold_id=hold.id, object_id=object_id) for object_id in held)
    note_change(session, held, now)
    append(session, "hold_set", hold.id, now, {"hold": hold.id, "objects": sorted(held), "owner": why.owner})
    return hold
