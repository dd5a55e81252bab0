"""Holds as people meet them: whose they are to see, what is asked for, what lifting one lets go."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.privacy.hold_bounds import check_bounds
from app.privacy.people import address_of
from app.sources import ids_of, source
from storage.errors import NotFound, Refused
from storage.ledger.log import canonical
from storage.models import Camera, HeldObject, Hold, HoldMirror, StoredObject
from storage.retention.composed import wholes_within
from storage.retention.holds import (
    KEPT,
    Lifted,
    Span,
    TooLate,
    Why,
    gone_before,
    hold_objects,
    hold_span,
    lift,
    touching,
)

A_PAGE = 50
NO_SUCH_HOLD = "there is no such hold, or it is not yours to see"


@dataclass(frozen=True)
class HoldRow:
    """A hold, how much it keeps, and how much of that is told to the key database and the store."""

    hold: Hold
    objects: int
    in_keys: int
    in_store: int
    owner: str | None
    """Address of who set it; None: somebody at the machine itself."""
    source: str | None
    """Of which line or camera, if it is over a span."""


@dataclass(frozen=True)
class HoldMade:
    """What came of asking for one. `gone`: objects of the span that were too late."""

    hold_id: str
    held: int
    gone: int


@dataclass(frozen=True)
class Kept:
    """An object that a hold keeps, or kept."""

    object_id: str
    state: str
    began_at: datetime
    delete_after: datetime | None
    holds: int
    mirrored: bool


def set_hold(
    session: Session,
    what: Sequence[str] | Span,
    why: Why,
    now: datetime,
    centre_id: str | None = None,
    role: str | None = None,
) -> HoldMade:
    """Hold objects, or a span of a line or a camera.

    Args:
        session: the transaction.
        what: ids of objects, or the span.
        why: case, reason, owner, review.
        now: the present.
        centre_id: of who asks; None: every centre. What lies elsewhere is not there for them (I11).
        role: of who asks, which bounds what they hold alone; None: somebody at the machine itself.

    Raises:
        TooLate: if what is asked for is gone, or none of theirs.
        Refused: if what is asked for makes no sense, or is more than they may hold alone.
    """
    check_bounds(what, why, role, now)
    if isinstance(what, Span):
        if source(session, what.source_id, centre_id) is None:
            raise NotFound("there is no such line or camera")
        made, gone = span_held(session, what, why, now)
    else:
        if not what:
            raise Refused("object: say which")
        if centre_id is not None:
            theirs = sa.select(StoredObject.id).where(StoredObject.id.in_(what), StoredObject.centre_id == centre_id)
            if late := sorted(set(what) - set(session.scalars(theirs))):
                raise TooLate(
                    "too late for {late}: deleted, being deleted, or never there. Nothing was held", late, late=late
                )
        made, gone = hold_objects(session, what, why, now), 0
    return HoldMade(made.id, _held(session, made), gone)


def span_held(session: Session, span: Span, why: Why, now: datetime) -> tuple[Hold, int]:
    """Hold a span, if there can be anything in it. Returns the hold, and how many objects of it are gone already.

    A past span of which nothing is stored may lie in a recorder's spool still, and is held; but not one that ended
    before the camera was there, where nothing can ever come.

    Raises:
        TooLate: if all of it that there was is gone.
        Refused: if nothing of it is there or can come, or what is asked for makes no sense.
    """
    made, gone = hold_span(session, span, why, now)
    camera = session.get(Camera, span.source_id)
    if camera is not None and span.to_at <= min(now, camera.created_at) and not gone and not _held(session, made):
        session.rollback()
        raise Refused("nothing was recorded in this span: it ended before the camera was there. Nothing was held")
    return made, gone


def would_hold(session: Session, span: Span) -> tuple[int, int]:
    """How many objects a hold over a span would keep now, and how many bytes they have."""
    there = session.execute(
        sa.select(StoredObject.id, StoredObject.bytes).where(*touching(span), StoredObject.state.in_(KEPT))
    ).all()
    wholes = [session.get_one(StoredObject, each) for each in wholes_within(session, [row.id for row in there])]
    kept = [*(row.bytes for row in there), *(row.bytes for row in wholes if row.state in KEPT)]
    return len(kept), sum(each or 0 for each in kept)


def hold_on(session: Session, hold_id: str | None, camera_id: str) -> HoldMade | None:
    """What a hold over a span of a camera came to; None if there is no such hold of this camera."""
    hold = session.get(Hold, hold_id) if hold_id else None
    if hold is None or hold.source_id != camera_id or hold.lifted_at is not None:
        return None
    return HoldMade(hold.id, _held(session, hold), gone_before(session, hold))


def _held(session: Session, hold: Hold) -> int:
    return session.scalar(sa.select(sa.func.count()).where(HeldObject.hold_id == hold.id)) or 0


def holds_there_are(
    session: Session,
    centre_id: str | None = None,
    *,
    case: str | None = None,
    lifted: bool | None = None,
    before: str | None = None,
    at_most: int | None = None,
) -> list[HoldRow]:
    """Holds, those that hold first, by case; or only those that do, or only those that do not, the last lifted first.

    Args:
        session: a transaction.
        centre_id: only those that are of one centre as a whole; None: all.
        case: only of this case.
        lifted: only those that were lifted, or were not; None: both.
        before: with `lifted`: id of the last of the page before.
        at_most: so many.
    """
    in_keys, in_store = _count(HoldMirror.in_keys_at.is_not(None)), _count(HoldMirror.in_store_at.is_not(None))
    query = sa.select(Hold, _count(), in_keys, in_store)
    if lifted is None:
        query = query.order_by(Hold.lifted_at.is_not(None), Hold.set_at)
    elif lifted:
        query = query.where(Hold.lifted_at.is_not(None)).order_by(Hold.lifted_at.desc(), Hold.id.desc())
    else:
        query = query.where(Hold.lifted_at.is_(None)).order_by(Hold.case, Hold.set_at, Hold.id)
    if case is not None:
        query = query.where(Hold.case == case)
    if centre_id is not None:
        query = query.where(_of_centre(centre_id))
    if before is not None and (last := session.get(Hold, before)) is not None and last.lifted_at is not None:
        query = query.where(
            sa.or_(Hold.lifted_at < last.lifted_at, sa.and_(Hold.lifted_at == last.lifted_at, Hold.id < last.id))
        )
    return [
        HoldRow(hold, count, keys, store, address_of(session, hold.owner), _called(session, hold))
        for hold, count, keys, store in session.execute(query.limit(at_most))
    ]


def one_hold(session: Session, hold_id: str, centre_id: str | None) -> HoldRow:
    """One of them. Raises `NotFound` if it is not there, or not theirs to see."""
    seen = sa.select(Hold.id).where(Hold.id == hold_id)
    if centre_id is not None:
        seen = seen.where(_of_centre(centre_id))
    hold = session.get(Hold, session.scalar(seen) or "")
    if hold is None:
        raise NotFound(NO_SUCH_HOLD)
    counts = sa.select(
        _count(), _count(HoldMirror.in_keys_at.is_not(None)), _count(HoldMirror.in_store_at.is_not(None))
    )
    objects, keys, store = session.execute(counts.select_from(Hold).where(Hold.id == hold_id)).one()
    return HoldRow(hold, objects, keys, store, address_of(session, hold.owner), _called(session, hold))


def kept_by(session: Session, hold_id: str, at_most: int) -> list[Kept]:
    """What it keeps, what goes first first."""
    query = (
        sa.select(StoredObject, HoldMirror)
        .join(HeldObject, HeldObject.object_id == StoredObject.id)
        .outerjoin(HoldMirror, HoldMirror.object_id == StoredObject.id)
        .where(HeldObject.hold_id == hold_id)
        .order_by(StoredObject.delete_after, StoredObject.id)
        .limit(at_most)
    )
    return [
        Kept(
            row.id,
            row.state,
            row.began_at,
            row.delete_after,
            row.holds,
            mirror is not None and mirror.in_keys_at is not None and mirror.in_store_at is not None,
        )
        for row, mirror in session.execute(query)
    ]


def shown_hash(told: Lifted) -> str:
    """A hash over what lifting would let go, and when: what a confirmation is bound to. Time passing changes none."""
    free = sorted([*told.go_now, *(object_id for object_id, _ in told.go_later)])
    return hashlib.sha256(canonical({"free": free, "held": sorted(told.still_held)})).hexdigest()


def lift_shown(session: Session, hold_id: str, centre_id: str | None, reason: str, shown: str, now: datetime) -> Lifted:
    """Lift a hold of which somebody has seen what will go.

    Raises:
        NotFound: if it is not there, or not theirs.
        Refused: if something else would go than what was seen, it was lifted already, or the reason is missing.
    """
    one_hold(session, hold_id, centre_id)
    told = lift(session, hold_id, reason, now)
    if shown_hash(told) != shown:
        raise Refused("something else would go now than what was shown: look at it again")
    return told


def _of_centre(centre_id: str) -> sa.ColumnElement[bool]:
    held = sa.select(sa.literal(1)).select_from(HeldObject).join(StoredObject, StoredObject.id == HeldObject.object_id)
    here = held.where(HeldObject.hold_id == Hold.id, StoredObject.centre_id == centre_id).correlate(Hold).exists()
    elsewhere = held.where(HeldObject.hold_id == Hold.id, StoredObject.centre_id != centre_id).correlate(Hold).exists()
    return sa.and_(sa.or_(Hold.source_id.in_(ids_of(centre_id)), here), ~elsewhere)


def _count(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Of a hold: how many of its objects."""
    counted = sa.select(sa.func.count()).select_from(HeldObject)
    if conditions:
        counted = counted.join(HoldMirror, HoldMirror.object_id == HeldObject.object_id)
    return counted.where(HeldObject.hold_id == Hold.id, *conditions).correlate(Hold).scalar_subquery()


def _called(session: Session, hold: Hold) -> str | None:
    found = source(session, hold.source_id)
    return None if found is None else found.name
