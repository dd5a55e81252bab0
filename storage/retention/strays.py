"""Bytes in the store that belong to nothing: what a process left that was killed between its put and its row.

Only what is older than a day is touched, since an intake may be under way; and a sweep that would take more than half
of what it sees (from twenty up) takes nothing, since then it is more likely that something is wrong with us.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import sqlalchemy as sa
import structlog

from config.clock import Clock
from storage.database import Database
from storage.models import StoredObject
from storage.objects.store import ObjectStore, StoredVersion

log = structlog.get_logger()

OLD_ENOUGH = timedelta(days=1)
SUSPICIOUS_FROM = 20
AT_ONCE = 500


class Strays:
    """Finds and removes them."""

    def __init__(self, database: Database, store: ObjectStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    def sweep(self) -> int:
        """Remove strays, and end forgotten uploads. Returns how many versions were removed."""
        before = self._clock.now() - OLD_ENOUGH
        self._store.abort_uploads("", started_before=before)
        seen, strays = 0, []
        for some in _in_portions(version for version in self._store.versions("") if version.modified_at < before):
            seen += len(some)
            strays += self._belonging_to_nothing(some)
        if len(strays) >= SUSPICIOUS_FROM and len(strays) * 2 > seen:
            log.error("strays_not_swept", strays=len(strays), seen=seen)
            return 0
        self._store.remove(strays)
        if strays:
            log.warning("strays_swept", strays=len(strays))
        return len(strays)

    def _belonging_to_nothing(self, some: list[StoredVersion]) -> list[StoredVersion]:
        ids = {version.key.partition("/")[0] for version in some}
        with self._database.read() as session:
            rows = {row.id: row for row in session.scalars(sa.select(StoredObject).where(StoredObject.id.in_(ids)))}
        return [version for version in some if not _is_kept(version, rows.get(version.key.partition("/")[0]))]


def _is_kept(version: StoredVersion, row: StoredObject | None) -> bool:
    if row is None or row.state == "deleted":
        return False
    # Arriving: any attempt may be the one that counts. Deleting: its own deletion removes it, and asks again.
    return row.state != "stored" or version.key == row.key


def _in_portions(versions: Iterator[StoredVersion]) -> Iterator[list[StoredVersion]]:
    while some := list(islice(versions, AT_ONCE)):
        yield some
