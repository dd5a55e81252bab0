"""From the spool into the store and the database: gaps, runs, segments. What is stored goes from the spool.

It is a thread of its own: while store or database are away, recording goes on, and this begins again where it stood.
Killed at any instruction, it can be repeated: a segment's id is older than its row, so none is stored twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.findings import note_finding
from storage.intake import Arrival, Intake, Ticket
from storage.models import Camera, ObjectCopy, RecordingRun, Segment, StoredObject
from storage.retention.policy import PolicyError
from video import facts
from video.ahead import ahead, tell_if_ahead
from video.boxes import Fragment
from video.copies import SPOOL, ref_of
from video.damage import Media, give_up
from video.facts import Finished, Reason
from video.leases import lease_numbers
from video.line import fill_holes, lock_line, make_room, note_gap
from video.lost import Lost
from video.overlap import Kept
from video.previews import want_preview
from video.spool import CameraSpool, Spool
from video.timing import TIMESCALE
from video.untold import tell, untold

log = structlog.get_logger()

KIND = "segment"
PURPOSES = ("security",)


class Upload:
    """Empties a recorder's spool. One thread uses it."""

    def __init__(self, spool: Spool, database: Database, intake: Intake, clock: Clock) -> None:
        self._spool = spool
        self._database = database
        self._intake = intake
        self._clock = clock
        self._lost = Lost(database, clock, PURPOSES)
        # Gaps that last, as they were told last: under which lease.
        self._known: dict[str, tuple[facts.Gap, int]] = {}

    def run(self) -> bool:
        """Store what waits. Returns False if something could not be stored now; it stays where it is."""
        could = True
        with self._database.read() as session:
            leases = lease_numbers(session)
        for camera in self._spool.cameras():
            # Store, database or disk: whatever it is, nothing is given up, and it is tried again.
            try:
                could = self._empty(camera, leases.get(camera.camera_id)) and could
            except Exception as error:  # noqa: BLE001
                log.warning("upload_failed", camera=camera.camera_id, error=type(error).__name__)
                could = False
        return could

    def _empty(self, camera: CameraSpool, lease: tuple[str, int] | None) -> bool:
        """One camera's things: gaps, which need the database alone, then segments, up to the first that fails."""
        holder, number = lease or (self._spool.identity, 0)
        things = list(camera.waiting())
        for path, thing in things:
            # What lasts is said by whoever has the lease; when it has ended, by everybody who knows of it.
            ours = holder == self._spool.identity or (isinstance(thing, facts.Gap) and thing.ended_at is not None)
            if isinstance(thing, facts.Gap) and ours and self._known.get(thing.id) != (thing, number):
                self._note(camera, path, thing, number)
        try:
            for path, thing in things:
                if isinstance(thing, Finished):
                    self._store(camera, path, thing)
        except PolicyError as error:
            self._tell(camera, str(error))
            return False
        self._lost.settle(camera, number)
        return True

    def _note(self, camera: CameraSpool, path: Path, gap: facts.Gap, lease: int) -> None:
        with self._database.begin() as session:
            lock_line(session, camera.camera_id)
            note_gap(session, gap, lease, self._clock.now())
        reached(Milestone.GAP_COMMITTED)
        if gap.ended_at is None:
            self._known[gap.id] = (gap, lease)
        else:
            self._known.pop(gap.id, None)
            camera.remove_facts(path)

    def _store(self, camera: CameraSpool, path: Path, finished: Finished) -> None:
        ref = ref_of(self._spool.identity, camera.camera_id, path.name)
        with self._database.begin() as session:
            lock_line(session, camera.camera_id)
            object_id, taken = self._expect(session, finished, ref)
        if taken is not None:
            ticket, arrival, pieces = taken
            media = Media(path, finished.init_bytes, pieces)
            try:
                self._intake.bring_in(ticket, arrival, media, media.length, self._settle)
            except Exception:
                if not media.broken or not self._give_up(path, finished):
                    raise
                self._store(camera, path, finished)
                return
            log.info("segment_stored", camera=camera.camera_id, object=object_id, packets=finished.packets)
        camera.remove_media(path)
        reached(Milestone.SPOOL_REMOVED)
        if object_id is not None:
            with self._database.begin() as session:
                session.execute(
                    sa.delete(ObjectCopy).where(
                        ObjectCopy.object_id == object_id, ObjectCopy.place == SPOOL, ObjectCopy.ref == ref
                    )
                )
        camera.remove_facts(path)

    def _give_up(self, path: Path, finished: Finished) -> bool:
        with self._database.begin() as session:
            return give_up(session, path, finished, self._clock.now())

    def _settle(self, session: Session, row: StoredObject) -> None:
        want_preview(session, row.id, self._clock.now())

    def _expect(
        self, session: Session, finished: Finished, ref: str
    ) -> tuple[str | None, tuple[Ticket, Arrival, list[Fragment]] | None]:
        """The object that a segment becomes, and the right to bring it in; None if that has been done.

        With it, which fragments of the file: all, unless another recorder's segment has their time. No object at all
        if it has all of it.
        """
        begun = finished.begun
        row = session.get(Segment, begun.id)
        if row is not None and session.get_one(StoredObject, row.object_id).state != "arriving":
            return row.object_id, None
        whole = Kept(finished.fragments, begun.began_at, finished.ended_at)
        camera = session.get_one(Camera, begun.run.camera_id)
        within, now = (whole.began_at, whole.ended_at), self._clock.now()
        lead = ahead(finished.ended_at, now, begun.run.began_at, begun.run.clock_said)
        without = untold(session, camera.zone_id, within, lead) if row is None else []
        missing = Reason.NO_SIGN if without else Reason.SUPERSEDED
        left = make_room(session, finished, without, now) if row is None else whole
        if without:
            tell(session, finished, left, without, now)
        if left is None:
            log.info("segment_does_not_count", camera=camera.id, segment=begun.id, reason=missing.value)
            fill_holes(session, camera.id, within, begun.run.lease, missing)
            return None, None
        arrival = Arrival(
            kind=KIND,
            centre_id=camera.centre_id,
            content_type="video/mp4",
            purposes=PURPOSES,
            source_id=camera.id,
            began_at=left.began_at if row is None else row.began_at,
            counted_from=left.ended_at if row is None else row.ended_at,
        )
        ticket = self._intake.expect(session, arrival, None if row is None else row.object_id)
        if row is None:
            tell_if_ahead(session, finished, now)
            _make_run(session, begun.run)
            row = _row(finished, left, ticket.object_id)
            session.add(row)
            # From now on a deletion reaches the spool's copy too, whatever becomes of this attempt.
            session.add(ObjectCopy(object_id=ticket.object_id, place=SPOOL, ref=ref))
            session.flush()
            fill_holes(session, camera.id, within, begun.run.lease, missing)
        counting = {each[2] for each in row.fragments}
        pieces = [each for each in finished.fragments if each.begin in counting]
        row.fragments = [each.row() for each in behind_one_another(finished.init_bytes, pieces)]
        return ticket.object_id, (ticket, arrival, pieces)

    def _tell(self, camera: CameraSpool, explanation: str) -> None:
        with self._database.begin() as session:
            note_finding(session, "no_policy", camera.camera_id, explanation, self._clock.now())


def _make_run(session: Session, run: facts.Run) -> None:
    if session.get(RecordingRun, run.id) is None:
        session.add(
            RecordingRun(
                id=run.id,
                camera_id=run.camera_id,
                began_at=run.began_at,
                clock_said=run.clock_said,
                codec=run.codec,
                width=run.width,
                height=run.height,
                timescale=TIMESCALE,
                lease=run.lease,
            )
        )
        session.flush()


def _row(finished: Finished, left: Kept, object_id: str) -> Segment:
    begun = finished.begun
    return Segment(
        id=begun.id,
        camera_id=begun.run.camera_id,
        run_id=begun.run.id,
        number=begun.number,
        object_id=object_id,
        began_at=left.began_at,
        ended_at=left.ended_at,
        media_begin=left.fragments[0].begin,
        media_end=left.fragments[-1].end,
        packets=left.packets,
        init_bytes=finished.init_bytes,
        fragments=[each.row() for each in left.fragments],
    )


def behind_one_another(init_bytes: int, fragments: Sequence[Fragment]) -> Iterator[Fragment]:
    """Fragments as they lie in a file that has these alone."""
    at = init_bytes
    for each in fragments:
        yield replace(each, offset=at)
        at += each.size
