"""The spool's copy of a segment: one of the places that deletion must reach.

Normally it is gone within a second of being stored, and then nothing names it any more. A recorder that died in between
leaves it behind, and a deletion that comes due must not leave it there.
"""

from datetime import datetime
from pathlib import Path

from storage.retention.other_copies import CopyUnreachable
from video.spool import IDENTITY

SPOOL = "spool"


def ref_of(identity: str, camera_id: str, name: str) -> str:
    """How a spool's copy is named where storage keeps track of copies."""
    return f"{identity}/{camera_id}/{name}"


class SpoolCopies:
    """The port through which storage's deletion reaches the spool on this machine.

    Another machine's is reached by nobody but its own recorder, which removes there what is being deleted (upload.py).
    """

    name = SPOOL

    def __init__(self, root: Path) -> None:
        self._root = root

    def remove(self, ref: str) -> None:
        """Unlink it."""
        self._at(ref).unlink(missing_ok=True)

    def is_gone(self, ref: str) -> bool:
        """Whether the disk has it no more."""
        return not self._at(ref).exists()

    def remains(self, gone_at: datetime) -> None:  # noqa: ARG002
        """Nothing does."""
        return

    def _at(self, ref: str) -> Path:
        identity, camera_id, name = ref.split("/")
        try:
            ours = (self._root / IDENTITY).read_text() == identity
        except FileNotFoundError:
            ours = False
        if not ours:
            raise CopyUnreachable("it lies in the spool of a recorder on another machine")
        return self._root / camera_id / name
