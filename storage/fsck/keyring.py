"""Objects' rows ↔ their keys: what can never be read again, and what could be read though it is deleted."""

from collections.abc import Iterator
from functools import partial

from config.clock import Clock
from storage.database import Database
from storage.fsck.discrepancy import OLD_ENOUGH, Discrepancy, Repair, Tell
from storage.fsck.joined import Row, row_now, rows_in_order, side_by_side
from storage.objects.keys import KeyDestroyed, KeyMissing, KeyRing, KeyUnreadable


class KeysLook:
    """Walks the keys and the rows side by side; every key of a stored object is opened."""

    name = "keys"

    def __init__(self, database: Database, keys: KeyRing, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self.seen = 0

    def look(self) -> Iterator[Discrepancy]:
        self.seen = 0
        alive = ((object_id, True) for object_id in self._keys.object_ids())
        rows = ((row.id, row) for row in rows_in_order(self._database))
        orphans: set[str] = set()
        for object_id, row, key in side_by_side(rows, alive):
            if row is None:
                orphans.add(object_id)
            elif row.state == "stored" or key:
                self.seen += 1
                yield from self._of(object_id)
        old = set(self._keys.object_ids(self._clock.now() - OLD_ENOUGH)) & orphans if orphans else set()
        for object_id in sorted(old):
            if row_now(self._database, object_id) is None:
                yield Discrepancy(
                    "key_without_row",
                    object_id,
                    "There is a key and no row of its object: was an older database restored? It is not touched.",
                )

    def _of(self, object_id: str) -> list[Discrepancy]:
        """Asked of this object alone, between two readings of its row: it may be on its way in or out."""
        before = row_now(self._database, object_id)
        found = list(self._judge(before)) if before is not None else []
        return found if row_now(self._database, object_id) == before else []

    def _judge(self, row: Row) -> Iterator[Discrepancy]:
        if row.state == "deleted" and self._keys.exists(row.id):
            yield Discrepancy(
                "key_left",
                row.id,
                "The row says deleted, and its key is there: copies of it in backups could be read.",
                Repair("destroy it", partial(self._destroy, row.id), deletes=True),
            )
        if row.state != "stored":
            return
        try:
            self._keys.get(row.id)
        except KeyDestroyed:
            yield Discrepancy(
                "key_destroyed",
                row.id,
                "The row says stored, and its key was destroyed: it was deleted, and an older database was restored. "
                "`eskertu db restored` deletes it again.",
            )
        except KeyMissing:
            yield Discrepancy(
                "key_missing", row.id, "Its key is not there: it cannot be read. Restore the key database."
            )
        except KeyUnreadable as error:
            yield Discrepancy("key_unreadable", row.id, f"Its key cannot be opened: {error}")

    def _destroy(self, object_id: str, tell: Tell) -> bool:
        row = row_now(self._database, object_id)
        if row is None or row.state != "deleted" or not self._keys.exists(object_id):
            return False
        with self._database.begin() as session:
            tell(session)
        self._keys.destroy(object_id)
        return True
