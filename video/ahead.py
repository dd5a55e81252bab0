"""Footage whose times come from a clock that was ahead. A person is told; no date is later for it (I4).

A line only goes forward: a second must not be in two segments, and what was recorded is not given up for its label. So
while the clock catches up, a camera's times go on ahead of it. They are never believed for a deletion date (intake.py).
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from storage.findings import note_finding
from video.facts import Finished

log = structlog.get_logger()

# The clocks of all machines agree to that, as those of any installation must.
TOLERATED = timedelta(seconds=2)


def ahead(ended_at: datetime, seen_at: datetime, run_began_at: datetime, clock_said: datetime) -> timedelta:
    """By how much a segment's times are known to be ahead; nothing: by no more than clocks may differ.

    Args:
        ended_at: when it ended, by its own times.
        seen_at: a moment in which it was there already.
        run_began_at: when its run began, by its own times.
        clock_said: what the clock said then.
    """
    known = max(ended_at - seen_at, run_began_at - clock_said)
    return known if known > TOLERATED else timedelta(0)


def ahead_s(ended_at: datetime, seen_at: datetime, run_began_at: datetime, clock_said: datetime) -> int:
    """The same in whole seconds."""
    return round(ahead(ended_at, seen_at, run_began_at, clock_said).total_seconds())


def tell_if_ahead(session: Session, finished: Finished, now: datetime) -> None:
    """Put it before a person's eyes where that is more than clocks may differ by."""
    run = finished.begun.run
    seconds = ahead_s(finished.ended_at, now, run.began_at, run.clock_said)
    if not seconds:
        return
    log.warning("clock_was_ahead", camera=run.camera_id, segment=finished.begun.id, seconds=seconds)
    told = f"what is recorded in run {run.id} has times that are {seconds} s too late"
    note_finding(session, "clock_ahead", run.camera_id, told, now)
