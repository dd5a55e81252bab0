"""How far deletions have come: what is still to be done for each of a batch, and what has gone wrong in this pass."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Deletion, ObjectCopy, StoredObject
from storage.objects.store import StoredVersion, keys_of_attempts

# An object that was never stored may have an intake under way, which does not know yet that it is in vain: it can have
# no key any more, but it could still put bytes. Its deletion is finished, and asked for again, only after so long.
STRAGGLERS = timedelta(minutes=2)
SLOWEST_RETRY = timedelta(minutes=5)


@dataclass(frozen=True)
class Copy:
    """A copy in a place that storage does not know itself."""

    place: str
    ref: str
    was_there: bool


@dataclass
class Underway:
    """One object's way out, in one pass."""

    object_id: str
    keys_in_store: tuple[str, ...]
    stored: StoredVersion | None
    not_before: datetime
    versions: bool
    key: bool
    copies: tuple[Copy, ...]
    failures: list[str] = field(default_factory=list)
    listed: bool = False  # the store, asked after it was told to remove, still lists something

    @property
    def prefix(self) -> str:
        """What all keys begin with under which anything of it may lie in the store."""
        return f"{self.object_id}/"


def underway(session: Session, object_ids: Sequence[str]) -> list[Underway]:
    """What is still to be done for each, in the order of their ids."""
    copies: dict[str, list[Copy]] = defaultdict(list)
    for copy in session.scalars(sa.select(ObjectCopy).where(ObjectCopy.object_id.in_(object_ids))):
        copies[copy.object_id].append(Copy(copy.place, copy.ref, copy.gone_at is None))
    rows = session.execute(
        sa.select(
            Deletion.object_id,
            Deletion.claimed_at,
            Deletion.versions_gone_at,
            Deletion.key_destroyed_at,
            StoredObject.key,
            StoredObject.version_id,
            StoredObject.attempt,
        )
        .join(StoredObject, StoredObject.id == Deletion.object_id)
        .where(Deletion.object_id.in_(object_ids), Deletion.finished_at.is_(None))
        .order_by(Deletion.object_id)
    )
    return [_of(row, tuple(copies[row.object_id])) for row in rows]


def _of(row: Any, copies: tuple[Copy, ...]) -> Underway:  # noqa: ANN401 - a row of just these columns
    never_stored = row.key is None
    return Underway(
        row.object_id,
        keys_of_attempts(row.object_id, row.attempt),
        None if never_stored else StoredVersion(row.key, row.version_id, False, 0, row.claimed_at),
        row.claimed_at + (STRAGGLERS if never_stored else timedelta(0)),
        row.versions_gone_at is None,
        row.key_destroyed_at is None,
        copies,
    )


def note(session: Session, those: Iterable[Underway], **values: Any) -> None:  # noqa: ANN401 - columns of Deletion
    """Write down that a step is done for these, or (None) is to be done again."""
    ids = [each.object_id for each in those]
    session.execute(
        sa.update(Deletion)
        .where(Deletion.object_id.in_(ids))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def postpone(session: Session, those: Iterable[Underway], now: datetime) -> None:
    """Try these again, later each time they fail."""
    failed = {each.object_id: each for each in those}
    rows = session.scalars(
        sa.select(Deletion)
        .where(Deletion.object_id.in_(failed), Deletion.finished_at.is_(None))
        .order_by(Deletion.object_id)
        .with_for_update()
    )
    for row in rows:
        row.attempts += 1
        row.next_attempt_at = now + min(timedelta(seconds=2 ** min(row.attempts, 10)), SLOWEST_RETRY)
        row.last_error = "; ".join(failed[row.object_id].failures)
