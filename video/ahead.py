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


def ahead_by(finished: Finished, now: datetime) -> timedelta:
    """How far a segment's times are known to be ahead: of the present, or of the clock that its run began by."""
    run = finished.begun.run
    return max(finished.ended_at - now, run.began_at - run.clock_said)


def tell_if_ahead(session: Session, finished: Finished, now: datetime) -> None:
    """Put it before a person's eyes where that is more than clocks may differ by."""
    ahead = ahead_by(finished, now)
    if ahead <= TOLERATED:
        return
    run = finished.begun.run
    seconds = round(ahead.total_seconds())
    log.warning("clock_was_ahead", camera=run.camera_id, segment=finished.begun.id, seconds=seconds)
    told = f"what is recorded in run {run.id} has times that are {seconds} s too late"
    note_finding(session, "clock_ahead", run.camera_id, told, now)
