"""Objects' rows ↔ the store: what is missing there, what belongs to nothing, what was put over it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import groupby

from config.clock import Clock
from storage.database import Database
from storage.fsck.discrepancy import OLD_ENOUGH, Discrepancy, Repair, Tell
from storage.fsck.joined import Row, row_now, rows_in_order, side_by_side
from storage.ledger.verify import check_media
from storage.models import StoredObject
from storage.objects.keys import KeyRing
from storage.objects.store import ObjectStore, StoredVersion
from storage.playback import Playback, whole
from storage.retention.mirror_rows import note_change

Which = Callable[[Row | None, list[StoredVersion]], list[StoredVersion]]


class MediaLook:
    """Walks the store's listing and the rows side by side, and asks again about whatever does not fit."""

    name = "media"

    def __init__(self, database: Database, store: ObjectStore, keys: KeyRing, playback: Playback, clock: Clock) -> None:
        self._playback = playback
        self._database = database
        self._store = store
        self._keys = keys
        self._clock = clock
        self.seen = 0

    def look(self) -> Iterator[Discrepancy]:
        self.seen = 0
        listed = ((name, list(some)) for name, some in groupby(self._store.versions(""), key=object_of))
        rows = ((row.id, row) for row in rows_in_order(self._database))
        for object_id, row, versions in side_by_side(rows, listed):
            if row is not None and row.state == "deleted" and versions is None:
                continue
            self.seen += 1
            if any(self._judge(object_id, row, versions or [])):
                yield from self._asked_again(object_id)
        yield from self._uploads()

    def _asked_again(self, object_id: str) -> list[Discrepancy]:
        """The same once more, of this object alone: meanwhile it may have been stored, or deleted."""
        before = row_now(self._database, object_id)
        versions = self._versions(object_id)
        found = list(self._judge(object_id, before, versions))
        return found if row_now(self._database, object_id) == before else []

    def _versions(self, object_id: str) -> list[StoredVersion]:
        return [each for each in self._store.versions(object_id) if object_of(each) == object_id]

    def _judge(self, object_id: str, row: Row | None, versions: list[StoredVersion]) -> Iterator[Discrepancy]:
        if row is None:
            yield from self._of_nothing(object_id, versions)
        elif row.state == "stored":
            yield from self._of_stored(row, versions)
        elif row.state == "deleted" and versions:
            yield Discrepancy(
                "media_left",
                object_id,
                f"The row says deleted, and the store has {len(versions)} versions of it.",
                self._removal(object_id, "remove them", _of_deleted),
            )

    def _of_nothing(self, object_id: str, versions: list[StoredVersion]) -> Iterator[Discrepancy]:
        old = self._old(versions)
        if not old:
            return
        if self._keys.exists(object_id):
            yield Discrepancy(
                "row_lost",
                object_id,
                f"The store has {len(old)} versions of it and it has a key, but no row: was an older database "
                "restored? It is not touched. Restore the row, or destroy its key.",
            )
            return
        yield Discrepancy(
            "stray",
            object_id,
            f"The store has {len(old)} versions, older than {OLD_ENOUGH.days} day, that belong to nothing.",
            self._removal(object_id, "remove them", lambda now, all_: [] if now is not None else self._old(all_)),
        )

    def _of_stored(self, row: Row, versions: list[StoredVersion]) -> Iterator[Discrepancy]:
        ours = [each for each in versions if is_counted(each, row)]
        over = [each for each in versions if each.key == row.key and each not in ours]
        # Copied back from a backup, an object has the same key and bytes, and another version's name.
        if not ours and any(each.bytes == row.cipher_bytes and not each.is_delete_marker for each in over):
            yield Discrepancy(
                "media_renumbered",
                row.id,
                "The store has it under another version than was stored: was the store copied back from a backup?",
                Repair(
                    "read it whole, and if it is what was stored, note its version", partial(self._renumber, row.id)
                ),
            )
            return
        if not ours:
            there = "it has others under that key" if over else "it has nothing under that key"
            yield Discrepancy(
                "media_missing",
                row.id,
                f"The store has not the version that was stored ({there}). Bring it back from a backup of the store; "
                "its row and its key are kept.",
            )
            return
        if ours[0].bytes != row.cipher_bytes:
            yield Discrepancy(
                "media_differs",
                row.id,
                f"The store says {ours[0].bytes} bytes, {row.cipher_bytes} were stored. Bring it back from a backup.",
            )
        if over:
            yield Discrepancy(
                "media_covered",
                row.id,
                f"{len(over)} later versions or delete markers, not ours, lie over the version that counts.",
                self._removal(row.id, "remove what lies over it", _lying_over),
            )
        if left := self._old([each for each in versions if each.key != row.key]):
            yield Discrepancy(
                "attempt_left",
                row.id,
                f"{len(left)} versions of attempts that do not count, older than {OLD_ENOUGH.days} day.",
                self._removal(row.id, "remove them", lambda now, all_: self._old(_other_attempts(now, all_))),
            )

    def _uploads(self) -> Iterator[Discrepancy]:
        before = self._clock.now() - OLD_ENOUGH
        for key in self._store.unfinished_uploads("", before):

            def end(tell: Tell, key: str = key) -> bool:
                with self._database.begin() as session:
                    tell(session)
                return self._store.abort_uploads(key, started_before=before, keys=[key]) > 0

            yield Discrepancy(
                "upload_left",
                key,
                f"An upload that was begun more than {OLD_ENOUGH.days} day ago and never finished takes space.",
                Repair("end it", end),
            )

    def _renumber(self, object_id: str, tell: Tell) -> bool:
        with self._database.read() as session:
            kept = session.get(StoredObject, object_id)
        if kept is None or kept.state != "stored":
            return False
        there = [each for each in self._versions(object_id) if each.key == kept.key and not each.is_delete_marker]
        for each in there:
            item = replace(whole(kept), version_id=each.version_id)
            if check_media(kept.sha256 or "", partial(self._playback.read, item)) is not None:
                continue
            with self._database.begin() as session:
                row = session.get_one(StoredObject, object_id, with_for_update=True)
                if row.state != "stored" or row.key != each.key:
                    return False
                row.version_id = each.version_id
                note_change(session, [object_id], self._clock.now())
                tell(session)
            return True
        raise ValueError("no version there is what was stored")

    def _old(self, versions: list[StoredVersion]) -> list[StoredVersion]:
        before: datetime = self._clock.now() - OLD_ENOUGH
        return [each for each in versions if each.modified_at < before]

    def _removal(self, object_id: str, says: str, which: Which) -> Repair:
        def remove(tell: Tell) -> bool:
            going = which(row_now(self._database, object_id), self._versions(object_id))
            if going:
                with self._database.begin() as session:
                    tell(session)
                self._store.remove(going)
            return bool(going)

        return Repair(says, remove, deletes=True)


def object_of(version: StoredVersion) -> str:
    """The id that a key begins with."""
    return version.key.partition("/")[0]


def is_counted(version: StoredVersion, row: Row) -> bool:
    """Whether this is the version that the row means. Buckets without versions call theirs `null`, or nothing."""
    same = (version.version_id or "null") == (row.version_id or "null")
    return version.key == row.key and same and not version.is_delete_marker


def _of_deleted(row: Row | None, versions: list[StoredVersion]) -> list[StoredVersion]:
    return versions if row is not None and row.state == "deleted" else []


def _lying_over(row: Row | None, versions: list[StoredVersion]) -> list[StoredVersion]:
    if row is None or row.state != "stored" or not any(is_counted(each, row) for each in versions):
        return []
    return [each for each in versions if each.key == row.key and not is_counted(each, row)]


def _other_attempts(row: Row | None, versions: list[StoredVersion]) -> list[StoredVersion]:
    return [each for each in versions if row is not None and row.state == "stored" and each.key != row.key]
