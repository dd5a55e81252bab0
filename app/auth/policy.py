"""Who may do what, decided in one place. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

ROLES = ("centre_manager", "qa_reviewer", "privacy_officer", "administrator", "auditor")

# What each role may hear or see, by the kind of the object, for which purposes. A role that is not here sees none:
# administrators run the system without listening, auditors check the ledger without media.
MEDIA: dict[tuple[str, str], tuple[str, ...]] = {
    ("qa_reviewer", "recording"): ("quality", "training"),
}

# What takes two people: who may ask for it, and who, being another person, may approve it.
TASKS: dict[str, tuple[str, ...]] = {
    "ask for a policy that keeps longer": ("privacy_officer", "administrator"),
    "approve a policy": ("privacy_officer",),
    "ask for a purge": ("qa_reviewer", "centre_manager", "privacy_officer"),
    "approve a purge": ("privacy_officer",),
}


@dataclass(frozen=True)
class Viewer:
    """Who asks. `centre_id` None: every centre."""

    role: str
    centre_id: str | None
    active: bool


def purpose_for(
    viewer: Viewer, kind: str, centre_id: str, usable: Iterable[str], asked: str | None = None
) -> str | None:
    """The purpose for which the viewer may be shown an object, or None: then there is nothing to be seen (I11).

    Args:
        viewer: who asks.
        kind: of the object.
        centre_id: whose people are on it.
        usable: the purposes it is still kept for.
        asked: the purpose the viewer names; None takes the first that is possible.
    """
    if not viewer.active or viewer.centre_id not in (None, centre_id):
        return None
    kept = frozenset(usable)
    allowed = [p for p in MEDIA.get((viewer.role, kind), ()) if p in kept]
    if asked is not None:
        return asked if asked in allowed else None
    return allowed[0] if allowed else None


def may(viewer: Viewer, task: str, centre_id: str | None) -> bool:
    """Whether the viewer may do one of TASKS.

    Args:
        viewer: who asks.
        task: a key of TASKS.
        centre_id: the centre it is about; None: all of them, which nobody may who belongs to one.
    """
    return viewer.active and viewer.role in TASKS[task] and viewer.centre_id in (None, centre_id)
