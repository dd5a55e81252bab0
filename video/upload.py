"""From the spool into the store and the database: gaps, runs, segments. What is stored goes from the spool.

It is a thread of its own: while store or database are away, recording goes on, and this begins again where it stood.
Killed at any instruction, it can be repeated: a segment's id is older than its row, so none is stored twice.
"""

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.findings import note_finding
from storage.intake import Arrival, Intake, Ticket
from storage.models import Camera, Gap, ObjectCopy, RecordingRun, Segment, StoredObject
from storage.retention.policy import PolicyError
from video import facts
from video.copies import SPOOL, ref_of
from video.facts import Finished
from video.previews import want_preview
from video.spool import CameraSpool, Spool
from video.timing import TIMESCALE

log = structlog.get_logger()

KIND = "segment"
PURPOSES = ("security",)
CHUNK_BYTES = 1 << 20


class Upload:
    """Empties a recorder's spool. One thread uses it."""

    def __init__(self, spool: Spool, database: Database, intake: Intake, clock: Clock) -> None:
        self._spool = spool
        self._database = database
        self._intake = intake
        self._clock = clock
        self._known: dict[str, facts.Gap] = {}

    def run(self) -> bool:
        """Store what waits. Returns False if something could not be stored now; it stays where it is."""
        could = True
        for camera in self._spool.cameras():
            # Store, database or disk: whatever it is, nothing is given up, and it is tried again.
            try:
                could = self._empty(camera) and could
            except Exception as error:  # noqa: BLE001
                log.warning("upload_failed", camera=camera.camera_id, error=type(error).__name__)
                could = False
        return could

    def _empty(self, camera: CameraSpool) -> bool:
        """One camera's things: gaps, which need the database alone, then segments, up to the first that fails."""
        things = list(camera.waiting())
        for path, thing in things:
            if isinstance(thing, facts.Gap) and self._known.get(thing.id) != thing:
                self._note(camera, path, thing)
        try:
            for path, thing in things:
                if isinstance(thing, Finished):
                    self._store(camera, path, thing)
        except PolicyError as error:
            self._tell(camera, str(error))
            return False
        return True

    def _note(self, camera: CameraSpool, path: Path, gap: facts.Gap) -> None:
        with self._database.begin() as session:
            row = session.get(Gap, gap.id)
            if row is None:
                row = Gap(id=gap.id, camera_id=gap.camera_id, started_at=gap.started_at, reason=gap.reason.value)
                session.add(row)
            row.ended_at = gap.ended_at
        reached(Milestone.GAP_COMMITTED)
        if gap.ended_at is None:
            self._known[gap.id] = gap
        else:
            self._known.pop(gap.id, None)
            camera.remove_facts(path)

    def _store(self, camera: CameraSpool, path: Path, finished: Finished) -> None:
        ref = ref_of(self._spool.identity, camera.camera_id, path.name)
        with self._database.begin() as session:
            object_id, taken = self._expect(session, finished, ref)
        if taken is not None:
            ticket, arrival = taken
            self._intake.bring_in(ticket, arrival, _chunks(path), finished.bytes, self._settle)
            log.info("segment_stored", camera=camera.camera_id, object=object_id, packets=finished.packets)
        camera.remove_media(path)
        reached(Milestone.SPOOL_REMOVED)
        with self._database.begin() as session:
            session.execute(
                sa.delete(ObjectCopy).where(
                    ObjectCopy.object_id == object_id, ObjectCopy.place == SPOOL, ObjectCopy.ref == ref
                )
            )
        camera.remove_facts(path)

    def _settle(self, session: Session, row: StoredObject) -> None:
        want_preview(session, row.id, self._clock.now())

    def _expect(self, session: Session, finished: Finished, ref: str) -> tuple[str, tuple[Ticket, Arrival] | None]:
        """The object that a segment becomes, and the right to bring it in; None if that has been done."""
        begun = finished.begun
        row = session.get(Segment, begun.id)
        if row is not None and session.get_one(StoredObject, row.object_id).state != "arriving":
            return row.object_id, None
        camera = session.get_one(Camera, begun.run.camera_id)
        arrival = Arrival(
            kind=KIND,
            centre_id=camera.centre_id,
            content_type="video/mp4",
            purposes=PURPOSES,
            source_id=camera.id,
            began_at=begun.began_at,
            counted_from=finished.ended_at,
        )
        ticket = self._intake.expect(session, arrival, None if row is None else row.object_id)
        if row is None:
            _make_run(session, begun.run)
            session.add(_row(finished, ticket.object_id))
            # From now on a deletion reaches the spool's copy too, whatever becomes of this attempt.
            session.add(ObjectCopy(object_id=ticket.object_id, place=SPOOL, ref=ref))
        return ticket.object_id, (ticket, arrival)

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
            )
        )
        session.flush()


def _row(finished: Finished, object_id: str) -> Segment:
    begun = finished.begun
    return Segment(
        id=begun.id,
        camera_id=begun.run.camera_id,
        run_id=begun.run.id,
        number=begun.number,
        object_id=object_id,
        began_at=begun.began_at,
        ended_at=finished.ended_at,
        media_begin=begun.media_begin,
        media_end=finished.media_end,
        packets=finished.packets,
        init_bytes=finished.init_bytes,
        fragments=[each.row() for each in finished.fragments],
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
