"""The end of deletions: receipts, their leaves and the state `deleted`, in one transaction."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.ledger.log import Told, append_all
from storage.models import Clip, Deletion, ObjectCopy, ObjectPart, ObjectPurpose, Preview, Receipt, StoredObject
from storage.retention.receipt import Ended, receipt

Remains = Callable[[str, datetime], dict[str, str] | None]
"""What a place (by name) keeps of a copy that is gone since then, if anything."""


def finish(
    session: Session,
    object_ids: Sequence[str],
    remains_at: Remains,
    always_remains: Sequence[dict[str, str]],
    now: datetime,
) -> list[str]:
    """Write the receipts of objects that every place, asked again, has nothing of.

    Returns the ids of those that were finished now: another worker may have been quicker.
    """
    ended = list(_ended(session, object_ids))
    ids = [each.object_id for each in ended]
    copies: dict[str, list[ObjectCopy]] = defaultdict(list)
    for copy in session.scalars(sa.select(ObjectCopy).where(ObjectCopy.object_id.in_(ids))):
        copy.gone_at = copy.gone_at or now
        copies[copy.object_id].append(copy)
    told = []
    for each in ended:
        of_it = copies[each.object_id]
        remains = [left for copy in of_it if (left := remains_at(copy.place, copy.gone_at or now)) is not None]
        content = receipt(each, [(copy.place, len(of_it)) for copy in of_it], [*remains, *always_remains], now)
        told.append(Told("object_deleted", each.object_id, now, content))
    leaf_ids = append_all(session, told)
    if not told:
        return []
    session.execute(
        sa.insert(Receipt.__table__),  # type: ignore[arg-type]
        [
            {"object_id": each.subject_id, "deleted_at": now, "content": each.facts, "leaf_id": leaf_id}
            for each, leaf_id in zip(told, leaf_ids, strict=True)
        ],
    )
    # What moved in front of a camera is told by its footage, and goes with it.
    session.execute(sa.delete(Preview).where(Preview.object_id.in_(ids)))
    session.execute(sa.delete(Clip).where(Clip.object_id.in_(ids), Clip.state == "made"))
    session.execute(sa.delete(ObjectPart).where(ObjectPart.whole_id.in_(ids)))
    _set(session, sa.update(StoredObject).where(StoredObject.id.in_(ids)).values(state="deleted", deleted_at=now))
    _set(session, sa.update(Deletion).where(Deletion.object_id.in_(ids)).values(finished_at=now, last_error=None))
    return ids


def _ended(session: Session, object_ids: Sequence[str]) -> Iterator[Ended]:
    rows = session.execute(
        sa.select(
            Deletion.object_id,
            StoredObject.kind,
            StoredObject.bytes,
            Deletion.cause,
            Deletion.claimed_at,
            Deletion.key_destroyed_at,
        )
        .join(StoredObject, StoredObject.id == Deletion.object_id)
        .where(Deletion.object_id.in_(object_ids), Deletion.finished_at.is_(None))
        .order_by(Deletion.object_id)
        .with_for_update(of=Deletion)
    ).all()
    purposes: dict[str, list[tuple[str, datetime, str]]] = defaultdict(list)
    kept_for = sa.select(ObjectPurpose.object_id, ObjectPurpose.purpose, ObjectPurpose.until, ObjectPurpose.policy_id)
    for object_id, purpose, until, policy_id in session.execute(
        kept_for.where(ObjectPurpose.object_id.in_(object_ids)).order_by(ObjectPurpose.purpose)
    ):
        purposes[object_id].append((purpose, until, policy_id))
    for object_id, kind, size, cause, claimed_at, key_destroyed_at in rows:
        yield Ended(object_id, kind, size, purposes[object_id], cause, claimed_at, key_destroyed_at)


def _set(session: Session, statement: sa.Update) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
