"""Clips that were asked for: made by a worker, kept for a week at most, and never longer than what they were made of.

A row stands since somebody asked. A worker claims it, puts the fragments of the segments behind one another, and brings
them in as everything is brought in; in the transaction in which the file becomes `stored`, the clip is `made`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.intake import Arrival, Intake, Ticket
from storage.ledger.ledger import Ledger
from storage.models import Clip, ObjectPart, ObjectPurpose, StoredObject
from storage.playback import Playable, Playback, whole
from storage.retention.claim import claim
from video.clip import NothingThere, Plan, TooManyPieces, format_of, fragments_of, plan
from video.converting import NothingToConvert, converted
from video.footage import playable_between
from video.manifest import Draft, NotPlacedYet, draft, manifest
from video.playlist import Playing

log = structlog.get_logger()

KIND = "export"
PURPOSES = ("security",)
KEPT_FOR = timedelta(days=7)
# What is made to be looked at once.
CONVERTED_KEPT_FOR = timedelta(days=1)
# Before its first segment goes, so that no policy that keeps longer moves it: it is as something that was discarded.
BEFORE_ITS_PARTS = timedelta(seconds=1)
LEASE = timedelta(seconds=60)
TELL_EVERY = timedelta(seconds=1)
SLOWEST_RETRY = timedelta(minutes=1)
BUDGET = timedelta(seconds=5)
MOST_ATTEMPTS = 8
# Why one was refused; pages have words for each.
NOTHING_THERE, CHANGES, TOO_LONG, GONE, FAILED = "nothing_there", "changes", "too_long", "gone", "failed"


class Unfit(Exception):
    """It cannot be made. Its word is one of those above."""


@dataclass(frozen=True)
class Taken:
    """A clip that this worker has claimed, and what it is made of."""

    clip_id: str
    attempt: int
    plan: Plan
    items: dict[str, Playable]
    ticket: Ticket
    arrival: Arrival
    drafted: Draft
    converted: bool


def _plan(segments: Sequence[Playing], clip: Clip) -> Plan:
    try:
        return plan(segments, clip.from_at, clip.to_at)
    except NothingThere as error:
        raise Unfit(NOTHING_THERE) from error
    except TooManyPieces as error:
        raise Unfit(TOO_LONG) from error


class Clips:
    """Makes the clips that were asked for."""

    def __init__(self, database: Database, clock: Clock, intake: Intake, playback: Playback, ledger: Ledger) -> None:
        self._database = database
        self._clock = clock
        self._intake = intake
        self._playback = playback
        self._ledger = ledger

    def run(self, budget: timedelta = BUDGET, clip_id: str | None = None) -> int:
        """Make clips whose turn it is, beginning none after `budget`. Returns how many were made."""
        made, until = 0, self._clock.now() + budget
        while self._clock.now() < until and (claimed := self._claim(clip_id)) is not None:
            made += self._one(*claimed)
        return made

    def forget(self) -> None:
        """Delete what was refused a week ago."""
        with self._database.begin() as session:
            old = Clip.asked_at < self._clock.now() - KEPT_FOR
            session.execute(sa.delete(Clip).where(Clip.state == "refused", old))

    def _claim(self, clip_id: str | None) -> tuple[str, int] | None:
        now = self._clock.now()
        with self._database.begin() as session:
            due = sa.select(Clip).where(Clip.next_attempt_at <= now).order_by(Clip.next_attempt_at, Clip.id)
            if clip_id is not None:
                due = due.where(Clip.id == clip_id)
            clip = session.scalars(due.limit(1).with_for_update(skip_locked=True, of=Clip)).first()
            if clip is None:
                return None
            clip.attempts += 1
            clip.next_attempt_at = now + LEASE
            return clip.id, clip.attempts

    def _one(self, clip_id: str, attempt: int) -> int:
        try:
            taken = self._planned(clip_id, attempt)
            content, size = self._content(taken), taken.plan.size
            if taken.converted:
                # How long it will be is known only once it is made: a few minutes, which memory holds.
                made = converted(content)
                content, size = iter([made]), len(made)
            self._intake.bring_in(
                taken.ticket,
                taken.arrival,
                content,
                size,
                lambda session, row: self._settle(session, taken, row),
                first=lambda session: self._parts_there(session, taken),
            )
        except (Unfit, NothingToConvert) as unfit:
            self._end(clip_id, attempt, str(unfit) if isinstance(unfit, Unfit) else NOTHING_THERE)
            return 0
        except Exception as error:  # noqa: BLE001
            # Whatever went wrong, the row stands and is tried again.
            log.warning("clip_not_made", clip=clip_id, error=type(error).__name__)
            self._postpone(clip_id, attempt, error)
            return 0
        log.info("clip_made", clip=clip_id, object=taken.ticket.object_id)
        return 1

    def _planned(self, clip_id: str, attempt: int) -> Taken:
        # A day is thousands of segments: nobody who writes waits until all is read of them.
        with self._database.begin() as session:
            checkpoint = self._ledger.checkpoint(session)
        with self._database.read() as session:
            clip = session.get_one(Clip, clip_id)
            wanted = _plan(playable_between(session, clip.camera_id, clip.from_at, clip.to_at), clip)
            rows = session.execute(
                sa.select(
                    StoredObject.id,
                    StoredObject.key,
                    StoredObject.version_id,
                    StoredObject.content_type,
                    StoredObject.bytes,
                    StoredObject.cipher_bytes,
                    StoredObject.counted_from,
                ).where(StoredObject.id.in_([each.segment.object_id for each in wanted.cuts]))
            ).all()
            drafted = draft(session, self._ledger, clip, wanted, checkpoint, self._clock.now())
        arrival = Arrival(
            kind=KIND,
            centre_id=clip.camera.centre_id,
            content_type="video/mp4",
            purposes=PURPOSES,
            # Not the camera: a hold over a span of it holds this only if it holds all of its parts.
            source_id=clip.id,
            began_at=wanted.from_at,
            counted_from=min(row.counted_from for row in rows),
        )
        with self._database.begin() as session:
            clip = session.get_one(Clip, clip_id, with_for_update={"of": Clip})
            before = session.get(StoredObject, clip.object_id) if clip.object_id is not None else None
            begun = before.id if before is not None and before.state == "arriving" else None
            ticket = self._intake.expect(session, arrival, begun)
            clip.object_id, clip.bytes_all, clip.bytes_done = ticket.object_id, wanted.size, 0
            session.execute(sa.delete(ObjectPart).where(ObjectPart.whole_id == ticket.object_id))
            parts = [{"whole_id": ticket.object_id, "part_id": row.id} for row in rows]
            session.execute(sa.insert(ObjectPart), parts)
        return Taken(
            clip_id, attempt, wanted, {row.id: whole(row) for row in rows}, ticket, arrival, drafted, clip.converted
        )

    def _content(self, taken: Taken) -> Iterator[bytes]:
        """The file's bytes; the first of them only when it is certain that it can be one file."""
        first = taken.plan.cuts[0].segment
        init = self._init(taken, first.object_id, first.init_bytes)
        kind, known = format_of(init), {first.run_id}
        for cut in taken.plan.cuts:
            if cut.segment.run_id not in known:
                known.add(cut.segment.run_id)
                if format_of(self._init(taken, cut.segment.object_id, cut.segment.init_bytes)) != kind:
                    raise Unfit(CHANGES)
        return self._telling(taken, self._pieces(taken, init))

    def _pieces(self, taken: Taken, init: bytes) -> Iterator[bytes]:
        yield init
        yield taken.plan.index()
        number = 0
        for cut in taken.plan.cuts:
            chunks = self._playback.read(taken.items[cut.segment.object_id], cut.start, cut.stop)
            yield from fragments_of(cut, chunks, number)
            number += len(cut.fragments)

    def _init(self, taken: Taken, object_id: str, length: int) -> bytes:
        return b"".join(self._playback.read(taken.items[object_id], 0, length))

    def _telling(self, taken: Taken, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same, and every second how far it has come."""
        done, told = 0, self._clock.now()
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            now = self._clock.now()
            if now - told >= TELL_EVERY:
                told = now
                with self._database.begin() as session:
                    mine = sa.update(Clip).where(Clip.id == taken.clip_id, Clip.attempts == taken.attempt)
                    session.execute(mine.values(bytes_done=done, next_attempt_at=now + LEASE))

    def _parts_there(self, session: Session, taken: Taken) -> None:
        """Locked, so that none begins to be deleted, or to be held, without seeing what was made of it."""
        clip = session.get(Clip, taken.clip_id, with_for_update={"of": Clip}, populate_existing=True)
        if clip is None or clip.attempts != taken.attempt:
            raise Unfit(GONE)
        rows = session.execute(
            sa.select(StoredObject.state, StoredObject.restricted_at)
            .where(StoredObject.id.in_(taken.items))
            .order_by(StoredObject.id)
            .with_for_update()
        ).all()
        if any(row.state != "stored" or row.restricted_at is not None for row in rows):
            raise Unfit(GONE)

    def _settle(self, session: Session, taken: Taken, row: StoredObject) -> None:
        now = self._clock.now()
        ends = session.scalar(sa.select(sa.func.min(StoredObject.delete_after)).where(StoredObject.id.in_(taken.items)))
        until = session.scalar(
            sa.select(sa.func.min(ObjectPurpose.until)).where(ObjectPurpose.object_id.in_(taken.items))
        )
        kept_for = CONVERTED_KEPT_FOR if taken.converted else KEPT_FOR
        row.delete_after = min([now + kept_for, *([ends - BEFORE_ITS_PARTS] if ends is not None else [])])
        for purpose in row.purposes:
            purpose.until = min([purpose.until, *([until] if until is not None else [])])
        clip = session.get_one(Clip, taken.clip_id)
        self._ledger.give(session, taken.drafted.checkpoint)
        clip.manifest = manifest(taken.drafted, row, now)
        clip.state, clip.next_attempt_at, clip.last_error = "made", None, None
        clip.bytes_done = clip.bytes_all or 0

    def _end(self, clip_id: str, attempt: int, why: str) -> None:
        with self._database.begin() as session:
            clip = session.get(Clip, clip_id, with_for_update={"of": Clip})
            if clip is None or clip.attempts != attempt:
                return
            clip.state, clip.next_attempt_at, clip.last_error = "refused", None, why
            if clip.object_id is not None:
                claim(session, clip.object_id, "never_came", self._clock.now())
                clip.object_id = None

    def _postpone(self, clip_id: str, attempt: int, error: Exception) -> None:
        if attempt >= MOST_ATTEMPTS and not isinstance(error, NotPlacedYet):
            self._end(clip_id, attempt, FAILED)
            return
        with self._database.begin() as session:
            clip = session.get(Clip, clip_id, with_for_update={"of": Clip})
            if clip is None or clip.attempts != attempt:
                return
            clip.last_error = type(error).__name__
            wait = timedelta(seconds=1 if isinstance(error, NotPlacedYet) else 2 ** min(attempt, 6))
            clip.next_attempt_at = self._clock.now() + min(wait, SLOWEST_RETRY)
