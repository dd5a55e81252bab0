"""How bytes become a stored object: bytes → hash → encrypt → put → verify → row, in that order.

A row `arriving` (with its attempt, and a key) is committed first; then the sealed bytes go to `id/attempt`; then the
store is asked what it holds; then one UPDATE, only if this attempt is still the one that counts, makes it `stored`
with its date, its purposes and its leaf. Only after that may the source's copy go. Killed anywhere, it can be begun
again: a new attempt has a new key in the store, and what the old one left is swept.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.ledger.log import append
from storage.models import Centre, ObjectPurpose, StoredObject
from storage.models.columns import random_id
from storage.objects.cipher import Sealed
from storage.objects.keys import KeyHeld, KeyRing
from storage.objects.store import ObjectStore, key_of_attempt, keys_of_attempts
from storage.retention.holds import holds_stay, inherit
from storage.retention.policy import Due, delete_after, schedule, windows_begin
from storage.retention.schedule import policies_stay, published_policies

log = structlog.get_logger()


class IntakeSuperseded(Exception):
    """Another attempt took this object over: what this one put was removed again; nothing is lost."""


@dataclass(frozen=True)
class Arrival:
    """What is known of an object before its bytes are."""

    kind: str
    centre_id: str
    content_type: str
    purposes: tuple[str, ...]
    source_id: str
    began_at: datetime
    counted_from: datetime
    parent_id: str | None = None


@dataclass(frozen=True)
class Ticket:
    """The right to bring in one object by one attempt."""

    object_id: str
    attempt: int

    @property
    def key(self) -> str:
        """Where this attempt's bytes lie in the store."""
        return key_of_attempt(self.object_id, self.attempt)


class Intake:
    """Takes objects in. The database, the store and the keys are those of one installation."""

    def __init__(self, database: Database, store: ObjectStore, keys: KeyRing, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._keys = keys
        self._clock = clock

    def expect(self, session: Session, arrival: Arrival, object_id: str | None = None) -> Ticket:
        """In the caller's transaction: make the row `arriving`, or begin its next attempt.

        Raises:
            PolicyError: if a purpose has no policy. What matches no policy is not stored (I4), so it is not fetched.
        """
        self._dates(session, arrival, self._clock.now())
        if object_id is not None:
            row = session.get_one(StoredObject, object_id, with_for_update=True)
            row.attempt += 1
            return Ticket(row.id, row.attempt)
        row = StoredObject(
            id=random_id(),
            kind=arrival.kind,
            parent_id=arrival.parent_id,
            centre_id=arrival.centre_id,
            state="arriving",
            bucket=self._store.bucket,
            content_type=arrival.content_type,
            source_id=arrival.source_id,
            began_at=arrival.began_at,
            counted_from=arrival.counted_from,
            arrived_at=self._clock.now(),
        )
        session.add(row)
        session.flush()
        return Ticket(row.id, row.attempt)

    def bring_in(
        self,
        ticket: Ticket,
        arrival: Arrival,
        chunks: Iterable[bytes],
        length: int,
        settle: Callable[[Session, StoredObject], None],
        first: Callable[[Session], None] = lambda _session: None,
    ) -> None:
        """Seal, put, verify, and commit the row; `first` and `settle` run in that same transaction.

        Constant memory, any length. Repeatable: a failed attempt leaves the row `arriving`.

        Args:
            ticket: from `expect`, in a committed transaction.
            arrival: as given to `expect`.
            chunks: the plain bytes, in pieces of any size.
            length: how many plain bytes there will be, exactly.
            settle: what else becomes true when the object is stored.
            first: locks what `settle` will change, and raises if that has become wrong meanwhile. It runs before the
                object's own row is locked: whoever locks both does it in this order.

        Raises:
            StoreError: the store failed, or holds something else than was sent.
            IntakeSuperseded: a later attempt owns the object now.
            Exception: whatever `chunks` raises; then nothing is in the store.
        """
        reached(Milestone.ARRIVING_COMMITTED)
        if ticket.attempt > 1:
            self._sweep_older(ticket)
        # Of an object whose deletion has begun there is no key to be had any more: this raises, and nothing is put.
        key = self._keys.create(ticket.object_id)
        reached(Milestone.KEY_MADE)
        digest = hashlib.sha256()
        with Sealed(_hashed(chunks, digest.update), length, key) as sealed:
            cipher_bytes = sealed.length
            copy = self._store.put(ticket.key, sealed, cipher_bytes)
        reached(Milestone.OBJECT_PUT)
        try:
            with self._database.begin() as session:
                # Before any row is locked: who changes policies or holds takes these first, and then rows.
                policies_stay(session)
                holds_stay(session)
                first(session)
                now = self._clock.now()
                dates = self._dates(session, arrival, now)
                claimed = session.execute(
                    sa.update(StoredObject)
                    .where(
                        StoredObject.id == ticket.object_id,
                        StoredObject.state == "arriving",
                        StoredObject.attempt == ticket.attempt,
                    )
                    .values(
                        state="stored",
                        key=ticket.key,
                        version_id=copy.version_id,
                        bytes=length,
                        sha256=digest.hexdigest(),
                        cipher_bytes=cipher_bytes,
                        stored_at=now,
                        delete_after=delete_after(dates),
                    )
                )
                _must_count(claimed, ticket)
                row = session.get_one(StoredObject, ticket.object_id, populate_existing=True)
                row.purposes = [ObjectPurpose(purpose=d.purpose, until=d.until, policy_id=d.policy_id) for d in dates]
                inherit(session, row, now)
                append(session, "object_stored", row.id, now, _facts(row))
                settle(session, row)
        except BaseException:
            # Not ours any more, or not to be stored at all: what was put must not stay behind.
            self._store.remove([v for v in self._store.versions(ticket.key) if v.key == ticket.key])
            raise
        reached(Milestone.OBJECT_COMMITTED)

    def _sweep_older(self, ticket: Ticket) -> None:
        if self._keys.is_held(ticket.object_id):
            # Only what is stored is marked: this database was restored from before that, and there are no leftovers.
            raise KeyHeld(f"{ticket.object_id} is held, though it is not known to be stored: see `eskertu findings`")
        # Only what older attempts left, by name: this one may be slow, and a newer one may have stored it already.
        for key in keys_of_attempts(ticket.object_id, ticket.attempt - 1):
            self._store.abort_uploads(key, keys=[key])
            self._store.remove([version for version in self._store.versions(key) if version.key == key])

    def _dates(self, session: Session, arrival: Arrival, now: datetime) -> tuple[Due, ...]:
        jurisdiction = session.get_one(Centre, arrival.centre_id).jurisdiction
        counted_from = windows_begin(arrival.counted_from, now)
        return schedule(published_policies(session), arrival.purposes, jurisdiction, arrival.centre_id, counted_from)


def _facts(row: StoredObject) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "parent": row.parent_id,
        "centre": row.centre_id,
        "bytes": row.bytes,
        "sha256": row.sha256,
        "counted_from": row.counted_from.isoformat(),
        "purposes": sorted(each.purpose for each in row.purposes),
    }


def retell(session: Session, object_id: str) -> dict[str, Any] | None:
    """What the ledger was told of an object when it was stored, from its row as it is now."""
    row = session.get(StoredObject, object_id)
    return None if row is None else _facts(row)


def _must_count(claimed: sa.Result[Any], ticket: Ticket) -> None:
    if cast("sa.CursorResult[Any]", claimed).rowcount != 1:
        raise IntakeSuperseded(ticket.object_id)


def _hashed(chunks: Iterable[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for chunk in chunks:
        update(chunk)
        yield chunk
