"""Peaks of recordings: made once by the worker, kept as an object whose parent is the recording's.

A task's row stands since the recording was stored. A worker claims it, reads the recording in a stream, and brings the
peaks in as everything is brought in, under a key of their own; in the transaction in which they become `stored` the row
goes. They have the recording's dates, purposes, holds and restriction, and go with it: deletion walks the tree.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.intake import Arrival, Intake, Ticket
from storage.models import HeldObject, Hold, PeaksTask, StoredObject
from storage.playback import Playable, Playback, whole
from storage.retention.claim import claim
from storage.retention.found_holds import FOUND_BY
from storage.retention.policy import PolicyError
from telephony.wav import NotWholeWav
from telephony.waveform import FULL, Waveform, waveform

log = structlog.get_logger()

KIND = "peaks"
LEASE = timedelta(seconds=60)
RENEW_EVERY = timedelta(seconds=10)
BUDGET = timedelta(seconds=5)
SLOWEST_RETRY = timedelta(minutes=5)
# What is restricted is used for nothing until it is released.
RESTRICTED_RETRY = timedelta(hours=1)


class NotWantedAnyMore(Exception):
    """The recording is gone, or another worker has its task. Nothing was changed."""


@dataclass(frozen=True)
class Taken:
    """A task that this worker has claimed."""

    attempt: int
    recording: Playable
    ticket: Ticket
    arrival: Arrival


@dataclass(frozen=True)
class Skipped:
    """A task whose turn it was, and that is not to be done now, or ever."""


def want_peaks(session: Session, object_id: str, now: datetime) -> None:
    """In the transaction that stores a recording: have its peaks made."""
    session.add(PeaksTask(object_id=object_id, attempts=0, next_attempt_at=now))


def want_lost_peaks(session: Session, now: datetime) -> int:
    """Have peaks made anew of recordings whose deletion was taken back, as theirs may be gone by then.

    Such a recording is held by what was found (storage/retention/found_holds.py). Returns how many there were.
    """
    # By steps, each by an index: there are few such holds, mostly none.
    holds = session.scalars(sa.select(Hold.id).where(Hold.owner == FOUND_BY)).all()
    held = session.scalars(sa.select(HeldObject.object_id).where(HeldObject.hold_id.in_(holds))).all() if holds else ()
    lost = [each for each in sorted(set(held)) if _is_lost(session, each)]
    for object_id in lost:
        want_peaks(session, object_id, now)
    return len(lost)


def _is_lost(session: Session, object_id: str) -> bool:
    if session.get(PeaksTask, object_id) is not None or peaks_of(session, object_id) is not None:
        return False
    row = session.get_one(StoredObject, object_id, with_for_update=True, populate_existing=True)
    return row.kind == "recording" and row.state == "stored"


def peaks_of(session: Session, object_id: str) -> StoredObject | None:
    """The object with the peaks of a recording's object, if they are there."""
    return session.scalars(
        sa.select(StoredObject).where(
            StoredObject.parent_id == object_id, StoredObject.kind == KIND, StoredObject.state == "stored"
        )
    ).first()


def document(found: Waveform) -> bytes:
    """Peaks as they are kept and given to pages: JSON."""
    told = {
        "version": 1,
        "seconds": round(found.seconds, 3),
        "seconds_per_peak": found.frames_per_peak / found.sample_rate,
        "full": FULL,
        "channels": found.channels,
    }
    return json.dumps(told, separators=(",", ":")).encode()


class Peaks:
    """Makes the peaks that are wanted."""

    def __init__(self, database: Database, clock: Clock, intake: Intake, playback: Playback) -> None:
        self._database = database
        self._clock = clock
        self._intake = intake
        self._playback = playback

    def run(self, budget: timedelta = BUDGET) -> int:
        """Make peaks whose turn it is, beginning none after `budget`. Returns how many were stored."""
        stored, until = 0, self._clock.now() + budget
        while self._clock.now() < until and (taken := self._take()) is not None:
            stored += self._make(taken) if isinstance(taken, Taken) else 0
        return stored

    def _take(self) -> Taken | Skipped | None:
        now = self._clock.now()
        with self._database.begin() as session:
            task = session.scalars(
                sa.select(PeaksTask)
                .where(PeaksTask.next_attempt_at <= now)
                .order_by(PeaksTask.next_attempt_at, PeaksTask.object_id)
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
        reached(Milestone.PEAKS_CLAIMED)
        return taken

    def _expected(self, session: Session, task: PeaksTask, parent: StoredObject) -> Taken:
        arrival = Arrival(
            kind=KIND,
            centre_id=parent.centre_id,
            content_type="application/json",
            purposes=tuple(each.purpose for each in parent.purposes),
            source_id=parent.source_id,
            began_at=parent.began_at,
            counted_from=parent.counted_from,
            parent_id=parent.id,
        )
        before = session.get(StoredObject, task.peaks_id) if task.peaks_id is not None else None
        begun = before.id if before is not None and before.state == "arriving" else None
        ticket = self._intake.expect(session, arrival, begun)
        task.peaks_id = ticket.object_id
        return Taken(task.attempts + 1, whole(parent), ticket, arrival)

    def _make(self, taken: Taken) -> int:
        recording = taken.recording
        try:
            content = document(waveform(self._renewing(taken)))
            self._intake.bring_in(
                taken.ticket,
                taken.arrival,
                [content],
                len(content),
                lambda session, peaks: _settle(session, recording.object_id, peaks),
                first=lambda session: self._must_still_be_wanted(session, taken),
            )
        except NotWholeWav as error:
            # The page plays it all the same, and draws nothing.
            self._postpone(taken, str(error), for_ever=True)
            return 0
        # Whatever went wrong, the row stands and is tried again.
        except Exception as error:  # noqa: BLE001
            self._postpone(taken, f"{type(error).__name__}: {error}")
            return 0
        reached(Milestone.PEAKS_COMMITTED)
        log.info("peaks_stored", object=recording.object_id, peaks=taken.ticket.object_id)
        return 1

    def _renewing(self, taken: Taken) -> Iterator[bytes]:
        renewed = self._clock.now()
        for chunk in self._playback.read(taken.recording):
            yield chunk
            now = self._clock.now()
            if now - renewed >= RENEW_EVERY:
                renewed = now
                with self._database.begin() as session:
                    session.execute(
                        sa.update(PeaksTask)
                        .where(PeaksTask.object_id == taken.recording.object_id, PeaksTask.attempts == taken.attempt)
                        .values(next_attempt_at=now + LEASE)
                    )

    def _must_still_be_wanted(self, session: Session, taken: Taken) -> None:
        task = session.get(PeaksTask, taken.recording.object_id, with_for_update=True, populate_existing=True)
        if task is None or task.attempts != taken.attempt:
            raise NotWantedAnyMore("another worker is at it")
        parent = session.get_one(StoredObject, taken.recording.object_id, with_for_update=True, populate_existing=True)
        if parent.state != "stored":
            raise NotWantedAnyMore("the recording is not there any more")

    def _postpone(self, taken: Taken, error: str, *, for_ever: bool = False) -> None:
        with self._database.begin() as session:
            task = session.get(PeaksTask, taken.recording.object_id, with_for_update=True)
            if task is None or task.attempts != taken.attempt:
                return
            task.last_error = error[:500]
            wait = min(timedelta(seconds=2 ** min(task.attempts, 10)), SLOWEST_RETRY)
            task.next_attempt_at = None if for_ever else self._clock.now() + wait
            if for_ever:
                # No row shall wait for bytes that will never come.
                claim(session, taken.ticket.object_id, "never_came", self._clock.now())
        log.warning("peaks_not_made", object=taken.recording.object_id, error=error)


def _settle(session: Session, object_id: str, peaks: StoredObject) -> None:
    parent = session.get_one(StoredObject, object_id)
    ends = {each.purpose: each for each in parent.purposes}
    for each in peaks.purposes:
        each.until, each.policy_id = ends[each.purpose].until, ends[each.purpose].policy_id
    peaks.delete_after, peaks.restricted_at = parent.delete_after, parent.restricted_at
    session.execute(sa.delete(PeaksTask).where(PeaksTask.object_id == object_id))
