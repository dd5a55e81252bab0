"""How many, how much, which oldest, before anything goes."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Centre, ObjectPurpose, StoredObject


@dataclass(frozen=True)
class Going:
    """What goes of one centre, last kept for one purpose."""

    centre: str
    purpose: str
    objects: int
    bytes: int
    oldest: datetime
    held: int
    """Of these, how many stay all the same, since something holds them."""


def preview(session: Session, until: datetime) -> list[Going]:
    """What will have been deleted by `until`, by centre and by the purpose that kept it longest."""
    last = sa.select(sa.func.max(ObjectPurpose.purpose)).where(
        ObjectPurpose.object_id == StoredObject.id, ObjectPurpose.until == StoredObject.delete_after
    )
    purpose = last.scalar_subquery().label("purpose")
    rows = session.execute(
        sa.select(
            Centre.code,
            purpose,
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(StoredObject.bytes), 0),
            sa.func.min(StoredObject.counted_from),
            sa.func.sum(sa.case((StoredObject.holds > 0, 1), else_=0)),
        )
        .join(Centre, Centre.id == StoredObject.centre_id)
        .where(StoredObject.state == "stored", StoredObject.delete_after <= until)
        .group_by(Centre.code, purpose)
        .order_by(Centre.code, purpose)
    )
    return [
        Going(code, str(what), int(count), int(size), oldest, int(held))
        for code, what, count, size, oldest, held in rows
    ]
