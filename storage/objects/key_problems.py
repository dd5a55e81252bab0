"""Why a key is not to be had."""

from collections.abc import Sequence


class KeyProblem(Exception):
    """An object's key is not to be had. Permanent, unless a subclass says otherwise."""


class KeyMissing(KeyProblem):
    """There never was a key for this object."""


class KeyDestroyed(KeyProblem):
    """The key was destroyed: the object cannot be read by anyone, for ever."""


class KeyHeld(KeyProblem):
    """Keys are marked as held: they are not destroyed before the marks are taken off (I5)."""

    def __init__(self, object_ids: Sequence[str]) -> None:
        self.object_ids = frozenset(object_ids)
        super().__init__(f"held: the keys of {', '.join(sorted(object_ids)[:5])}")


class KeyUnreadable(KeyProblem):
    """The key is wrapped by another master key, or was changed. Permanent until the right master key is back."""
