"""Who may do what, decided in one place; its table of addresses is in `app/auth/routes.py`. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.auth.roles import BY_PURPOSE, EVERYWHERE, Access, ByToken
from app.auth.routes import ROUTES

# What each role may hear or see, by the kind of the object, for which purposes. A role that is not here sees none:
# administrators run the system without listening, auditors check the ledger without media.
MEDIA: dict[tuple[str, str], tuple[str, ...]] = {
    ("qa_reviewer", "recording"): ("quality", "training"),
    ("centre_manager", "segment"): ("security",),
    ("centre_manager", "sign_photo"): ("evidence",),
    ("centre_manager", "export"): ("security",),
}

# What commands ask for, too. Of what takes two people: who may ask for it, and who, being another, may approve it.
TASKS: dict[str, tuple[str, ...]] = {
    "ask for a policy that keeps longer": ("privacy_officer", "administrator"),
    "approve a policy": ("privacy_officer",),
    "ask for a purge": ("qa_reviewer", "centre_manager", "privacy_officer"),
    "approve a purge": ("privacy_officer",),
    "close a finding": ("privacy_officer",),
    "pause a recording": ("centre_manager",),
    "post a sign": ("centre_manager",),
    "set up a camera": ("administrator", "centre_manager"),
    "look through a camera that is tried": ("centre_manager",),
    "publish a sign": ("privacy_officer",),
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
    allowed = purposes_for(viewer, kind, centre_id, usable)
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


def purposes_for(viewer: Viewer, kind: str, centre_id: str, usable: Iterable[str]) -> tuple[str, ...]:
    """All purposes for which the viewer may be shown an object, the one that is taken first."""
    if not viewer.active or viewer.centre_id not in (None, centre_id):
        return ()
    kept = frozenset(usable)
    return tuple(purpose for purpose in MEDIA.get((viewer.role, kind), ()) if purpose in kept)


def may_open(viewer: Viewer, rule: str) -> bool:
    """Whether somebody who is signed in may open an address of that rule."""
    access = ROUTES.get(rule)
    return isinstance(access, Access) and grants(access, viewer)


def grants(access: Access, viewer: Viewer) -> bool:
    """Whether somebody who is known may come in by that."""
    if not viewer.active or viewer.role not in access.roles:
        return False
    return viewer.centre_id is None or access.within != EVERYWHERE


def scopes_of(viewer: Viewer) -> tuple[str, ...]:
    """What a token of somebody can be for: what they may themselves."""
    found = {}
    for who in ROUTES.values():
        if isinstance(who, ByToken):
            for access, scope in (who.takes("GET"), who.takes("POST")):
                if access is not None and grants(access, viewer):
                    found[scope] = access.within != BY_PURPOSE or (viewer.role, "recording") in MEDIA
    return tuple(scope for scope, may_use in found.items() if may_use)


def takes_confirmation(rule: str) -> bool:
    """Whether what is done at an address of that rule takes the password once more."""
    access = ROUTES.get(rule)
    return isinstance(access, Access) and access.confirmed
