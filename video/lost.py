"""What a spool cannot tell any more: a thing whose facts are broken. Nobody knows when it was, or how to show it.

Its time, between its neighbours, is a gap `failed`, and a person is told. Its files stay beside the rest under `.lost`,
where they count as nothing, for somebody who can read more than we do; and go when footage of that age goes (I4).
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.findings import note_finding
from storage.models import Camera, Gap, Hold, Segment
from storage.retention.policy import PolicyError, delete_after, schedule
from storage.retention.schedule import published_policies
from video.facts import Reason, read_begun, read_finished, read_gap
from video.line import fill_holes, lock_line
from video.spool import SET_ASIDE, CameraSpool

log = structlog.get_logger()

# What facts that cannot be read, and their media, are called once that is settled.
LOST = ".lost"
FACTS = (".begun", ".json", ".gap")
# A file was written to last when what is in it ended, or was finished; and no segment is longer than this.
LONGEST = timedelta(hours=1)
LOOKS_EVERY = timedelta(hours=1)


class Lost:
    """Settles what is broken in spools. One thread uses it."""

    def __init__(self, database: Database, clock: Clock, purposes: tuple[str, ...]) -> None:
        self._database = database
        self._clock = clock
        self._purposes = purposes
        self._looks_at: dict[str, datetime] = {}

    def settle(self, camera: CameraSpool, lease: int) -> None:
        """To be called when all else in a camera's spool is stored: what its line then lacks is what is broken.

        Killed at any instruction, it can be repeated.
        """
        for path in [each for each in camera.paths() if each.suffix == SET_ASIDE]:
            if any((camera.folder / f"{_number(path)}{kind}").exists() for kind in FACTS):
                path.unlink()  # others tell of it: it was finished, or written anew
            elif (until := _begin_of_next(camera, path)) is not None:
                self._settle(camera, path, until, lease)
        now = self._clock.now()
        if self._looks_at.get(camera.camera_id, now) <= now:
            self._looks_at[camera.camera_id] = now + LOOKS_EVERY
            self._remove_what_is_due(camera, now)

    def _settle(self, camera: CameraSpool, path: Path, until: datetime, lease: int) -> None:
        number = _number(path)
        files = [path, *(each for each in _media(camera, number) if each.exists())]
        with self._database.begin() as session:
            lock_line(session, camera.camera_id)
            since = max(min(_written(path), until) - LONGEST, _line_begins(session, camera.camera_id) or until)
            missing = fill_holes(session, camera.camera_id, (since, until), lease, Reason.FAILED)
            # Facts alone, of what was stored and gone but for these: nothing is missing.
            if missing or len(files) > 1:
                told = f"{camera.camera_id}/{number} in the recorder's spool cannot be read: its time is a gap"
                note_finding(session, "footage_unreadable", camera.camera_id, told, self._clock.now())
        # The media first: as long as the facts are there, this is begun again.
        for each in reversed(files):
            each.rename(each.with_name(f"{each.name.removesuffix(SET_ASIDE)}{LOST}"))
        camera.recount()

    def _remove_what_is_due(self, camera: CameraSpool, now: datetime) -> None:
        for path in [each for each in camera.paths() if each.suffix == LOST]:
            with suppress(FileNotFoundError, PolicyError):
                with self._database.read() as session:
                    due = _due(session, camera.camera_id, _written(path), self._purposes)
                if due is not None and due <= now:
                    camera.remove_media(path)
                    log.info("lost_removed", camera=camera.camera_id, file=path.name)


def _due(session: Session, camera_id: str, ended_at: datetime, purposes: tuple[str, ...]) -> datetime | None:
    """When footage that ended then goes; None: a hold is over that time, or the camera is not known."""
    camera = session.get(Camera, camera_id)
    held = sa.select(Hold.id).where(
        Hold.source_id == camera_id,
        Hold.lifted_at.is_(None),
        Hold.from_at < ended_at + LONGEST,
        Hold.to_at > ended_at - LONGEST,
    )
    if camera is None or session.scalar(held.limit(1)) is not None:
        return None
    centre = camera.centre
    return delete_after(schedule(published_policies(session), purposes, centre.jurisdiction, centre.id, ended_at))


def _line_begins(session: Session, camera_id: str) -> datetime | None:
    """Since when anything is known of a camera; None: nothing is."""
    segment = sa.select(sa.func.min(Segment.began_at)).where(Segment.camera_id == camera_id)
    gap = sa.select(sa.func.min(Gap.started_at)).where(Gap.camera_id == camera_id)
    return min((each for each in (session.scalar(segment), session.scalar(gap)) if each is not None), default=None)


def _begin_of_next(camera: CameraSpool, path: Path) -> datetime | None:
    """When what came after a thing began; None: nothing did yet."""
    return next(_begins(camera, _number(path)), None)


def _begins(camera: CameraSpool, number: str) -> Iterator[datetime]:
    for path in camera.paths():
        if _number(path) <= number:
            continue
        with suppress(FileNotFoundError):  # stored, or finished, meanwhile
            if path.suffix == ".gap" and (gap := camera.read(path, read_gap)) is not None:
                yield gap.started_at
            elif path.suffix == ".begun" and (begun := camera.read(path, read_begun)) is not None:
                yield begun.began_at
            elif path.suffix == ".json" and (finished := camera.read(path, read_finished)) is not None:
                yield finished.begun.began_at


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _number(path: Path) -> str:
    return path.name.partition(".")[0]


def _media(camera: CameraSpool, number: str) -> tuple[Path, Path]:
    return camera.folder / f"{number}.part", camera.folder / f"{number}.mp4"
