"""The worker's own part of fsck: bytes in the store that belong to nothing are removed, forgotten uploads are ended.

They are what a process left that was killed between its put and its row. The media look finds them, and only what is
older than a day, since an intake may be under way. An object without a row whose key lives is no stray: this database
was restored from before it was stored, and it may be the only copy. It becomes a finding, and so does what the store
itself holds. Whatever else the look finds waits for a person and `fsck --repair`.
"""

from dataclasses import replace

import structlog

from config.clock import Clock
from storage.database import Database
from storage.findings import note_finding
from storage.fsck.check import Fsck
from storage.fsck.media import MediaLook
from storage.objects.store import RemovalFailed
from storage.retention.restored import EXPLAINED

log = structlog.get_logger()

SWEPT = frozenset({"stray", "attempt_left", "media_left", "upload_left"})


class Sweep:
    """Finds and removes them."""

    def __init__(self, database: Database, clock: Clock, look: MediaLook) -> None:
        self._database = database
        self._clock = clock
        self._fsck = Fsck(database, clock, [look])

    def run(self) -> int:
        """Mend what belongs to nothing. Returns of how many objects and uploads something was removed.

        None, where it would be more than half of what the look has seen (from twenty up): that becomes a finding.
        """
        (seen,) = self._fsck.check()
        swept = 0
        for each in seen.found:
            if each.kind == "row_lost":
                self._tell("row_lost", each.subject, EXPLAINED["row_lost"])
        ours = replace(seen, found=tuple(each for each in seen.found if each.kind in SWEPT))
        for mended in self._fsck.repair(ours):
            swept += mended.how == "done"
            if isinstance(mended.error, RemovalFailed):
                told = f"Bytes that belong to nothing cannot be removed; the store may hold them: {mended.error}"
                self._tell("stray_kept", mended.discrepancy.subject, told)
        if swept:
            log.warning("strays_swept", swept=swept)
        return swept

    def _tell(self, kind: str, subject: str, told: str) -> None:
        with self._database.begin() as session:
            note_finding(session, kind, subject, told, self._clock.now())
