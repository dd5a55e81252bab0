"""The named places where a process can be killed, as the code itself enumerates them.

I7 says: kill any process at any instruction. A test cannot kill at every instruction, but it can kill at every place
where something has just become true outside (a commit, a put, a delete) and the rest has not. Each such place stands
here by name and calls `reached`, which does nothing unless a test process watches.
"""

from collections.abc import Callable
from enum import StrEnum


class Milestone(StrEnum):
    """What has just become true."""

    CALL_ANSWERED = "call.answered"
    STEP_ANSWERED = "step.answered"
    CALL_CLOSED = "call.closed"
    RECORDING_CLAIMED = "recording.claimed"
    KEY_MADE = "intake.key-made"
    ARRIVING_COMMITTED = "intake.arriving-committed"
    OBJECT_PUT = "intake.object-put"
    OBJECT_COMMITTED = "intake.object-committed"
    CARRIER_COPY_REMOVED = "recording.carrier-copy-removed"
    CARRIER_COPY_SETTLED = "recording.carrier-copy-settled"
    PURGE_CLAIMED = "purge.claimed"
    PURGE_COMMITTED = "purge.committed"
    PEAKS_CLAIMED = "peaks.claimed"
    PEAKS_COMMITTED = "peaks.committed"
    PREVIEW_CLAIMED = "preview.claimed"
    PREVIEW_COMMITTED = "preview.committed"
    DELETION_CLAIMED = "deletion.claimed"
    VERSIONS_REMOVED = "deletion.versions-removed"
    KEY_DESTROYED = "deletion.key-destroyed"
    COPIES_REMOVED = "deletion.copies-removed"
    DELETION_COMMITTED = "deletion.committed"
    GAP_COMMITTED = "gap.committed"
    SPOOL_REMOVED = "segment.spool-removed"
    HOLD_IN_KEYS = "hold.in-keys"
    HOLD_IN_STORE = "hold.in-store"
    HOLD_MIRROR_OFF = "hold.mirror-off"


_watchers: list[Callable[[Milestone], None]] = []


def reached(milestone: Milestone) -> None:
    """Say that `milestone` is now true. Costs a look at an empty list."""
    for watcher in _watchers:
        watcher(milestone)


def watch(watcher: Callable[[Milestone], None]) -> None:
    """Call `watcher` at every milestone of this process. For test processes; nothing in the product calls it."""
    _watchers.append(watcher)
