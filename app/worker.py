"""The worker: APScheduler wakes it, and does no more. The work itself is claimed row by row from the database.

So any number of workers may run, and one that is killed leaves nothing that another would not finish.
"""

import signal
import threading
from collections.abc import Callable
from datetime import UTC, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from app.cameras.upkeep import look_after_recorders
from app.signs.upkeep import look_after_signs
from app.wiring import Installation
from storage.ledger.log import sequence
from storage.notice_drafts import forget_drafts
from storage.retention.evidence import delete_due_evidence
from telephony.peaks import want_lost_peaks
from video import sign_drafts
from video.previews import want_lost_previews

log = structlog.get_logger()

DAY = timedelta(days=1)
# No job works longer than about this at once, so that a worker told to stop stops.
BUDGET = timedelta(seconds=5)


class Worker:
    """All that happens by itself."""

    def __init__(self, installation: Installation) -> None:
        self._at = installation

    def jobs(self) -> list[tuple[str, Callable[[], object], float, int]]:
        """(name, what, every so many seconds, how many at once)."""
        at = self._at
        return [
            ("close_calls", at.closing.run, 1, 2),
            ("fetch_recordings", at.recordings.run, 1, 3),
            ("remove_carrier_copies", at.copy_removal.run, 1, 1),
            ("purge_card_data", at.card_data.run, 1, 1),
            ("make_peaks", at.peaks.run, 1, 2),
            ("want_lost_peaks", self.want_lost_peaks, 60, 1),
            ("make_previews", at.previews.run, 1, 1),
            ("make_clips", at.clips.run, 1, 2),
            ("forget_clips", at.clips.forget, 3600, 1),
            ("want_lost_previews", self.want_lost_previews, 60, 1),
            ("mirror_holds", lambda: at.mirror.run(BUDGET), 1, 1),
            ("delete_due", lambda: at.deleter.run(BUDGET), 1, 1),
            ("sequence_ledger", self.sequence, 0.5, 1),
            ("reconcile", at.reconciler.run, 20, 1),
            ("reconcile_day", lambda: at.reconciler.run(DAY), 3600, 1),
            ("sweep_strays", at.sweep.run, 6 * 3600, 1),
            ("replay_restored", at.restored.replay, 6 * 3600, 1),
            ("delete_evidence", self.delete_evidence, 5, 1),
            ("count_stored", at.counting.run, 5, 1),
            ("look_after_recorders", lambda: look_after_recorders(at), 30, 1),
            ("look_after_signs", lambda: look_after_signs(at), 30, 1),
            ("forget_sessions", at.sign_in.forget, 3600, 1),
            ("forget_tokens", at.tokens.forget, 3600, 1),
            ("forget_drafts", self.forget_drafts, 3600, 1),
            ("forget_deleted", at.database.forget_deleted, 10, 1),
        ]

    def sequence(self) -> int:
        """Give the ledger's pending leaves their places."""
        with self._at.database.begin() as session:
            return sequence(session)

    def delete_evidence(self) -> int:
        """Delete rows about people whose day has come."""
        with self._at.database.begin() as session:
            return delete_due_evidence(session, self._at.clock.now())

    def want_lost_peaks(self) -> int:
        """Have the waveforms of recordings whose deletion was taken back made anew."""
        with self._at.database.begin() as session:
            return want_lost_peaks(session, self._at.clock.now())

    def want_lost_previews(self) -> int:
        """Have the previews of segments whose deletion was taken back made anew."""
        with self._at.database.begin() as session:
            return want_lost_previews(session, self._at.clock.now())

    def forget_drafts(self) -> int:
        """Discard drafts of notices, and of what signs say, that nobody published."""
        now = self._at.clock.now()
        with self._at.database.begin() as session:
            return forget_drafts(session, now) + sign_drafts.forget_drafts(session, now)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT, then finish what is under way."""
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(12)},
            # A wake-up that comes late is as good as one in time; several missed ones are one.
            job_defaults={"coalesce": True, "misfire_grace_time": None},
        )
        for name, what, seconds, at_once in self.jobs():
            scheduler.add_job(
                _guarded(name, what), "interval", seconds=seconds, id=name, max_instances=at_once, replace_existing=True
            )
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        scheduler.start()
        log.info("worker_started")
        stop.wait()
        scheduler.shutdown(wait=True)
        log.info("worker_stopped")


def _guarded(name: str, what: Callable[[], object]) -> Callable[[], None]:
    def job() -> None:
        try:
            what()
        except Exception:
            # The rows are as they were, or claimed for a while: the next wake-up goes on.
            log.exception("job_failed", job=name)

    return job
