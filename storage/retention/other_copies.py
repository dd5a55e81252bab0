"""The port to copies in places that storage does not know itself: the carrier's, a spool's."""

from datetime import datetime
from typing import Protocol


class CopyUnreachable(Exception):
    """A place that holds a copy cannot be asked now. Try again later."""


class OtherCopy(Protocol):
    """A place that may hold a copy of an object, and that storage does not know itself."""

    name: str

    def remove(self, ref: str) -> None:
        """Ask for removal. Removing what is gone is no error. Raises CopyUnreachable."""
        ...

    def is_gone(self, ref: str) -> bool:
        """Ask again whether it is gone. Raises CopyUnreachable."""
        ...

    def remains(self, gone_at: datetime) -> dict[str, str] | None:
        """What that place keeps all the same, and until when; None if nothing."""
        ...
