"""A fuse: burns at the n-th time a milestone is reached, in whatever process, and kills that process. It burns once.

It lies in a file, so that it is armed and spent for all processes of a test, and for those that come after them.
"""

import fcntl
import json
import os
import signal
from pathlib import Path
from typing import Any

from config.milestones import Milestone


class Fuse:
    """Armed by the test, watched by its processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def arm(self, milestone: Milestone, nth: int = 1, *, whole: bool = True) -> None:
        """Kill at the `nth` time from now; `whole`: the server together with the process in it that got there."""
        self._path.write_text(json.dumps({"milestone": milestone, "left": nth, "whole": whole, "died": None}))

    @property
    def died(self) -> int | None:
        """The process that was killed; None while the fuse has not burnt."""
        return self._told()["died"]  # type: ignore[no-any-return]

    def watch(self, head: int) -> "Watch":
        """What a process watches with; `head` is the process that the test started."""
        return Watch(self._path, head)

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self._path.read_text())
        return told


class Watch:
    """To be called at every milestone."""

    def __init__(self, path: Path, head: int) -> None:
        self._path = path
        self._head = head

    def __call__(self, milestone: Milestone) -> None:
        try:
            file = self._path.open("r+")
        except FileNotFoundError:
            return
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            told = json.load(file)
            if told["milestone"] != milestone or told["left"] == 0:
                return
            told["left"] -= 1
            if told["left"] == 0:
                told["died"] = os.getpid()
            file.seek(0)
            file.truncate()
            json.dump(told, file)
            file.flush()
            if told["left"]:
                return
            if told["whole"] and os.getpid() != self._head:
                os.kill(self._head, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
