"""What is derived from a stored object: made once by the worker, kept as an object whose parent that one is.

A task's row stands since the object was stored. A worker claims it, reads the object, and brings in what it made of it
as everything is brought in, under a key of its own; in the transaction in which that becomes `stored` the row goes. It
has its parent's dates, purposes, holds and restriction, and goes with it: deletion walks the tree.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.intake import Arrival, Intake, Ticket
from storage.models import HeldObject, Hold, StoredObject
from storage.models.deriving import DerivingTask
from storage.playback import Playable, Playback, whole
from storage.retention.claim import claim
from storage.retention.found_holds import FOUND_BY
from storage.retention.policy import PolicyError, windows_begin

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
RENEW_EVERY = timedelta(seconds=10)
BUDGET = timedelta(seconds=5)
SLOWEST_RETRY = timedelta(minutes=5)
# What is restricted is used for nothing until it is released.
RESTRICTED_RETRY = timedelta(hours=1)


class NotWantedAnyMore(Exception):
    """The parent is gone, or another worker has its task. Nothing was changed."""


class NothingToBeMade(Exception):
    """Of these bytes nothing can ever be made, and why."""


@dataclass(frozen=True)
class Made:
    """What was made: its bytes, and what else becomes true in the transaction that stores them."""

    content: bytes
    settle: Callable[[Session, StoredObject], None] = lambda _session, _row: None


Make = Callable[[Playable, Iterator[bytes]], Made]
"""Makes something of an object and its bytes, outside every transaction.

Raises NothingToBeMade; whatever else it raises is tried again.
"""


@dataclass(frozen=True)
class Kind:
    """One kind of derived object."""

    name: str
    parent: str
    content_type: str
    tasks: type[DerivingTask]
    claimed: Milestone
    committed: Milestone
    most_attempts: int | None = None
    """After so many tries it is given up; None: never."""

    def want(self, session: Session, object_id: str, now: datetime) -> None:
        """In the transaction that stores an object: have this made of it."""
        session.add(self.tasks(object_id=object_id, attempts=0, next_attempt_at=now))

    def want_lost(self, session: Session, now: datetime) -> int:
        """Have it made anew of what had its deletion taken back, as it may be gone by then.

        Such an object is held by what was found (storage/retention/found_holds.py). Returns how many there were.
        """
        # By steps, each by an index: there are few such holds, mostly none.
        holds = session.scalars(sa.select(Hold.id).where(Hold.owner == FOUND_BY)).all()
        if not holds:
            return 0
        held = session.scalars(sa.select(HeldObject.object_id).where(HeldObject.hold_id.in_(holds))).all()
        lost = [each for each in sorted(set(held)) if self._is_lost(session, each)]
        for object_id in lost:
            self.want(session, object_id, now)
        return len(lost)

    def _is_lost(self, session: Session, object_id: str) -> bool:
        if session.get(self.tasks, object_id) is not None or self.derived(session, object_id) is not None:
            return False
        row = session.get_one(StoredObject, object_id, with_for_update=True, populate_existing=True)
        return row.kind == self.parent and row.state == "stored"

    def derived(self, session: Session, object_id: str) -> StoredObject | None:
        """What was made of an object, if it is there."""
        return session.scalars(
            sa.select(StoredObject).where(
                StoredObject.parent_id == object_id, StoredObject.kind == self.name, StoredObject.state == "stored"
            )
        ).first()


@dataclass(frozen=True)
class Taken:
    """A task that this worker has claimed."""

    attempt: int
    parent: Playable
    ticket: Ticket
    arrival: Arrival


@dataclass(frozen=True)
class Skipped:
    """A task whose turn it was, and that is not to be done now, or ever."""


class Deriving:
    """Makes what is wanted of one kind."""

    def __init__(
        self, kind: Kind, make: Make, database: Database, clock: Clock, intake: Intake, playback: Playback
    ) -> None:
        self._kind = kind
        self._made_of = make
        self._database = database
        self._clock = clock
        self._intake = intake
        self._playback = playback

    def run(self, budget: timedelta = BUDGET) -> int:
        """Make those whose turn it is, beginning none after `budget`. Returns how many were stored."""
        stored, until = 0, self._clock.now() + budget
        while self._clock.now() < until and (taken := self._take()) is not None:
            stored += self._make(taken) if isinstance(taken, Taken) else 0
        return stored

    def _take(self) -> Taken | Skipped | None:
        now, tasks = self._clock.now(), self._kind.tasks
        with self._database.begin() as session:
            task = session.scalars(
                sa.select(tasks)
                .where(tasks.next_attempt_at <= now)
                .order_by(tasks.next_attempt_at, tasks.object_id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if task is None:
                return None
            # Locked, so that no deletion and no hold begins beside it without seeing what is derived from it here.
            parent = session.get_one(StoredObject, task.object_id, with_for_update=True)
            if parent.state != "stored":
                session.delete(task)
                return Skipped()
            if parent.restricted_at is not None:
                task.next_attempt_at = now + RESTRICTED_RETRY
                return Skipped()
            try:
                taken = self._expected(session, task, parent)
            except PolicyError as error:
                task.last_error, task.next_attempt_at = str(error), now + SLOWEST_RETRY
                return Skipped()
            task.attempts = taken.attempt
            task.next_attempt_at = now + LEASE
        reached(self._kind.claimed)
        return taken

    def _expected(self, session: Session, task: DerivingTask, parent: StoredObject) -> Taken:
        arrival = Arrival(
            kind=self._kind.name,
            centre_id=parent.centre_id,
            content_type=self._kind.content_type,
            purposes=tuple(each.purpose for each in parent.purposes),
            source_id=parent.source_id,
            began_at=parent.began_at,
            counted_from=windows_begin(parent.counted_from, parent.stored_at),
            parent_id=parent.id,
        )
        before = session.get(StoredObject, task.derived_id) if task.derived_id is not None else None
        begun = before.id if before is not None and before.state == "arriving" else None
        ticket = self._intake.expect(session, arrival, begun)
        task.derived_id = ticket.object_id
        return Taken(task.attempts + 1, whole(parent), ticket, arrival)

    def _make(self, taken: Taken) -> int:
        parent, name = taken.parent, self._kind.name
        try:
            made = self._made_of(parent, self._renewing(taken))
            self._intake.bring_in(
                taken.ticket,
                taken.arrival,
                [made.content],
                len(made.content),
                lambda session, row: self._settle(session, parent.object_id, row, made),
                first=lambda session: self._must_still_be_wanted(session, taken),
            )
        except NothingToBeMade as error:
            self._postpone(taken, str(error), for_ever=True)
            return 0
        # Whatever went wrong, the row stands and is tried again.
        except Exception as error:  # noqa: BLE001
            most = self._kind.most_attempts
            told = f"{type(error).__name__}: {error}"
            self._postpone(taken, told, for_ever=most is not None and taken.attempt >= most)
            return 0
        reached(self._kind.committed)
        log.info("derived", kind=name, object=parent.object_id, derived=taken.ticket.object_id)
        return 1

    def _renewing(self, taken: Taken) -> Iterator[bytes]:
        renewed, tasks = self._clock.now(), self._kind.tasks
        for chunk in self._playback.read(taken.parent):
            yield chunk
            now = self._clock.now()
            if now - renewed >= RENEW_EVERY:
                renewed = now
                with self._database.begin() as session:
                    session.execute(
                        sa.update(tasks)
                        .where(tasks.object_id == taken.parent.object_id, tasks.attempts == taken.attempt)
                        .values(next_attempt_at=now + LEASE)
                    )

    def _must_still_be_wanted(self, session: Session, taken: Taken) -> None:
        task = session.get(self._kind.tasks, taken.parent.object_id, with_for_update=True, populate_existing=True)
        if task is None or task.attempts != taken.attempt:
            raise NotWantedAnyMore("another worker is at it")
        parent = session.get_one(StoredObject, taken.parent.object_id, with_for_update=True, populate_existing=True)
        if parent.state != "stored":
            raise NotWantedAnyMore("what it is made of is not there any more")

    def _postpone(self, taken: Taken, error: str, *, for_ever: bool = False) -> None:
        with self._database.begin() as session:
            task = session.get(self._kind.tasks, taken.parent.object_id, with_for_update=True)
            if task is None or task.attempts != taken.attempt:
                return
            task.last_error = error[:500]
            wait = min(timedelta(seconds=2 ** min(task.attempts, 10)), SLOWEST_RETRY)
            task.next_attempt_at = None if for_ever else self._clock.now() + wait
            if for_ever:
                # No row shall wait for bytes that will never come.
                claim(session, taken.ticket.object_id, "never_came", self._clock.now())
        log.warning("not_derived", kind=self._kind.name, object=taken.parent.object_id, error=error)

    def _settle(self, session: Session, object_id: str, row: StoredObject, made: Made) -> None:
        parent = session.get_one(StoredObject, object_id)
        ends = {each.purpose: each for each in parent.purposes}
        for each in row.purposes:
            each.until, each.policy_id = ends[each.purpose].until, ends[each.purpose].policy_id
        row.delete_after, row.restricted_at = parent.delete_after, parent.restricted_at
        tasks = self._kind.tasks
        session.execute(sa.delete(tasks).where(tasks.object_id == object_id))
        made.settle(session, row)
