"""The product's own web and worker, each as a process that a test can kill where it wants.

They differ from `eskertu web` and `eskertu worker` in three things that the product has no setting for: the clock that
the test shares with them, the fuse that kills them at a milestone, and a worker that wakes more often.
`python -m tests.processes.entry web|worker FOLDER` runs one by hand; tests fork them from a process that has imported
everything already.
"""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

# What the worker would otherwise import only when it first asks the carrier, and the tables when they are first used.
import twilio.rest.api.v2010  # noqa: F401
from sqlalchemy.orm import configure_mappers

from app.serve import serve
from app.supervisor import PR_SET_PDEATHSIG
from app.wiring import Installation
from app.worker import Worker
from config.logging import configure_logging
from config.milestones import watch
from config.settings import load_settings
from tests.processes.fuse import Fuse
from tests.processes.shared_clock import SharedClock

configure_mappers()

WAKES_S = {
    "reconcile": 2.0,
    "reconcile_day": 600.0,
    "forget_deleted": 2.0,
    "delete_evidence": 2.0,
    "replay_restored": 600.0,
}
# A file in the test's folder: peaks are made, too. Else nothing is derived, and an object is a recording.
WITH_PEAKS = "with-peaks"


class WakefulWorker(Worker):
    """The same jobs, woken more often: nobody wants to wait for them here."""

    def __init__(self, at: Installation, *, peaks: bool = True) -> None:
        super().__init__(at)
        self._peaks = peaks

    def jobs(self) -> list[tuple[str, Callable[[], object], float, int]]:
        return [
            (name, what, WAKES_S.get(name, 0.15), at_once)
            for name, what, _, at_once in super().jobs()
            if self._peaks or name != "make_peaks"
        ]


def installation(folder: Path) -> Installation:
    """The installation that `settings.json` in a test's folder describes, by its clock."""
    environment = json.loads((folder / "settings.json").read_text())
    return Installation(load_settings(environment, folder / "no.env"), SharedClock(folder / "clock"))


def die_with_the_test(log: Path) -> None:
    """Head a group of one's own; what is said goes into `log`; a test that is itself killed leaves nothing running."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)


def run(part: str, folder: Path) -> None:
    """Be `web` or `worker` until killed; what it says goes into a file."""
    die_with_the_test(folder / f"{part}.log")
    configure_logging("info", part)
    watch(Fuse(folder / "fuse.json").watch(os.getpid()))
    at = installation(folder)
    if part == "web":
        serve(at)
    else:
        WakefulWorker(at, peaks=(folder / WITH_PEAKS).exists()).run()


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]))
