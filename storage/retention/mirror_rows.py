"""What is to be mirrored of holds, as rows: noted with the change itself, taken by one process at a time, settled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import HoldMirror, StoredObject

LEASE = timedelta(seconds=60)
# Somebody may have taken a hold off in the store, or laid a marker over what is held: it is looked at again so often.
LOOK_AGAIN = timedelta(hours=1)
SLOWEST_RETRY = timedelta(minutes=5)


@dataclass(frozen=True)
class Wanted:
    """How an object's mirror should be, and how it was when somebody last looked.

    `held`: the row is there to stay, and held. `noted`: it was changed by us since, so the mirror lags; where it was
    not, and the row is not held though its mirror is on, nobody here has lifted the hold.
    """

    object_id: str
    revision: int
    state: str
    key: str | None
    version_id: str | None
    held: bool
    noted: bool
    in_keys_at: datetime | None
    in_store_at: datetime | None


def note_change(session: Session, object_ids: Iterable[str], now: datetime) -> None:
    """In the transaction that changes what holds these objects: their mirror is to follow.

    The caller has changed (and so locked) their rows.
    """
    ids = list(object_ids)
    known = set(
        session.scalars(
            sa.update(HoldMirror)
            .where(HoldMirror.object_id.in_(ids))
            .values(revision=HoldMirror.revision + 1, next_attempt_at=now, attempts=0)
            .returning(HoldMirror.object_id)
            .execution_options(synchronize_session=False)
        )
    )
    session.add_all(HoldMirror(object_id=object_id, next_attempt_at=now) for object_id in ids if object_id not in known)
    session.flush()


def due(session: Session, now: datetime, at_most: int) -> Sequence[str]:
    """Objects whose mirror is to be carried out, or looked at, now."""
    wanted = sa.select(HoldMirror.object_id).where(HoldMirror.next_attempt_at <= now, _free(now))
    return session.scalars(wanted.order_by(HoldMirror.next_attempt_at).limit(at_most)).all()


def with_mirror(session: Session, object_ids: Sequence[str]) -> set[str]:
    """Those of some objects that have a mirror, or are to get one."""
    return set(session.scalars(sa.select(HoldMirror.object_id).where(HoldMirror.object_id.in_(object_ids))))


def take(session: Session, object_id: str, now: datetime) -> Wanted | None:
    """Be the one who carries it out, for a minute. None: there is nothing to do, or somebody else is at it."""
    taken = session.scalars(
        sa.update(HoldMirror)
        .where(HoldMirror.object_id == object_id, _free(now))
        .values(leased_until=now + LEASE)
        .returning(HoldMirror.object_id)
        .execution_options(synchronize_session=False)
    ).all()
    return look(session, object_id) if taken else None


def look(session: Session, object_id: str) -> Wanted | None:
    """How the mirror should be; None if there is none, and none is wanted."""
    found = session.execute(
        sa.select(HoldMirror, StoredObject).join(StoredObject).where(HoldMirror.object_id == object_id)
    ).one_or_none()
    if found is None:
        return None
    row, kept = found
    return Wanted(
        object_id,
        row.revision,
        kept.state,
        kept.key,
        kept.version_id,
        kept.state in {"arriving", "stored"} and kept.holds > 0,
        row.revision != row.mirrored,
        row.in_keys_at,
        row.in_store_at,
    )


def settle(
    session: Session,
    done: Wanted,
    in_keys_at: datetime | None,
    in_store_at: datetime | None,
    errors: Sequence[str],
    now: datetime,
) -> None:
    """Write down what was carried out. What was changed meanwhile stays to be done."""
    this = (HoldMirror.object_id == done.object_id, HoldMirror.revision == done.revision)
    if errors:
        attempts = session.scalar(sa.select(HoldMirror.attempts).where(*this)) or 0
        values = {
            "attempts": attempts + 1,
            "next_attempt_at": now + min(timedelta(seconds=2 ** min(attempts + 1, 10)), SLOWEST_RETRY),
            "last_error": "; ".join(errors),
        }
    else:
        values = {
            "mirrored": done.revision,
            "attempts": 0,
            "next_attempt_at": now + LOOK_AGAIN,
            "last_error": None,
        }
    if not errors and not done.held:
        session.execute(sa.delete(HoldMirror).where(*this))
    else:
        session.execute(
            sa.update(HoldMirror).where(*this).values(in_keys_at=in_keys_at, in_store_at=in_store_at, **values)
        )
    session.execute(sa.update(HoldMirror).where(HoldMirror.object_id == done.object_id).values(leased_until=None))


def _free(now: datetime) -> sa.ColumnElement[bool]:
    return HoldMirror.leased_until.is_(None) | (HoldMirror.leased_until <= now)
