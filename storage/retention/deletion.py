"""How an object ends: claim → is it held? → versions, key → the copies elsewhere → ask everywhere again → receipt.

The claim is one UPDATE that a hold makes impossible (I5); playback ends with it. Then the key database is asked: if it
says that the object is held, though our row does not, nothing is destroyed (found_holds.py); nor is the key where the
store, asked to remove, answers that it holds. Else every step is its own, repeatable, and waits for no other: a store
that is away does not keep the key alive, a carrier that is away does not keep our copy. Only the receipt waits for all
of them, and for each place to say, asked again, that it has nothing (I6).
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Lock

import sqlalchemy as sa
import structlog

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.models import Deletion, ObjectCopy, StoredObject
from storage.objects.asking import at_once
from storage.objects.keys import KeyHeld, KeyRing
from storage.objects.store import ObjectStore, RemovalFailed
from storage.retention.claim import claim_all
from storage.retention.finish import finish
from storage.retention.halting import Halting
from storage.retention.mirror import Mirror
from storage.retention.mirror_rows import with_mirror
from storage.retention.other_copies import CopyUnreachable, OtherCopy
from storage.retention.progress import Underway, note, postpone, underway

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
BATCH = 250  # objects that go through a step together: few requests and transactions, done within a second
HANDS = 2
CLAIMED_AT_ONCE = 1000  # more than a batch: what goes on is taken by id, and the store answers for neighbours together
# Written out, not as a parameter: else SQLite does not see that its index of what is stored, by date, has all of it.
STORED = StoredObject.state == sa.literal_column("'stored'")
KEY_TRACES = {"what": "traces of the key in the key database's files", "until": "its next VACUUM"}


class Deleter:
    """Deletes what is due, and finishes what was begun: many objects at once, each by itself where it matters."""

    def __init__(
        self, database: Database, store: ObjectStore, keys: KeyRing, clock: Clock, elsewhere: Iterable[OtherCopy]
    ) -> None:
        self._database = database
        self._store = store
        self._keys = keys
        self._clock = clock
        self._elsewhere = {place.name: place for place in elsewhere}
        # Our own threads take turns at writing: SQLite's writers wait for one another by sleeping, ever longer.
        self._turn = Lock()
        self._halting = Halting(keys, Mirror(database, store, keys, clock), self._turn)

    def claim_due(self, batch: int = CLAIMED_AT_ONCE) -> int:
        """Claim what is due now, in one transaction. Returns how many objects were claimed."""
        now = self._clock.now()
        with self._turn, self._database.begin() as session:
            due = session.scalars(
                sa.select(StoredObject.id)
                .where(STORED, StoredObject.holds == 0, StoredObject.delete_after <= now)
                .order_by(StoredObject.delete_after, StoredObject.id)
                .limit(batch)
                .with_for_update(skip_locked=True)
            ).all()
            claimed = claim_all(session, due, "policy", now, only_if_due=True)
        if claimed:
            reached(Milestone.DELETION_CLAIMED)
        return claimed

    def run(self, budget: timedelta | None = None) -> int:
        """Do all that is due now and can be done now. Returns how many deletions were finished.

        With a `budget` it stops after so long, though something may be left: for who comes back in a second.
        """
        until = None if budget is None else self._clock.now() + budget
        batch = self._next()
        if batch is None or len(batch) < BATCH:
            return self._go_through(batch, until)
        # Much to do: while one batch waits for the store, another writes its rows.
        with ThreadPoolExecutor(HANDS) as pool:
            first = [batch, *[[]] * (HANDS - 1)]
            return sum(pool.map(lambda begin: self._go_through(begin, until), first))

    def _go_through(self, batch: Sequence[str] | None, until: datetime | None) -> int:
        finished = 0
        while batch is not None:
            finished += self._go_on(batch)
            batch = self._next() if until is None or self._clock.now() < until else None
        return finished

    def _next(self) -> Sequence[str] | None:
        """Claim what is due, and take what is to be gone on with; None if there is neither."""
        claimed = self.claim_due()
        taken = self._take_unfinished()
        return taken if claimed or taken else None

    def _take_unfinished(self, batch: int = BATCH) -> Sequence[str]:
        now = self._clock.now()
        with self._turn, self._database.begin() as session:
            ids = session.scalars(
                sa.select(Deletion.object_id)
                .where(Deletion.finished_at.is_(None), Deletion.next_attempt_at <= now)
                .order_by(Deletion.next_attempt_at, Deletion.object_id)
                .limit(batch)
                .with_for_update(skip_locked=True)
            ).all()
            session.execute(sa.update(Deletion).where(Deletion.object_id.in_(ids)).values(next_attempt_at=now + LEASE))
        return ids

    def carry_on(self, object_id: str) -> bool:
        """Do every step that is still to be done. True when the object is deleted and its receipt written."""
        return self._go_on([object_id]) == 1

    def _go_on(self, object_ids: Sequence[str]) -> int:
        if not object_ids:
            return 0
        with self._database.read() as session:
            those = underway(session, object_ids)
            mirrored = with_mirror(session, object_ids)
        those = self._going(those, self._halting.unless_marked(those, mirrored))
        self._remove_versions([each for each in those if each.versions])
        # Before the keys: what the store refuses to remove may be held there. One that is away refuses nothing.
        self._each_tried(those, self._ask_store)
        those = self._going(those, self._halting.unless_held(those, [each for each in those if each.listed]))
        self._destroy_keys([each for each in those if each.key])
        # Whose copies lie elsewhere waits for those places; the others do not wait for them.
        alone = [each for each in those if not each.copies]
        return self._conclude(alone) + self._conclude([each for each in those if each.copies])

    def _going(self, those: list[Underway], going: list[Underway]) -> list[Underway]:
        """Those that go on; the others, unless they were taken back, are tried again later."""
        on = {each.object_id for each in going}
        self._postpone([each for each in those if each.object_id not in on and each.failures])
        return going

    def _remove_versions(self, those: list[Underway]) -> None:
        """The versions that we know of, in few requests. What else there may be shows when the store is asked again."""
        done = self._each_tried(those, self._remove_stored)
        if done:
            self._note(done, versions_gone_at=self._clock.now())
            reached(Milestone.VERSIONS_REMOVED)

    def _remove_stored(self, those: list[Underway]) -> None:
        known = [each.stored for each in those if each.stored is not None]
        try:
            self._store.remove(known)
        except RemovalFailed as error:
            codes = {left.key: left.code for left in error.remaining}
            for each in those:
                if each.stored is not None and each.stored.key in codes:
                    each.failures.append(f"RemovalFailed: {codes[each.stored.key]}")

    def _destroy_keys(self, those: list[Underway]) -> None:
        done = self._each_tried(those, self._destroy)
        if done:
            self._note(done, key_destroyed_at=self._clock.now())
            reached(Milestone.KEY_DESTROYED)

    def _destroy(self, those: list[Underway]) -> None:
        try:
            self._keys.destroy_all([each.object_id for each in those])
        except KeyHeld as error:
            for each in those:
                if each.object_id in error.object_ids:
                    each.failures.append("KeyHeld: its key is marked as held")

    def _conclude(self, those: list[Underway]) -> int:
        """Copies elsewhere, then ask everywhere again, then the receipts. Returns how many are deleted."""
        if not those:
            return 0
        self._each_by_itself(those, self._remove_copies)
        reached(Milestone.COPIES_REMOVED)
        self._each_tried(those, self._ask_keys)
        self._each_by_itself([each for each in those if not each.failures], self._ask_elsewhere)
        finished = self._finish([each.object_id for each in those if not each.failures])
        self._postpone([each for each in those if each.failures])
        return finished

    def _postpone(self, failed: list[Underway]) -> None:
        if not failed:
            return
        with self._turn, self._database.begin() as session:
            postpone(session, failed, self._clock.now())
        for each in failed:
            log.warning("deletion_postponed", object_id=each.object_id, failures=each.failures)

    def _remove_copies(self, each: Underway) -> None:
        for copy in each.copies:
            place = self._elsewhere[copy.place]
            if copy.was_there and not place.is_gone(copy.ref):
                place.remove(copy.ref)

    def _ask_store(self, those: list[Underway]) -> None:
        left = self._store.left({each.prefix: each.keys_in_store for each in those})
        still = [each for each in those if each.prefix in left]
        for each in still:
            self._each_tried([each], self._sweep)
        left = self._store.left({each.prefix: each.keys_in_store for each in still})
        now = self._clock.now()
        for each in those:
            each.listed = each.prefix in left
            if each.listed:
                each.failures.append("the store still lists a version")
            elif now < each.not_before:
                each.failures.append("an attempt to store it may still be under way")
        self._to_be_done_again([each for each in those if each.prefix in left], versions_gone_at=None)

    def _sweep(self, those: list[Underway]) -> None:
        for each in those:
            self._store.abort_uploads(each.prefix, keys=each.keys_in_store)
            self._store.remove(self._store.versions(each.prefix))

    def _ask_keys(self, those: list[Underway]) -> None:
        left = self._keys.existing([each.object_id for each in those])
        still = [each for each in those if each.object_id in left]
        for each in still:
            each.failures.append("the key is still there")
        self._to_be_done_again(still, key_destroyed_at=None)

    def _ask_elsewhere(self, each: Underway) -> None:
        for copy in each.copies:
            if not self._elsewhere[copy.place].is_gone(copy.ref):
                with self._turn, self._database.begin() as session:
                    there = sa.update(ObjectCopy).where(ObjectCopy.object_id == each.object_id)
                    session.execute(there.where(ObjectCopy.ref == copy.ref).values(gone_at=None))
                raise CopyUnreachable(f"{copy.place} still has its copy")

    def _finish(self, object_ids: list[str]) -> int:
        if not object_ids:
            return 0
        always = [] if self._keys.erased_at_once else [KEY_TRACES]
        with self._turn, self._database.begin() as session:
            finished = finish(
                session,
                object_ids,
                lambda place, gone_at: self._elsewhere[place].remains(gone_at),
                always,
                self._clock.now(),
            )
        for object_id in finished:
            log.info("object_deleted", object_id=object_id)
        if finished:
            reached(Milestone.DELETION_COMMITTED)
        return len(finished)

    def _each_tried(self, those: list[Underway], step: Callable[[list[Underway]], None]) -> list[Underway]:
        """Do a step for all at once, and give back those for whom it is done.

        Whatever a neighbour raises, the other steps go on, and this one is tried again: a row is never dropped.
        """
        if not those:
            return []
        before = {each.object_id: len(each.failures) for each in those}
        try:
            step(those)
        except Exception as error:  # noqa: BLE001
            for each in those:
                each.failures.append(f"{type(error).__name__}: {error}")
        return [each for each in those if len(each.failures) == before[each.object_id]]

    def _each_by_itself(self, those: list[Underway], step: Callable[[Underway], None]) -> None:
        """Do a step that asks another place, for some at a time, so that one that is slow does not hold up the rest."""

        def tried(each: Underway) -> list[Underway]:
            return self._each_tried([each], lambda one: step(one[0]))

        at_once(tried, [each for each in those if each.copies])

    def _to_be_done_again(self, those: list[Underway], **columns: None) -> None:
        if those:
            self._note(those, **columns)

    def _note(self, those: list[Underway], **columns: datetime | None) -> None:
        with self._turn, self._database.begin() as session:
            note(session, those, **columns)
