"""Stops deletions of what is held elsewhere, though our own rows do not say so (I5).

The main database may have been restored from before a hold, or changed by hand. Who knows better is asked before
anything is destroyed: the key database about a whole batch at once, the store about what it would not remove.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from config.clock import Clock
from storage.database import Database
from storage.models import Deletion
from storage.objects.keys import KeyRing
from storage.retention.found_holds import set_found
from storage.retention.mirror import Mirror
from storage.retention.progress import Underway


class Halting:
    """What does not go on is either taken back (it has no failures), or has one, and is tried again later."""

    def __init__(
        self, database: Database, keys: KeyRing, mirror: Mirror, clock: Clock, turn: AbstractContextManager[object]
    ) -> None:
        self._database = database
        self._keys = keys
        self._mirror = mirror
        self._clock = clock
        self._turn = turn

    def unless_marked(self, those: list[Underway], mirrored: Iterable[str]) -> list[Underway]:
        """Those whose key is not marked as held. Without the key database's word, none of them goes on.

        Args:
            those: deletions under way.
            mirrored: ids of those that have a mirror by our own rows: it may lag, and is asked one by one.
        """
        try:
            asked = {*mirrored, *self._keys.held_among([each.object_id for each in those])}
        except Exception as error:  # noqa: BLE001 - whatever it is, they are tried again
            for each in those:
                each.failures.append(f"{type(error).__name__}: {error}")
            return []
        return self.unless_held(those, [each for each in those if each.object_id in asked])

    def unless_held(self, those: list[Underway], suspects: list[Underway]) -> list[Underway]:
        """Those that are no suspects, and those suspects that nobody holds."""
        stopped = {each.object_id for each in suspects if not self._may_go(each)}
        return [each for each in those if each.object_id not in stopped]

    def _may_go(self, each: Underway) -> bool:
        try:
            where = self._mirror.held_elsewhere(each.object_id)
            if where is None:
                return True
            with self._turn, self._database.begin() as session:
                set_found(session, each.object_id, where, self._clock.now())
                taken_back = session.get(Deletion, each.object_id) is None
        except Exception as error:  # noqa: BLE001
            each.failures.append(f"{type(error).__name__}: {error}")
            return False
        if taken_back:
            each.failures.clear()
        else:
            each.failures.append(f"{where} says that it is held")
        return False
