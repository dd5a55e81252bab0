"""How an object ends: claim → is it held? → versions, key → the copies elsewhere → ask everywhere again → receipt.

The claim is one UPDATE that a hold makes impossible (I5); playback ends with it. Then the key database is asked, and
the store if it answers: if either says that the object is held, though our row does not, nothing is destroyed
(found_holds.py). After that every step is its own, repeatable, and waits for no other: a store that is away does not
keep the key alive, a carrier that is away does not keep our copy. Only the receipt waits for all of them, and for each
place to say, asked again, that it has nothing (I6).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.errors import Refused
from storage.ledger.log import append
from storage.models import Deletion, ObjectCopy, Receipt, StoredObject
from storage.objects.keys import KeyRing
from storage.objects.store import ObjectStore, keys_of_attempts
from storage.retention.mirror import Mirror
from storage.retention.receipt import receipt

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
# An object that was never stored may have an intake under way, which does not know yet that it is in vain: it can have
# no key any more, but it could still put bytes. Its deletion is finished, and asked for again, only after so long.
STRAGGLERS = timedelta(minutes=2)
SLOWEST_RETRY = timedelta(minutes=5)


class CopyUnreachable(Exception):
    """A place that holds a copy cannot be asked now. Try again later."""


class OtherCopy(Protocol):
    """A place that may hold a copy of an object, and that storage does not know itself."""

    name: str

    def remove(self, ref: str) -> None:
        """Ask for removal. Removing what is gone is no error. Raises CopyUnreachable."""
        ...

    def is_gone(self, ref: str) -> bool:
        """Ask again whether it is gone. Raises CopyUnreachable."""
        ...

    def remains(self, gone_at: datetime) -> dict[str, str] | None:
        """What that place keeps all the same, and until when; None if nothing."""
        ...


@dataclass(frozen=True)
class Progress:
    """What is still to be done for one object."""

    object_id: str
    keys_in_store: tuple[str, ...]
    not_before: datetime
    versions: bool
    key: bool
    copies: tuple[tuple[str, str], ...]


class Deleter:
    """Deletes what is due, and finishes what was begun."""

    def __init__(
        self, database: Database, store: ObjectStore, keys: KeyRing, clock: Clock, elsewhere: Iterable[OtherCopy]
    ) -> None:
        self._database = database
        self._store = store
        self._keys = keys
        self._clock = clock
        self._mirror = Mirror(database, store, keys, clock)
        self._elsewhere = {place.name: place for place in elsewhere}

    def claim_due(self, batch: int = 100) -> int:
        """Claim what is due now, in one transaction. Returns how many objects were claimed."""
        now = self._clock.now()
        with self._database.begin() as session:
            due = session.scalars(
                sa.select(StoredObject.id)
                .where(StoredObject.state == "stored", StoredObject.holds == 0, StoredObject.delete_after <= now)
                .order_by(StoredObject.delete_after, StoredObject.id)
                .limit(batch)
                .with_for_update(skip_locked=True)
            ).all()
            claimed = sum(claim(session, object_id, "policy", now, only_if_due=True) for object_id in due)
        if claimed:
            reached(Milestone.DELETION_CLAIMED)
        return claimed

    def run(self, budget: timedelta | None = None) -> int:
        """Do all that is due now and can be done now. Returns how many deletions were finished.

        With a `budget` it stops after so long, though something may be left: for who comes back in a second.
        """
        finished, began = 0, self._clock.now()
        while budget is None or self._clock.now() < began + budget:
            claimed = self.claim_due()
            batch = self._take_unfinished()
            if not claimed and not batch:
                break
            finished += sum(self.carry_on(object_id) for object_id in batch)
        return finished

    def _take_unfinished(self, batch: int = 50) -> Sequence[str]:
        now = self._clock.now()
        with self._database.begin() as session:
            ids = session.scalars(
                sa.select(Deletion.object_id)
                .where(Deletion.finished_at.is_(None), Deletion.next_attempt_at <= now)
                .order_by(Deletion.next_attempt_at)
                .limit(batch)
                .with_for_update(skip_locked=True)
            ).all()
            session.execute(sa.update(Deletion).where(Deletion.object_id.in_(ids)).values(next_attempt_at=now + LEASE))
        return ids

    def carry_on(self, object_id: str) -> bool:
        """Do every step that is still to be done. True when the object is deleted and its receipt written."""
        todo = self._progress(object_id)
        failures: list[str] = []
        if not self._tried(failures, lambda: self._mirror.must_let_go(object_id)):
            self._postpone(object_id, failures)
            return False
        if todo.versions and self._tried(failures, lambda: self._remove_versions(todo)):
            self._note(object_id, versions_gone_at=self._clock.now())
            reached(Milestone.VERSIONS_REMOVED)
        if todo.key and self._tried(failures, lambda: self._keys.destroy(object_id)):
            self._note(object_id, key_destroyed_at=self._clock.now())
            reached(Milestone.KEY_DESTROYED)
        for place, ref in todo.copies:
            self._tried(failures, lambda place=place, ref=ref: self._remove_copy(place, ref))  # type: ignore[misc]
        reached(Milestone.COPIES_REMOVED)
        if not failures and self._tried(failures, lambda: self._must_be_gone(object_id, todo)):
            self._finish(object_id, [ref for _, ref in todo.copies])
            reached(Milestone.DELETION_COMMITTED)
            return True
        self._postpone(object_id, failures)
        return False

    def _progress(self, object_id: str) -> Progress:
        with self._database.read() as session:
            deletion = session.get_one(Deletion, object_id)
            row = session.get_one(StoredObject, object_id)
            never_stored = row.key is None
            copies = session.execute(
                sa.select(ObjectCopy.place, ObjectCopy.ref).where(ObjectCopy.object_id == object_id)
            ).all()
            return Progress(
                object_id,
                keys_of_attempts(object_id, row.attempt),
                deletion.claimed_at + (STRAGGLERS if never_stored else timedelta(0)),
                deletion.versions_gone_at is None,
                deletion.key_destroyed_at is None,
                tuple((place, ref) for place, ref in copies),
            )

    def _tried(self, failures: list[str], step: Callable[[], None]) -> bool:
        # Whatever a neighbour raises, the other steps go on, and this one is tried again: a row is never dropped.
        try:
            step()
        except Exception as error:  # noqa: BLE001
            failures.append(f"{type(error).__name__}: {error}")
            return False
        return True

    def _remove_versions(self, todo: Progress) -> None:
        prefix = f"{todo.object_id}/"
        self._store.abort_uploads(prefix, keys=todo.keys_in_store)
        self._store.remove(self._store.versions(prefix))

    def _remove_copy(self, place: str, ref: str) -> None:
        if not self._elsewhere[place].is_gone(ref):
            self._elsewhere[place].remove(ref)

    def _must_be_gone(self, object_id: str, todo: Progress) -> None:
        if self._clock.now() < todo.not_before:
            self._note(object_id, versions_gone_at=None)
            raise CopyUnreachable("an attempt to store it may still be under way")
        if not self._store.is_gone(f"{object_id}/", keys=todo.keys_in_store):
            self._note(object_id, versions_gone_at=None)
            raise CopyUnreachable("the store still lists a version")
        if self._keys.exists(object_id):
            self._note(object_id, key_destroyed_at=None)
            raise CopyUnreachable("the key is still there")
        for place, ref in todo.copies:
            if not self._elsewhere[place].is_gone(ref):
                raise CopyUnreachable(f"{place} still has its copy")

    def _note(self, object_id: str, **values: Any) -> None:  # noqa: ANN401 - columns of Deletion
        with self._database.begin() as session:
            session.execute(sa.update(Deletion).where(Deletion.object_id == object_id).values(**values))

    def _finish(self, object_id: str, refs: list[str]) -> None:
        now = self._clock.now()
        with self._database.begin() as session:
            deletion = session.get_one(Deletion, object_id, with_for_update=True)
            if deletion.finished_at is not None:
                return
            row = session.get_one(StoredObject, object_id)
            copies = session.scalars(sa.select(ObjectCopy).where(ObjectCopy.object_id == object_id)).all()
            for copy in copies:
                copy.gone_at = copy.gone_at or now
            remains = [
                left
                for copy in copies
                if (left := self._elsewhere[copy.place].remains(copy.gone_at or now)) is not None
            ]
            if not self._keys.erased_at_once:
                remains.append({"what": "traces of the key in the key database's files", "until": "its next VACUUM"})
            content = receipt(row, deletion, [(copy.place, len(refs)) for copy in copies], remains, now)
            leaf_id = append(session, "object_deleted", object_id, now, content)
            session.add(Receipt(object_id=object_id, deleted_at=now, content=content, leaf_id=leaf_id))
            row.state = "deleted"
            row.deleted_at = now
            deletion.finished_at = now
            deletion.last_error = None
        log.info("object_deleted", object_id=object_id)

    def _postpone(self, object_id: str, failures: list[str]) -> None:
        with self._database.begin() as session:
            deletion = session.get(Deletion, object_id, with_for_update=True)
            if deletion is None:
                return  # it was held after all, and is stored again
            deletion.attempts += 1
            wait = min(timedelta(seconds=2 ** min(deletion.attempts, 10)), SLOWEST_RETRY)
            deletion.next_attempt_at = self._clock.now() + wait
            deletion.last_error = "; ".join(failures)
        log.warning("deletion_postponed", object_id=object_id, failures=failures)


def claim(session: Session, object_id: str, cause: str, now: datetime, *, only_if_due: bool = False) -> int:
    """Claim one object and all that was derived from it. Returns how many rows became `deleting` (0: it may not go).

    The UPDATE itself refuses a held object, whatever was true when the caller looked (I5).
    """
    conditions = [StoredObject.holds == 0]
    if only_if_due:
        conditions += [StoredObject.state == "stored", StoredObject.delete_after <= now]
    if not begin(session, object_id, cause, now, *conditions):
        return 0
    return 1 + sum(claim(session, child, cause, now) for child in derived_from(session, object_id))


def begin(session: Session, object_id: str, cause: str, now: datetime, *conditions: sa.ColumnElement[bool]) -> bool:
    """Let one object's deletion begin, if it is there and fits the conditions. Not for hands: those `claim`."""
    won = session.scalars(
        sa.update(StoredObject)
        .where(StoredObject.id == object_id, StoredObject.state.in_(("arriving", "stored")), *conditions)
        .values(state="deleting")
        .returning(StoredObject.id)
    ).all()
    if won:
        session.add(Deletion(object_id=object_id, cause=cause, claimed_at=now, next_attempt_at=now))
    return bool(won)


def derived_from(session: Session, object_id: str) -> Sequence[str]:
    """What was made of an object, and goes with it."""
    return session.scalars(sa.select(StoredObject.id).where(StoredObject.parent_id == object_id)).all()


def discard(session: Session, object_id: str, cause: str, now: datetime) -> None:
    """Let an object go that should never have been kept. A hold wins: then it goes when the hold is lifted.

    Until then it is used for nothing.
    """
    if claim(session, object_id, cause, now):
        return
    row = session.get(StoredObject, object_id, with_for_update=True)
    if row is None or row.state != "stored" or not row.holds:
        return
    row.restricted_at = row.restricted_at or now
    row.delete_after = min(row.delete_after or now, now)


def purge(session: Session, object_id: str, cause: str, now: datetime) -> None:
    """Claim an object before its date.

    Raises:
        Refused: if it is held, or already on its way out.
    """
    if not claim(session, object_id, cause, now):
        raise Refused(f"object {object_id} is held, or is already being deleted")
