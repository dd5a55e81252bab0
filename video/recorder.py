"""The recorder: many cameras in one process, a thread each, and one that stores what they recorded.

PyAV waits for the network without holding the interpreter, so threads are enough, and a camera costs a few megabytes.
Who is to be recorded, and from where, is said by whoever makes the recorder: it asks anew every few seconds.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from config.clock import Clock
from video.facts import Reason
from video.recording import CameraRecording, Habits
from video.salvage import recover
from video.sources import Source
from video.spool import OpenGap, Spool
from video.upload import Upload

log = structlog.get_logger()

ASKS_EVERY_S = 2.0
ENDS_EVERY_S = 0.2
TRIES = 5
STORES_EVERY_S = 0.5
SLOWEST_RETRY_S = 10.0
# Who has lost a camera's lease records on until the other one can have begun: what both recorded is settled.
HANDS_OVER_S = 5.0


@dataclass(frozen=True)
class Subject:
    """A camera that is this recorder's, and how its stream is opened.

    Args:
        camera_id: whose.
        open_stream: opens it, anew each time.
        lease: the number of the lease under which it is recorded.
        not_now: why it must not be recorded now; None: it is to be.
        since: up to when it is known what became of it, where this recorder knows nothing itself.
        until: from then on it must not be recorded, whether or not somebody can be asked then (a sign's grace).
        settings: changes with how it is reached: then it is opened anew.
    """

    camera_id: str
    open_stream: Callable[[], Source]
    lease: int = 0
    not_now: Reason | None = None
    since: datetime | None = None
    until: datetime | None = None
    settings: str = ""


class Recorder:
    """`subjects` says who is to be recorded now; while it raises, everybody who was goes on."""

    def __init__(
        self,
        spool: Spool,
        upload: Upload,
        clock: Clock,
        subjects: Callable[[], list[Subject]],
        habits: Habits | None = None,
    ) -> None:
        self._spool = spool
        self._upload = upload
        self._clock = clock
        self._subjects = subjects
        self._habits = habits
        self._running: dict[str, tuple[CameraRecording, threading.Thread]] = {}
        self._wanted: dict[str, Subject] = {}
        self._waiting: dict[str, Reason] = {}
        self._lost: dict[str, float] = {}
        self.stopping = threading.Event()

    def unopened(self) -> set[str]:
        """Cameras that it tries to open, and could not several times in a row."""
        running = list(self._running.items())
        return {camera_id for camera_id, (recording, _) in running if recording.not_opened >= TRIES}

    def run(self) -> None:
        """Record until `stopping` is set; then end every run orderly, and store what can be stored."""
        for camera in self._spool.cameras():
            # Also of those that nobody records any more. One that fails is that camera's affair.
            try:
                recover(camera, self._clock.now())
            except (OSError, ValueError) as error:
                log.warning("spool_failed", camera=camera.camera_id, error=type(error).__name__)
        storing = threading.Thread(target=self._store, name="upload")
        ending = threading.Thread(target=self._end_in_time, name="ending")
        storing.start()
        ending.start()
        try:
            while not self.stopping.is_set():
                self._look_after()
                self.stopping.wait(ASKS_EVERY_S)
        finally:
            self.stopping.set()
            for recording, _ in self._running.values():
                recording.stopping.set()
            for _, thread in self._running.values():
                thread.join()
            ending.join()
            storing.join()
            self._stored()

    def _look_after(self) -> None:
        try:
            wanted = {each.camera_id: each for each in self._subjects()}
        # The database is away: who was to be recorded still is.
        except Exception as error:  # noqa: BLE001
            log.warning("subjects_unknown", error=type(error).__name__)
            return
        for camera_id, (recording, thread) in list(self._running.items()):
            self._go_on_or_end(camera_id, recording, wanted.get(camera_id))
            if not thread.is_alive():
                del self._running[camera_id]
        for camera_id in set(self._waiting) - set(wanted):
            del self._waiting[camera_id]
        for camera_id, subject in wanted.items():
            # A disk that fails is one camera's affair, and is tried again.
            try:
                if camera_id not in self._running:
                    not_now = self._not_now(subject)
                    self._start(subject) if not_now is None else self._wait(subject, not_now)
            except (OSError, ValueError) as error:
                log.warning("spool_failed", camera=camera_id, error=type(error).__name__)

    def _end_in_time(self) -> None:
        """What was known when somebody could be asked last still holds: a sign's grace ends at its moment (I8).

        In a thread of its own: a question to a database that does not answer can last for a minute.
        """
        while not self.stopping.wait(ENDS_EVERY_S):
            for camera_id, (recording, _) in list(self._running.items()):
                if self._not_now(self._wanted[camera_id]) == Reason.NO_SIGN:
                    recording.stop(Reason.NO_SIGN)

    def _not_now(self, subject: Subject) -> Reason | None:
        """Why it must not be recorded, by now: who was asked may have taken long to answer."""
        if subject.not_now is None and subject.until is not None and subject.until <= self._clock.now():
            return Reason.NO_SIGN
        return subject.not_now

    def _go_on_or_end(self, camera_id: str, recording: CameraRecording, subject: Subject | None) -> None:
        if subject is None:
            lost = self._lost.setdefault(camera_id, time.monotonic())
            if time.monotonic() - lost >= HANDS_OVER_S:
                recording.stop(Reason.HANDED_OVER)
            return
        self._lost.pop(camera_id, None)
        recording.lease = subject.lease
        changed = subject.settings != self._wanted[camera_id].settings
        self._wanted[camera_id] = subject
        not_now = self._not_now(subject)
        if not_now is not None or changed:
            recording.stop(not_now or Reason.STARTING)

    def _start(self, subject: Subject) -> None:
        self._waiting.pop(subject.camera_id, None)
        self._lost.pop(subject.camera_id, None)
        spool = self._spool.camera(subject.camera_id)
        self._recovered(subject)
        recording = CameraRecording(spool, subject.open_stream, self._clock, self._habits, lease=subject.lease)
        # A process that ends does not wait for a camera: what it recorded is salvaged.
        thread = threading.Thread(target=recording.run, name=f"camera {subject.camera_id}", daemon=True)
        self._wanted[subject.camera_id] = subject
        self._running[subject.camera_id] = (recording, thread)
        thread.start()

    def _wait(self, subject: Subject, why: Reason) -> None:
        """Nobody records it, and the gap that lasts says why."""
        if self._waiting.get(subject.camera_id) != why:
            self._recovered(subject).change(self._clock.now(), why)
            self._waiting[subject.camera_id] = why

    def _recovered(self, subject: Subject) -> OpenGap:
        now = self._clock.now()
        return recover(self._spool.camera(subject.camera_id), min(subject.since or now, now))

    def _store(self) -> None:
        wait = STORES_EVERY_S
        while not self.stopping.wait(wait):
            wait = STORES_EVERY_S if self._stored() else min(wait * 2, SLOWEST_RETRY_S)

    def _stored(self) -> bool:
        try:
            return self._upload.run()
        # A spool that cannot be listed, say: nobody else would begin this thread again.
        except Exception as error:  # noqa: BLE001
            log.warning("upload_failed", error=type(error).__name__)
            return False
