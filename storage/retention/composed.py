"""Objects that were put together from several others (`object_part`): exports of footage.

They go when the first of their parts goes (I6). So they are held by what holds all of their parts and by nothing less:
else a hold over some would keep a copy of the others. Who holds one itself holds its parts with it.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import HeldObject, Hold, ObjectPart


def wholes_of(session: Session, part_ids: Sequence[str]) -> Sequence[str]:
    """What was put together with any of these."""
    return session.scalars(sa.select(ObjectPart.whole_id).where(ObjectPart.part_id.in_(part_ids)).distinct()).all()


def with_parts(session: Session, object_ids: Iterable[str]) -> list[str]:
    """Objects, and what they were put together from."""
    wanted = list(dict.fromkeys(object_ids))
    parts = session.scalars(sa.select(ObjectPart.part_id).where(ObjectPart.whole_id.in_(wanted)))
    return list(dict.fromkeys([*wanted, *parts]))


def wholes_within(session: Session, object_ids: Sequence[str]) -> list[str]:
    """What was put together from nothing but these."""
    wholes = wholes_of(session, object_ids)
    if not wholes:
        return []
    there = frozenset(object_ids)
    missing = {
        whole
        for whole, part in session.execute(
            sa.select(ObjectPart.whole_id, ObjectPart.part_id).where(ObjectPart.whole_id.in_(wholes))
        )
        if part not in there
    }
    return [each for each in wholes if each not in missing]


def holds_over_all_parts(session: Session, object_id: str) -> set[str]:
    """The holds that hold every part of an object; none if it has no parts."""
    parts = session.scalars(sa.select(ObjectPart.part_id).where(ObjectPart.whole_id == object_id)).all()
    if not parts:
        return set()
    counted = (
        sa.select(HeldObject.hold_id)
        .join(Hold, Hold.id == HeldObject.hold_id)
        .where(Hold.lifted_at.is_(None), HeldObject.object_id.in_(parts))
        .group_by(HeldObject.hold_id)
        .having(sa.func.count() == len(parts))
    )
    return set(session.scalars(counted))
