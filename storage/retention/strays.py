"""Bytes in the store that belong to nothing: what a process left that was killed between its put and its row.

Only what is older than a day is touched, since an intake may be under way; and a sweep that would take more than half
of what it sees (from twenty up) takes nothing, since then it is more likely that something is wrong with us. An object
without a row whose key lives is no stray: this database was restored from before it was stored, and it may be the only
copy. It is a finding, and so is what the store itself holds.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import sqlalchemy as sa
import structlog

from config.clock import Clock
from storage.database import Database
from storage.findings import note_finding
from storage.models import StoredObject
from storage.objects.keys import KeyRing
from storage.objects.store import ObjectStore, RemovalFailed, StoredVersion

log = structlog.get_logger()

OLD_ENOUGH = timedelta(days=1)
SUSPICIOUS_FROM = 20
AT_ONCE = 500
ROW_LOST = (
    "The key database has this object's key, and the main database has no row of it: it was probably stored after the "
    "backup that was restored. Nothing of it is deleted. Restore a newer backup, if there is one."
)


class Strays:
    """Finds and removes them."""

    def __init__(self, database: Database, store: ObjectStore, keys: KeyRing, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._keys = keys
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
        left = self._remove(strays)
        if strays:
            log.warning("strays_swept", strays=len(strays) - left)
        return len(strays) - left

    def _remove(self, strays: list[StoredVersion]) -> int:
        try:
            self._store.remove(strays)
        except RemovalFailed as failed:
            for object_id in sorted({left.key.partition("/")[0] for left in failed.remaining}):
                self._tell_stray_kept(object_id, str(failed))
            return len(failed.remaining)
        return 0

    def _belonging_to_nothing(self, some: list[StoredVersion]) -> list[StoredVersion]:
        ids = {_object_of(version) for version in some}
        with self._database.read() as session:
            rows = {row.id: row for row in session.scalars(sa.select(StoredObject).where(StoredObject.id.in_(ids)))}
        # A key without a row: rows are committed before their keys are made, so this one's row is lost.
        lost = {object_id for object_id, lives in self._keys.fates(sorted(ids - set(rows))).items() if lives}
        for object_id in sorted(lost):
            self._tell_row_lost(object_id)
        return [
            version
            for version in some
            if _object_of(version) not in lost and not _is_kept(version, rows.get(_object_of(version)))
        ]

    def _tell_row_lost(self, object_id: str) -> None:
        with self._database.begin() as session:
            note_finding(session, "row_lost", object_id, ROW_LOST, self._clock.now())

    def _tell_stray_kept(self, object_id: str, error: str) -> None:
        told = f"Bytes that belong to nothing cannot be removed; the store may hold them: {error}"
        with self._database.begin() as session:
            note_finding(session, "stray_kept", object_id, told, self._clock.now())


def _object_of(version: StoredVersion) -> str:
    return version.key.partition("/")[0]


def _is_kept(version: StoredVersion, row: StoredObject | None) -> bool:
    if row is None or row.state == "deleted":
        return False
    # Arriving: any attempt may be the one that counts. Deleting: its own deletion removes it, and asks again.
    return row.state != "stored" or version.key == row.key


def _in_portions(versions: Iterator[StoredVersion]) -> Iterator[list[StoredVersion]]:
    while some := list(islice(versions, AT_ONCE)):
        yield some
