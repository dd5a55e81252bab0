"""Stops deletions of what is held elsewhere, though our own rows do not say so (I5).

The main database may have been restored from before a hold, or changed by hand. Who knows better is asked before
anything is destroyed: the key database about a whole batch at once, the store about what it would not remove.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from storage.objects.keys import KeyRing
from storage.retention.mirror import Mirror
from storage.retention.progress import Underway


class Halting:
    """What does not go on has a failure that says why; where it was taken back, its deletion is no more."""

    def __init__(self, keys: KeyRing, mirror: Mirror, turn: AbstractContextManager[object]) -> None:
        self._keys = keys
        self._mirror = mirror
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
            with self._turn:
                self._mirror.must_let_go(each.object_id)
        except Exception as error:  # noqa: BLE001
            each.failures.append(f"{type(error).__name__}: {error}")
            return False
        return True
