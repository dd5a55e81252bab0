"""Whether a machine's clock is the database's: what is recorded under a wrong one has wrong times."""

import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.wiring import Installation
from config.clock import SystemClock
from storage.findings import note_finding
from video.ahead import TOLERATED

log = structlog.get_logger()

LOOKS_EVERY_S = 60.0


def difference_s(at: Installation) -> int | None:
    """By how many seconds the database's clock is ahead of this machine's; 0: they agree. None: it is this machine's.

    The machine's own is asked: no other one was ever set.
    """
    clock = SystemClock()
    before = clock.now()
    present = at.database.present()
    if present is None:
        return None
    asked = clock.now() - before
    apart = present - before - asked / 2
    # Whatever the answer took on its way is no difference.
    return round(apart.total_seconds()) if abs(apart) > TOLERATED + asked else 0


class ClockWatch:
    """A recorder's, which may be another machine's than the doctor's: a person is told before hours are recorded so."""

    def __init__(self, at: Installation, recorder_id: str, name: str) -> None:
        self._at = at
        self._recorder_id = recorder_id
        self._name = name
        self._looks_at = 0.0

    def look(self) -> None:
        """Compare once a minute. While the database is away, nobody knows."""
        if time.monotonic() < self._looks_at:
            return
        self._looks_at = time.monotonic() + LOOKS_EVERY_S
        try:
            seconds = difference_s(self._at)
            if not seconds:
                return
            log.warning("clock_differs", recorder=self._recorder_id, seconds=-seconds)
            where = "behind" if seconds > 0 else "ahead of"
            told = f"the clock of recorder {self._name} is {abs(seconds)} s {where} the database's"
            with self._at.database.begin() as session:
                note_finding(session, "clock_differs", self._recorder_id, told, self._at.clock.now())
        except SQLAlchemyError as error:
            log.warning("clock_not_compared", error=type(error).__name__)
