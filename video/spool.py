"""The spool: where what was recorded lies until it is stored, on a disk beside the recorder.

One folder a camera, one number for each thing in it, in the order in which they happened:

    0000000007.begun   a segment's facts as far as they were known when it began
    0000000007.part    its bytes, whole fragments one after the other
    0000000007.json    its facts, once it is whole; .part is .mp4 from then on
    0000000008.gap     a gap; rewritten when it ends

There is always a thing that lasts, a `.part` or a gap without an end: what comes next is begun before what came before
is finished. So whoever starts after a crash (salvage.py) knows up to when there is something; all behind it is a gap.
"""

import errno
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import structlog

from storage.models.columns import random_id
from video.facts import Begun, Finished, Gap, Reason, read_finished, read_gap, written

log = structlog.get_logger()

T = TypeVar("T")
IDENTITY = "recorder.id"
SET_ASIDE = ".unreadable"
# What is ours. A disk's own folders, an editor's copies, what a network drive leaves: they are nobody's footage.
CAMERA = re.compile(r"[0-9a-f]{32}")
FILE = re.compile(r"[0-9]{10}\.(begun|part|json|mp4|gap)(\.tmp|\.unreadable|\.lost)?")
# Facts must still find room when media does not.
RESERVE_BYTES = 64 << 20
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class SpoolFull(Exception):
    """There is no room for what should be written; nothing of it was."""


class Spool:
    """A recorder's spool. `limit_bytes`: how much each camera may have in it, so that none takes another's room."""

    def __init__(self, root: Path, limit_bytes: int, reserve_bytes: int = RESERVE_BYTES) -> None:
        self.root = root
        self._limit = limit_bytes
        self._reserve = reserve_bytes
        self._cameras: dict[str, CameraSpool] = {}
        self._turn = threading.Lock()
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.identity = _identity(root / IDENTITY)

    @property
    def used_bytes(self) -> int:
        """How much media lies in it, of all cameras."""
        return sum(each.used_bytes for each in self.cameras())

    def room_bytes(self) -> int:
        """How much more it can take until somebody's share, or the disk, is full."""
        free = max(0, shutil.disk_usage(self.root).free - self._reserve)
        cameras = self.cameras()
        most = max((each.used_bytes for each in cameras), default=0)
        # The fullest share counts: the others fill at most as fast.
        return min(free, max(0, self._limit - most) * max(1, sum(each.used_bytes > 0 for each in cameras)))

    def camera(self, camera_id: str) -> "CameraSpool":
        """A camera's part of it, made if there is none. The same one for everybody in this process."""
        with self._turn:
            if camera_id not in self._cameras:
                folder = self.root / camera_id
                folder.mkdir(exist_ok=True, mode=0o700)
                self._cameras[camera_id] = CameraSpool(folder, self._limit, self._reserve)
            return self._cameras[camera_id]

    def cameras(self) -> list["CameraSpool"]:
        """Of every camera of which there is anything, also those that nobody records any more.

        One that cannot be read is left out: it holds up no other.
        """
        found = []
        for path in sorted(self.root.iterdir()):
            try:
                if CAMERA.fullmatch(path.name) and path.is_dir():
                    found.append(self.camera(path.name))
            except OSError as error:
                log.warning("spool_failed", camera=path.name, error=type(error).__name__)
        return found


class CameraSpool:
    """One camera's part. One thread records into it, another empties it."""

    def __init__(self, folder: Path, limit_bytes: int, reserve_bytes: int) -> None:
        self.folder = folder
        self.camera_id = folder.name
        self._limit = limit_bytes
        self._reserve = reserve_bytes
        self._turn = threading.Lock()
        self._warned = False
        self._used = 0
        self.recount()
        self._last = max((int(path.name.partition(".")[0]) for path in self.paths()), default=0)

    @property
    def used_bytes(self) -> int:
        """How much media lies in it."""
        return self._used

    def paths(self) -> list[Path]:
        """Its files, oldest thing first. Others that lie there are left alone."""
        found = sorted(self.folder.iterdir())
        ours = [path for path in found if FILE.fullmatch(path.name)]
        if len(ours) < len(found) and not self._warned:
            self._warned = True
            log.warning("spool_has_strange_files", camera=self.camera_id, files=len(found) - len(ours))
        return ours

    def begin(self, begun: Begun) -> "OpenSegment":
        """Begin a segment. Raises OSError."""
        number = self._next()
        self._write(number.with_suffix(".begun"), written(begun))
        return OpenSegment(self, begun, number.with_suffix(".part"))

    def finish(self, part: Path, finished: Finished) -> None:
        """Make a segment whole, for good: on the disk, under the name under which it is stored. Can be repeated."""
        _sync(part)
        self._write(part.with_suffix(".json"), written(finished))
        part.rename(part.with_suffix(".mp4"))
        part.with_suffix(".begun").unlink()
        _sync(self.folder)

    def open_gap(self, started_at: datetime, reason: Reason) -> "OpenGap":
        """Begin a gap. Raises OSError."""
        gap = Gap(random_id(), self.camera_id, started_at, None, reason)
        path = self._next().with_suffix(".gap")
        self._write(path, written(gap))
        return OpenGap(self, path, gap)

    def rewrite(self, path: Path, gap: Gap) -> None:
        """Write down what a gap is by now."""
        self._write(path, written(gap))

    def waiting(self) -> Iterator[tuple[Path, Finished | Gap]]:
        """What is to be stored, oldest first: whole segments, and gaps, also one that lasts.

        A segment comes by the path of its media, also if that has been removed already.
        """
        for path in self.paths():
            with suppress(FileNotFoundError):
                thing: Finished | Gap | None = None
                if path.suffix == ".json" and not path.with_suffix(".part").exists():
                    thing, path = self.read(path, read_finished), path.with_suffix(".mp4")
                elif path.suffix == ".gap":
                    thing = self.read(path, read_gap)
                if thing is not None:
                    yield path, thing

    def read(self, path: Path, reader: Callable[[bytes], T]) -> T | None:
        """A file of facts. One that cannot be read is set aside, so that it holds up nothing that comes after it.

        Raises:
            FileNotFoundError: it is not there (any more).
        """
        try:
            return reader(path.read_bytes())
        except (ValueError, KeyError, TypeError):
            path.rename(path.with_suffix(f"{path.suffix}{SET_ASIDE}"))
            log.error("spool_unreadable", camera=self.camera_id, file=path.name)  # noqa: TRY400 - it tells nothing more
            return None

    def remove_media(self, path: Path) -> None:
        """Give up the media of a segment that is stored. Its facts stay until that, too, is written down."""
        path.unlink(missing_ok=True)
        _sync(self.folder)
        self.recount()

    def remove_facts(self, path: Path) -> None:
        """Give up what is known of a thing: it stands in the database. Can be repeated."""
        path.unlink(missing_ok=True) if path.suffix == ".gap" else path.with_suffix(".json").unlink(missing_ok=True)
        _sync(self.folder)

    def recount(self) -> None:
        """Look anew how much media lies in it."""
        total = 0
        for path in self.paths():
            with suppress(FileNotFoundError):
                total += path.stat().st_size if path.suffix in (".part", ".mp4") else 0
        with self._turn:
            self._used = total

    def make_sure_of_room(self) -> None:
        """Raises `SpoolFull` until there is room again for some time: else a full spool would be begun and full."""
        if self._used > self._limit * 0.9 or shutil.disk_usage(self.folder).free < 2 * self._reserve:
            raise SpoolFull

    def make_room(self, size: int) -> None:
        """Count bytes that will be written. Raises `SpoolFull` if there is no room for them."""
        if self._used + size > self._limit or shutil.disk_usage(self.folder).free < size + self._reserve:
            raise SpoolFull
        self.count(size)

    def count(self, size: int) -> None:
        """Note that so many bytes of media lie in it more (or fewer)."""
        with self._turn:
            self._used += size

    def _next(self) -> Path:
        with self._turn:
            self._last += 1
            return self.folder / f"{self._last:010d}"

    def _write(self, path: Path, data: bytes) -> None:
        """All of it or nothing, also when the power goes."""
        draft = path.with_suffix(f"{path.suffix}.tmp")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        _sync(self.folder)


class OpenSegment:
    """A segment's bytes, as they come."""

    def __init__(self, spool: CameraSpool, begun: Begun, path: Path) -> None:
        self.begun = begun
        self.path = path
        self._spool = spool
        self._file = path.open("xb", buffering=0)
        self.size = 0

    def append(self, data: bytes | bytearray) -> None:
        """Add a whole piece (the init part, or a fragment). Raises `SpoolFull`, OSError; then the file is as it was."""
        self._spool.make_room(len(data))
        try:
            self._must_count(self._file.write(data), len(data))
        except BaseException as error:
            self._file.truncate(self.size)
            self._file.seek(self.size)
            self._spool.count(-len(data))
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise SpoolFull from error
            raise
        self.size += len(data)

    @staticmethod
    def _must_count(done: int, all_: int) -> None:
        if done != all_:
            raise SpoolFull

    def close(self) -> None:
        """No more bytes will come."""
        self._file.close()


class OpenGap:
    """The gap that lasts."""

    def __init__(self, spool: CameraSpool, path: Path, gap: Gap) -> None:
        self.path = path
        self.gap = gap
        self._spool = spool

    def end(self, at: datetime) -> None:
        """End it. What comes next has been begun before."""
        self.gap = self.gap.closed(at)
        self._spool.rewrite(self.path, self.gap)

    def change(self, at: datetime, reason: Reason) -> "OpenGap":
        """From `at` on it lasts for another reason: as a gap of its own."""
        if reason == self.gap.reason:
            return self
        after = self._spool.open_gap(max(at, self.gap.started_at), reason)
        self.end(after.gap.started_at)
        return after


def _identity(path: Path) -> str:
    """A random name of this spool, made at first use."""
    with suppress(FileExistsError), path.open("x") as file:
        file.write(random_id())
        file.flush()
        os.fsync(file.fileno())
    return path.read_text()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
