"""Putting a silenced copy in an object's place, and letting the object go: also under a hold, and for card data alone.

Bytes of the object → silence in the stretches that were approved → a new object, by the ordinary intake. In the very
transaction in which that becomes `stored` it takes over what the object was (dates, holds, restriction, whose recording
it is), and the object is claimed for deletion. Before it, nothing has changed; after it, the ordinary deletion goes on.
Killed anywhere, it is begun again, under the same copy's row by another attempt.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.errors import Refused
from storage.intake import Arrival, Intake, Ticket
from storage.ledger.log import append
from storage.models import CardDataPurge, HeldObject, Hold, StoredObject
from storage.playback import Playable, Playback, whole
from storage.retention.card_data import done_facts, end
from storage.retention.claim import begin, derived_from
from storage.retention.holds import take_over
from storage.retention.mirror_rows import note_change

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
RENEW_EVERY = timedelta(seconds=10)
BUDGET = timedelta(seconds=5)
SLOWEST_RETRY = timedelta(minutes=5)


class CannotRedact(Exception):
    """Nothing can be silenced in these bytes. The message says why."""


class Redactor(Protocol):
    """What storage does not know of one kind of object: its format, and which rows point at it."""

    kind: str

    def lasts_ms(self, chunks: Iterable[bytes]) -> int:
        """How long it is, in milliseconds; takes no more of the bytes than it needs. Raises CannotRedact."""
        ...

    def redacted(self, chunks: Iterable[bytes], spans: Sequence[tuple[int, int]]) -> Iterator[bytes]:
        """The same content with nothing in `spans` (in milliseconds), as long as it was. Raises CannotRedact."""
        ...

    def lock(self, session: Session, object_id: str) -> None:
        """Lock the rows that point at an object. They are locked before objects are."""
        ...

    def replace(self, session: Session, object_id: str, copy_id: str, now: datetime) -> None:
        """Let them point at the copy, of which whatever is derived from such objects is made anew."""
        ...


class OvertakenByEvents(Exception):
    """What was begun is not to be ended: withdrawn, gone, or another worker's. Nothing was changed."""


@dataclass(frozen=True)
class Taken:
    """A purge that this worker has claimed."""

    purge_id: str
    attempt: int
    original: Playable
    sha256: str
    spans: tuple[tuple[int, int], ...]
    redactor: Redactor
    ticket: Ticket
    arrival: Arrival


@dataclass(frozen=True)
class Ended:
    """A purge that ended because its object went by itself."""


class CardDataPurges:
    """Does what was approved."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        intake: Intake,
        playback: Playback,
        redactors: Iterable[Redactor],
    ) -> None:
        self._database = database
        self._clock = clock
        self._intake = intake
        self._playback = playback
        self._redactors = {each.kind: each for each in redactors}

    def lasts_ms(self, row: StoredObject) -> int:
        """How long an object is, in milliseconds, by its own bytes.

        Raises:
            Refused: if it is of a kind in which nothing can be silenced, or does not say.
            StoreError: the store is away.
        """
        redactor = self._redactors.get(row.kind)
        if redactor is None:
            raise Refused(
                "object {object_id} is a {kind}: only {kinds} can be silenced",
                object_id=row.id,
                kind=row.kind,
                kinds=self._redactors,
            )
        try:
            return redactor.lasts_ms(self._playback.read(whole(row)))
        except CannotRedact as error:
            raise Refused("object {object_id} cannot be silenced: {error}", object_id=row.id, error=error) from error

    def run(self, budget: timedelta = BUDGET) -> int:
        """Do what is approved, beginning nothing after `budget`. Returns how many copies took their object's place."""
        done, until = 0, self._clock.now() + budget
        while self._clock.now() < until and (taken := self._take()) is not None:
            done += self._purge(taken) if isinstance(taken, Taken) else 0
        return done

    def _take(self) -> Taken | Ended | None:
        now = self._clock.now()
        with self._database.begin() as session:
            request = session.scalars(
                sa.select(CardDataPurge)
                .where(CardDataPurge.state == "approved", CardDataPurge.next_attempt_at <= now)
                .order_by(CardDataPurge.next_attempt_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if request is None:
                return None
            row = session.get_one(StoredObject, request.object_id)
            if row.state != "stored":
                append(session, "purge_void", request.id, now, {"purge": request.id, "object": row.id})
                end(session, request, "void", now)
                return Ended()
            arrival = Arrival(
                kind=row.kind,
                centre_id=row.centre_id,
                content_type=row.content_type,
                purposes=tuple(each.purpose for each in row.purposes),
                source_id=row.source_id,
                began_at=row.began_at,
                counted_from=row.counted_from,
                parent_id=row.parent_id,
            )
            ticket = self._intake.expect(session, arrival, request.copy_id)
            request.copy_id = ticket.object_id
            request.attempts += 1
            request.next_attempt_at = now + LEASE
            taken = Taken(
                request.id,
                request.attempts,
                whole(row),
                request.sha256,
                tuple((from_ms, to_ms) for from_ms, to_ms in request.spans),
                self._redactors[row.kind],
                ticket,
                arrival,
            )
        reached(Milestone.PURGE_CLAIMED)
        return taken

    def _purge(self, taken: Taken) -> int:
        original = taken.original
        try:
            chunks = self._renewing(taken, _unchanged(self._playback.read(original), taken.sha256))
            self._intake.bring_in(
                taken.ticket,
                taken.arrival,
                taken.redactor.redacted(chunks, taken.spans),
                original.bytes,
                lambda session, copy: self._take_its_place(session, taken, copy),
                first=lambda session: self._must_still_be_wanted(session, taken),
            )
        # Whatever went wrong, the request stands and is tried again: card data is not forgotten in a log.
        except Exception as error:  # noqa: BLE001
            self._postpone(taken, f"{type(error).__name__}: {error}")
            return 0
        reached(Milestone.PURGE_COMMITTED)
        log.info("card_data_purged", purge=taken.purge_id, object=original.object_id, copy=taken.ticket.object_id)
        return 1

    def _must_still_be_wanted(self, session: Session, taken: Taken) -> None:
        taken.redactor.lock(session, taken.original.object_id)
        request = _locked(session, taken.purge_id)
        if request.state != "approved" or request.attempts != taken.attempt:
            raise OvertakenByEvents("it was withdrawn, or another worker is at it")
        row = session.get_one(StoredObject, taken.original.object_id, with_for_update=True, populate_existing=True)
        if row.state != "stored" or row.sha256 != taken.sha256:
            raise OvertakenByEvents("the object is not there any more as it was")

    def _take_its_place(self, session: Session, taken: Taken, copy: StoredObject) -> None:
        now = self._clock.now()
        row = session.get_one(StoredObject, taken.original.object_id)
        ends = {each.purpose: each for each in row.purposes}
        for each in copy.purposes:
            each.until, each.policy_id = ends[each.purpose].until, ends[each.purpose].policy_id
        copy.delete_after, copy.restricted_at = row.delete_after, row.restricted_at
        copy.heard_at, copy.heard_by = row.heard_at, row.heard_by
        take_over(session, copy, row.id, now)
        taken.redactor.replace(session, row.id, copy.id, now)
        claim_card_data(session, row.id, now)
        request = session.get_one(CardDataPurge, taken.purge_id)
        append(session, "purge_done", request.id, now, done_facts(request, copy.sha256))
        end(session, request, "done", now)

    def _renewing(self, taken: Taken, chunks: Iterator[bytes]) -> Iterator[bytes]:
        renewed = self._clock.now()
        for chunk in chunks:
            yield chunk
            now = self._clock.now()
            if now - renewed >= RENEW_EVERY:
                renewed = now
                with self._database.begin() as session:
                    session.execute(
                        sa.update(CardDataPurge)
                        .where(
                            CardDataPurge.id == taken.purge_id,
                            CardDataPurge.state == "approved",
                            CardDataPurge.attempts == taken.attempt,
                        )
                        .values(next_attempt_at=now + LEASE)
                    )

    def _postpone(self, taken: Taken, error: str) -> None:
        with self._database.begin() as session:
            request = _locked(session, taken.purge_id)
            if request.state != "approved" or request.attempts != taken.attempt:
                return
            request.last_error = error[:500]
            wait = min(timedelta(seconds=2 ** min(request.attempts, 10)), SLOWEST_RETRY)
            request.next_attempt_at = self._clock.now() + wait
        log.warning("card_data_not_purged", purge=taken.purge_id, error=error)


def claim_card_data(session: Session, object_id: str, now: datetime) -> int:
    """Claim an object in spite of what holds it, with all that was derived from it: a copy has taken its place.

    The one way round the claim that a hold makes impossible (I5). The caller has that copy be held by the same holds,
    in this transaction. Returns how many rows became `deleting`.
    """
    if not begin(session, [object_id], "card_data", now):
        return 0
    if session.scalar(sa.select(StoredObject.holds).where(StoredObject.id == object_id)):
        note_change(session, [object_id], now)  # else its mirror would stop the deletion
    # What is no more is held by nothing: neither its count nor a hold's list shall say so.
    session.execute(
        sa.update(StoredObject)
        .where(StoredObject.id == object_id)
        .values(holds=0)
        .execution_options(synchronize_session=False)
    )
    holding = sa.select(Hold.id).where(Hold.lifted_at.is_(None))
    session.execute(
        sa.delete(HeldObject)
        .where(HeldObject.object_id == object_id, HeldObject.hold_id.in_(holding))
        .execution_options(synchronize_session=False)
    )
    return 1 + sum(claim_card_data(session, child, now) for child in derived_from(session, [object_id]))


def _locked(session: Session, purge_id: str) -> CardDataPurge:
    return session.get_one(CardDataPurge, purge_id, with_for_update=True, populate_existing=True)


def _unchanged(chunks: Iterator[bytes], sha256: str) -> Iterator[bytes]:
    """The same bytes; raises before the last of them if they are not those that were approved."""
    digest, last = hashlib.sha256(), b""
    for chunk in chunks:
        if last:
            yield last
        digest.update(chunk)
        last = chunk
    if digest.hexdigest() != sha256:
        raise OvertakenByEvents("its content is not what was approved")
    yield last
