"""The process `recorder`: cameras from their streams into the spool, and from there into the store."""

import fcntl
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from app.cameras.clocks import ClockWatch
from app.wiring import Installation
from storage.errors import Refused
from video.arenas import share_memory_among_threads
from video.assignment import Assignment
from video.filling import Filling
from video.leases import Leases
from video.recorder import Recorder, Subject
from video.recording import Habits
from video.spool import Spool
from video.upload import Upload

log = structlog.get_logger()

MEGABYTE = 1_000_000
TELLS_EVERY_S = 60.0


def record(at: Installation, habits: Habits | None = None) -> None:
    """Record until SIGTERM or SIGINT; then end every run orderly, store what can be stored, and give the leases back.

    Raises:
        Refused: if another recorder has this spool.
    """
    share_memory_among_threads()
    root = at.settings.spool_folder.resolve()
    with _alone(root):
        spool = Spool(root, at.settings.spool_limit_mb * MEGABYTE)
        gauge = _Gauge(spool)
        name = at.settings.recorder_name or socket.gethostname()[:100] or "recorder"
        watch = ClockWatch(at, spool.identity, name)
        leases = Leases(at.database, at.clock, spool.identity, name, gauge)
        folder, centres = at.settings.camera_folder.resolve(), at.settings.recorder_centre_codes
        assignment = Assignment(at.database, at.clock, leases, lambda: at.camera_passwords, folder, centres)

        def subjects() -> list[Subject]:
            watch.look()
            gauge.look()  # also while the database is away: then its log is all that tells
            return assignment(recorder.unopened())

        upload = Upload(spool, at.database, at.intake, at.clock)
        recorder = Recorder(spool, upload, at.clock, subjects, habits)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: recorder.stopping.set())
        log.info("recorder_started", recorder=spool.identity)
        recorder.run()
        try:
            leases.release()
        # They run out by themselves.
        except Exception as error:  # noqa: BLE001
            log.warning("leases_not_released", error=type(error).__name__)
        log.info("recorder_stopped", recorder=spool.identity)


class _Gauge:
    """What waits in the spool, and in how long it is full: for the recorder's row, and for its log where it fills."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._filling = Filling()
        self._told = 0.0
        self._now: tuple[int, int | None] = (0, None)

    def __call__(self) -> tuple[int, int | None]:
        """As it was seen last."""
        return self._now

    def look(self) -> None:
        """See how much lies in it now."""
        now, used = time.monotonic(), self._spool.used_bytes
        self._filling.see(now, used)
        full_in_s = self._filling.full_in_s(self._spool.room_bytes())
        self._now = (used, full_in_s)
        if full_in_s is not None and now - self._told > TELLS_EVERY_S:
            self._told = now
            log.warning("spool_filling", bytes=used, hours_left=round(full_in_s / 3600, 1))


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (root / "recorder.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"another recorder has the spool {root} already") from error
        yield
