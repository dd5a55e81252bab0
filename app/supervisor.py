"""One machine, one command: starts the parts, restarts what dies, and takes all of them along when it goes.

The children are the commands that one can type. On Linux each asks the kernel to be ended when the supervisor ends,
however it ends (PR_SET_PDEATHSIG): even a SIGKILL of the supervisor leaves no orphan behind.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

import structlog

log = structlog.get_logger()

PR_SET_PDEATHSIG = 1
SLOWEST_RESTART_S = 5.0
HEALTHY_AFTER_S = 10.0
STOP_WITHIN_S = 20.0
LOOK_EVERY_S = 0.1


@dataclass
class Part:
    """One child: how to start it, and how it is doing."""

    name: str
    arguments: Sequence[str]
    dies_by: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    not_before: float = 0.0


class Supervisor:
    """Runs parts until it is told to stop. Start it in the main thread: the kernel's promise is bound to it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._parts: list[Part] = []
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._stopping

    def add(self, part: Part) -> None:
        """Start a part, and keep it running from now on."""
        self._parts.append(part)
        self._start(part)

    def _start(self, part: Part) -> None:
        command = [sys.executable, "-P", "-m", "app.cli.main", *part.arguments]
        part.process = subprocess.Popen(
            command,
            env=os.environ | dict(part.environment),
            stdin=subprocess.DEVNULL,
            # A terminal's Ctrl-C goes to the supervisor alone, which passes it on in its own order.
            process_group=0,
            preexec_fn=_ends_with(os.getpid()),  # noqa: PLW1509 - before any thread is made
        )
        part.started = time.monotonic()

    def watch(self, also: Callable[[], None] = lambda: None) -> None:
        """Return when told to stop; until then, restart what dies, more slowly the more often it does.

        `also` is done at each look.
        """
        while not self._stopping:
            now = time.monotonic()
            for part in self._parts:
                self._look(part, now)
            also()
            time.sleep(LOOK_EVERY_S)

    def replace(self, part: Part) -> None:
        """Let a part end; the next looks start it again."""
        if part.process is not None:
            part.process.send_signal(part.dies_by)

    def pause(self) -> None:
        """Let a moment pass while something starts."""
        time.sleep(LOOK_EVERY_S)

    def _look(self, part: Part, now: float) -> None:
        if part.process is not None and (code := part.process.poll()) is not None:
            if now - part.started > HEALTHY_AFTER_S:
                part.restarts = 0
            wait = min(0.2 * 2**part.restarts, SLOWEST_RESTART_S) if part.restarts else 0.0
            part.process, part.not_before = None, now + wait
            part.restarts += 1
            log.warning("part_died", part=part.name, code=code, again_in_s=wait)
            self._say(f"{part.name} ended (code {code}); starting it again")
        if part.process is None and now >= part.not_before:
            self._start(part)

    def stop(self) -> None:
        """Pass the end on, last part first, and wait; what does not end in time is killed."""
        self._stopping = True
        deadline = time.monotonic() + STOP_WITHIN_S
        for part in reversed(self._parts):
            process = part.process
            if process is None:
                continue
            process.send_signal(part.dies_by)
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ends_with(parent: int) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def promise() -> None:
        # Nobody is left to insist: who was killed in the middle of something is taken up where it was.
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it died between the fork and the promise
            os._exit(1)

    return promise
