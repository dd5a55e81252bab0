"""After a restore from a backup: what has ended must not come back, and what has not must not go.

The two databases know different things. The key database keeps a row of zeros for every key that was destroyed, so it
knows what has ended, whatever an older main database says; it knows what is held; and it knows objects whose rows are
lost. The main database knows by its receipts which keys must be gone, whatever an older key database has back.

The master key wraps both old and new copies; nothing here opens anything.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import sqlalchemy as sa
import structlog

from config.clock import Clock
from storage.database import Database
from storage.errors import Refused
from storage.findings import note_finding
from storage.inferred import too_many
from storage.models import HoldMirror, StoredObject
from storage.objects.keys import KeyHeld, KeyRing
from storage.objects.store import ObjectStore
from storage.retention.claim import claim
from storage.retention.found_holds import set_found
from storage.retention.holds import KEPT

log = structlog.get_logger()

AT_ONCE = 500
# An intake is never under way for as long.
NOT_UNDER_WAY = timedelta(days=1)
EXPLAINED = {
    "deletion_replayed": "Its key was destroyed, and its row came back, from a backup probably. It is deleted once "
    "more; its receipt says `restored`.",
    "destroyed_but_held": "Its key was destroyed, and its row came back held. It cannot be read any more. Lift its "
    "holds, and it is deleted.",
    "deleted_but_held": "It was deleted, and its key came back marked as held: the databases do not belong together. "
    "`eskertu hold list` and the receipt tell which of them is right; nothing was done.",
    "row_lost": "The key database has this object's key, and the main database has no row of it: it was probably "
    "stored after the backup that was restored. Nothing of it is deleted. Restore a newer backup, if there is one.",
    "key_missing": "It is stored, and the key database never had a key for it: restore a newer copy of that database. "
    "Without its key nobody can open it.",
    "arrived_meanwhile": "The store has bytes of it, and its row waits for them: it was probably stored after the "
    "backup that was restored. Nothing of it is deleted. Restore a newer backup, if there is one.",
}


@dataclass(frozen=True)
class Difference:
    """One thing in which main database, key database and store do not agree.

    `kind` is `key_destroyed` (it was, and its row came back), `destroyed_but_held` (the same, and its row is held),
    `key_left` (its deletion is finished, and its key came back), `hold_not_known`, `row_lost` (a key, and no row),
    `key_missing` (stored, and there never was a key), or `arrived_meanwhile` (its row waits for bytes that the store
    has had for long). Where `fsck` sees the same, it uses the same word.
    """

    kind: str
    object_id: str


@dataclass
class Replayed:
    """How many of each were dealt with; `told` are those that only a person can decide, now findings."""

    deletions: int = 0
    keys: int = 0
    holds: int = 0
    told: int = 0


class Restored:
    """Compares the databases and the store of one installation, and replays what was lost."""

    def __init__(self, database: Database, keys: KeyRing, store: ObjectStore, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._store = store
        self._clock = clock

    def findings(self) -> Iterator[Difference]:
        """Everything that does not agree. Reads in pages, changes nothing, may run beside everything else.

        Raises `KeysUnavailable`, `StoreUnavailable`, `StoreRefused`.
        """
        # Holds first: what is held is not replayed.
        for page in _pages(self._keys.held_ids()):
            unheld = sa.select(StoredObject.id).where(
                StoredObject.id.in_(page),
                StoredObject.state.in_((*KEPT, "deleting")),
                StoredObject.holds == 0,
                ~sa.select(HoldMirror.object_id).where(HoldMirror.object_id == StoredObject.id).exists(),
            )
            yield from self._of_kind("hold_not_known", unheld)
        for page in self._rows(StoredObject.state.in_(KEPT)):
            yield from self._of_kept(page)
        for page in self._rows(StoredObject.state == "deleted"):
            back = [object_id for object_id, lives in self._keys.fates(page).items() if lives]
            yield from (Difference("key_left", object_id) for object_id in back)
        for page in _pages(self._keys.object_ids()):
            with self._database.read() as session:
                known = set(session.scalars(sa.select(StoredObject.id).where(StoredObject.id.in_(page))))
            yield from (Difference("row_lost", object_id) for object_id in page if object_id not in known)
        waiting = sa.and_(StoredObject.state == "arriving", StoredObject.arrived_at < self._clock.now() - NOT_UNDER_WAY)
        for page in self._rows(waiting):
            for object_id in page:
                if any(not version.is_delete_marker for version in self._store.versions(f"{object_id}/")):
                    yield Difference("arrived_meanwhile", object_id)

    def replay(self, *, most: bool = False) -> Replayed:
        """Delete again what has ended, destroy again keys that came back, hold again what is marked as held.

        The rest becomes findings. Can be repeated. A deletion is only claimed here: the deleter carries it out, and its
        receipt says `restored`.

        Args:
            most: also when it would delete more than half (from twenty up) of what is kept.

        Raises:
            Refused: if it would, and `most` is not given: then nothing was done.
            KeysUnavailable: the key database is away.
            StoreError: the store is.
        """
        found = list(self.findings())
        self._must_not_be_most([each for each in found if each.kind == "key_destroyed"], most=most)
        done = Replayed()
        for each in found:
            self._replay(each, done)
        with self._database.begin() as session:
            # An older key database has lost marks, an older store legal holds: the mirror is looked at again at once.
            session.execute(sa.update(HoldMirror).values(next_attempt_at=self._clock.now()))
        if found:
            log.warning("restore_replayed", deletions=done.deletions, keys=done.keys, holds=done.holds, told=done.told)
        return done

    def _of_kept(self, page: list[str]) -> Iterator[Difference]:
        fates = self._keys.fates(page)
        ended = [object_id for object_id in page if fates.get(object_id) is False]
        keyless = [object_id for object_id in page if object_id not in fates]
        # Read again: what was claimed and destroyed since the page was read has not come back.
        still = sa.select(StoredObject.id).where(StoredObject.id.in_(ended), StoredObject.state.in_(KEPT))
        yield from self._of_kind("key_destroyed", still.where(StoredObject.holds == 0))
        yield from self._of_kind("destroyed_but_held", still.where(StoredObject.holds > 0))
        stored = sa.select(StoredObject.id).where(StoredObject.id.in_(keyless), StoredObject.state == "stored")
        yield from self._of_kind("key_missing", stored)

    def _of_kind(self, kind: str, wanted: sa.Select[str]) -> Iterator[Difference]:
        with self._database.read() as session:
            ids = session.scalars(wanted.order_by(StoredObject.id)).all()
        return (Difference(kind, object_id) for object_id in ids)

    def _rows(self, condition: sa.ColumnElement[bool]) -> Iterator[list[str]]:
        after = ""
        while True:
            wanted = sa.select(StoredObject.id).where(condition, StoredObject.id > after)
            with self._database.read() as session:
                page = list(session.scalars(wanted.order_by(StoredObject.id).limit(AT_ONCE)))
            if not page:
                return
            yield page
            after = page[-1]

    def _must_not_be_most(self, ended: list[Difference], *, most: bool) -> None:
        with self._database.read() as session:
            kept = session.scalar(sa.select(sa.func.count()).where(StoredObject.state.in_(KEPT))) or 0
        if most or not too_many(len(ended), kept):
            return
        told = f"{len(ended)} of {kept} objects have ended by the key database: are these the right databases?"
        with self._database.begin() as session:
            note_finding(session, "replay_stopped", "key_database", told, self._clock.now())
        raise Refused(f"{told} Nothing was done. If they are, say --most")

    def _replay(self, each: Difference, done: Replayed) -> None:
        now = self._clock.now()
        kind = each.kind
        if kind == "key_left":
            try:
                self._keys.destroy(each.object_id)
                done.keys += 1
                return
            except KeyHeld:
                kind = "deleted_but_held"
        with self._database.begin() as session:
            if kind == "hold_not_known":
                set_found(session, each.object_id, "the key database", now)
                done.holds += 1
                return
            if kind == "key_destroyed":
                done.deletions += claim(session, each.object_id, "restored", now)
                kind = "deletion_replayed"
            else:
                done.told += 1
            note_finding(session, kind, each.object_id, EXPLAINED[kind], now)


def _pages(ids: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(ids)
    while page := list(islice(waiting, AT_ONCE)):
        yield page
