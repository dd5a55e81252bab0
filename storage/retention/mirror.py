"""Holds, told elsewhere too: a mark on the object's key, and the store's own legal hold on its versions (I5).

The main database stays the truth, and the mirror follows it: what is to be mirrored is a row that is written in the
transaction that sets, inherits or lifts a hold. The mirror is for the day on which that truth is wrong: restored from
before the hold, changed by hand, or passed over by somebody with the store's own client. So nobody takes it off but who
finds a change of ours noted; everything else is told to a person.

Every step can be repeated, in any order, by any process; one that dies is overtaken after a minute.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.errors import Refused
from storage.findings import note_finding
from storage.models import StoredObject
from storage.objects.keys import KeyDestroyed, KeyMissing, KeyRing
from storage.objects.store import ObjectAbsent, ObjectStore, StoreError
from storage.retention.found_holds import set_found
from storage.retention.mirror_rows import Wanted, due, look, note_change, settle, take

log = structlog.get_logger()

NOT_IN_STORE = "holds are not mirrored to the store: bucket has no object lock (or we may not ask)"


class HeldAfterAll(Exception):
    """An object that was to go is held, though its row did not say so."""


class Mirror:
    """Carries out what is noted, and asks it when something is to be deleted."""

    def __init__(self, database: Database, store: ObjectStore, keys: KeyRing, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._keys = keys
        self._clock = clock
        self._told = False

    def run(self, budget: timedelta | None = None) -> int:
        """Carry out what is due. Returns for how many objects the mirror is now as it should be."""
        done, began = 0, self._clock.now()
        while budget is None or self._clock.now() < began + budget:
            with self._database.read() as session:
                batch = due(session, self._clock.now(), 100)
            if not batch:
                break
            done += sum(self.follow(object_id) for object_id in batch)
        return done

    def follow(self, object_id: str) -> bool:
        """Let one object's mirror be as its row says. False: not now, or not wholly; it is tried again."""
        now = self._clock.now()
        with self._database.begin() as session:
            wanted = take(session, object_id, now)
        if wanted is None:
            return False
        if not wanted.held and not wanted.noted and wanted.state != "deleted":
            # Nobody here lifted it: the row was changed behind our back.
            with self._database.begin() as session:
                set_found(session, object_id, "the record of its mirror", now)
                settle(session, wanted, wanted.in_keys_at, wanted.in_store_at, ["not lifted here"], now)
            return False
        errors: list[str] = []
        in_keys_at, in_store_at = wanted.in_keys_at, wanted.in_store_at
        if not wanted.held:
            in_keys_at, in_store_at = self._take_off(wanted, errors)
        elif wanted.state == "stored":  # what is arriving is noted again when it is stored
            in_keys_at, in_store_at = self._put_on(wanted, errors)
        with self._database.begin() as session:
            settle(session, wanted, in_keys_at, in_store_at, errors, self._clock.now())
        if errors:
            log.warning("hold_not_mirrored", object_id=object_id, errors=errors)
        return not errors

    def release_mirror(self, object_id: str) -> bool:
        """Take the mirror off an object that goes though it was held (card data). False: not now; it is tried again.

        Its row must say already that it goes, or that nothing holds it: the worker would put the mirror on again.

        Raises:
            Refused: if the row is stored and held.
        """
        with self._database.begin() as session:
            row = session.get(StoredObject, object_id, with_for_update=True)
            if row is None or (row.state == "stored" and row.holds):
                raise Refused(
                    "object {object_id} is held: lift its holds, or claim it for deletion, first", object_id=object_id
                )
            note_change(session, [object_id], self._clock.now())
        return self.follow(object_id)

    def must_let_go(self, object_id: str) -> None:
        """Before anything of an object is destroyed: nobody says that it is held, though its row does not.

        A lifted hold whose mirror lags is taken off here. A store that cannot be asked says nothing: an outage of it
        must not keep keys alive. The key database's word is waited for.

        Raises:
            HeldAfterAll: somebody does. It is held again, and told; its deletion is taken back.
            KeysUnavailable: the key database is away.
        """
        where = self._held_elsewhere(object_id)
        if where is not None:
            with self._database.begin() as session:
                set_found(session, object_id, where, self._clock.now())
            raise HeldAfterAll(f"{where} says that it is held")

    def _held_elsewhere(self, object_id: str) -> str | None:
        with self._database.read() as session:
            known = look(session, object_id)
        if known is not None and known.noted and not known.held and not self.follow(object_id):
            return None  # ours, and on its way off: what it still protects waits for it
        if self._keys.is_held(object_id):
            return "the key database"
        try:
            return "the object store" if self._held_in_store(object_id) else None
        except StoreError:
            return None

    def _held_in_store(self, object_id: str) -> bool:
        return self._store.supports_legal_hold() and any(
            self._store.legal_hold(version.key, version.version_id)
            for version in self._store.versions(f"{object_id}/")
            if not version.is_delete_marker
        )

    def _put_on(self, wanted: Wanted, errors: list[str]) -> tuple[datetime | None, datetime | None]:
        now = self._clock.now()
        in_keys_at, in_store_at = wanted.in_keys_at, wanted.in_store_at
        if _tried(errors, lambda: self._mark(wanted)):
            in_keys_at = in_keys_at or now
            reached(Milestone.HOLD_IN_KEYS)
        held: list[bool] = []
        if _tried(errors, lambda: held.append(self._hold_versions(wanted))):
            in_store_at = (in_store_at or now) if held[0] else None
            reached(Milestone.HOLD_IN_STORE)
        return in_keys_at, in_store_at

    def _take_off(self, wanted: Wanted, errors: list[str]) -> tuple[datetime | None, datetime | None]:
        in_keys_at, in_store_at = wanted.in_keys_at, wanted.in_store_at
        if _tried(errors, lambda: self._keys.release(wanted.object_id)):
            in_keys_at = None
        if _tried(errors, lambda: self._release_versions(wanted)):
            in_store_at = None
        reached(Milestone.HOLD_MIRROR_OFF)
        return in_keys_at, in_store_at

    def _mark(self, wanted: Wanted) -> None:
        lost = wanted.in_keys_at is not None and not self._keys.is_held(wanted.object_id)
        try:
            self._keys.hold(wanted.object_id)
        except (KeyMissing, KeyDestroyed) as error:
            self._note_gone(wanted, str(error))
            raise
        if lost:
            self._note_lost(wanted, "Its mark in the key database")

    def _hold_versions(self, wanted: Wanted) -> bool:
        found = [each for each in self._store.versions(f"{wanted.object_id}/") if each.key == wanted.key]
        if markers := [each for each in found if each.is_delete_marker]:
            self._store.remove(markers)
            self._note_hidden(wanted)
        there = [each for each in found if not each.is_delete_marker]
        if not there:
            self._note_gone(wanted, "the store has no version of it")
            raise ObjectAbsent(f"{wanted.key}: the store has no version of it")
        if not self._store.supports_legal_hold():
            if not self._told:
                log.warning("holds_not_mirrored_to_store", reason=NOT_IN_STORE)
                self._told = True
            return False
        # The one that counts, not what somebody put over it; in a store that was copied back it has another id.
        counted = [each for each in there if each.version_id == wanted.version_id] or there
        free = [each for each in counted if not self._store.legal_hold(each.key, each.version_id)]
        for version in free:
            self._store.set_legal_hold(version.key, version.version_id, on=True)
        if free and wanted.in_store_at is not None:
            self._note_lost(wanted, "Its legal hold in the store")
        return True

    def _release_versions(self, wanted: Wanted) -> None:
        if not self._store.supports_legal_hold():
            return
        for version in self._store.versions(f"{wanted.object_id}/"):
            if not version.is_delete_marker and self._store.legal_hold(version.key, version.version_id):
                self._store.set_legal_hold(version.key, version.version_id, on=False)

    def _note_lost(self, wanted: Wanted, what: str) -> None:
        with self._database.begin() as session:
            told = f"{what} was not there any more: somebody took it off, or a backup was restored. It is set again."
            note_finding(session, "hold_mirror_lost", wanted.object_id, told, self._clock.now())

    def _note_hidden(self, wanted: Wanted) -> None:
        with self._database.begin() as session:
            told = "Somebody deleted this held object with a client of the store's. It was only hidden, and is back."
            note_finding(session, "held_object_hidden", wanted.object_id, told, self._clock.now())

    def _note_gone(self, wanted: Wanted, what: str) -> None:
        with self._database.begin() as session:
            told = f"This object is held, and cannot be had: {what}. Look for it in a backup."
            note_finding(session, "held_object_gone", wanted.object_id, told, self._clock.now())


def _tried(errors: list[str], step: Callable[[], None]) -> bool:
    # A store that is away must not keep the key from being marked, nor the other way round.
    try:
        step()
    except Exception as error:  # noqa: BLE001
        errors.append(f"{type(error).__name__}: {error}")
        return False
    return True
