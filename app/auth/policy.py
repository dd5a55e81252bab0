"""Who may do what, decided in one place. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

ROLES = ("centre_manager", "qa_reviewer", "privacy_officer", "administrator", "auditor")

ALL = frozenset(ROLES)

# Who may open an address that is no matter of roles: anybody; the carrier, by its signature; who holds a pass.
PUBLIC = "public"
CARRIER = "carrier"
HOLDER = "holder"

# What somebody meets at an address: their own things; media, of their centres and for the purposes in MEDIA; rows of
# their centre, or of all if they belong to none; what belongs to no centre, and is opened by whoever belongs to none.
OWN = "own"
BY_PURPOSE = "by purpose"
BY_CENTRE = "by centre"
EVERYWHERE = "everywhere"


@dataclass(frozen=True)
class Access:
    """Who may open an address once they are signed in.

    `confirmed`: what is done there takes the password once more, unless it was given in the last ten minutes.
    """

    roles: frozenset[str]
    within: str
    confirmed: bool = False


ANY_ROLE_OWN = Access(ALL, OWN)

# Who may open which address. What is not here, nobody may open; a test compares it with all addresses that there are.
# Whoever may open `/recordings/…` is then told what they may hear there by `MEDIA`, and the ledger of each refusal.
ROUTES: dict[str, str | Access] = {
    "/healthz": PUBLIC,
    "/readyz": PUBLIC,
    "/metrics": PUBLIC,
    "/openapi.json": PUBLIC,
    "/static/<path:filename>": PUBLIC,
    "/twilio/audio/<sha256>.wav": PUBLIC,
    "/twilio/voice": CARRIER,
    "/twilio/fallback": CARRIER,
    "/twilio/steps/<token>/<any(end, key):arm>": CARRIER,
    "/twilio/call-status": CARRIER,
    "/twilio/recording": CARRIER,
    "/play/<text>": HOLDER,
    "/play/<text>/audio.wav": HOLDER,
    "/n/<centre>/<line>": PUBLIC,
    "/sign-in": PUBLIC,
    "/sign-out": ANY_ROLE_OWN,
    "/sessions": ANY_ROLE_OWN,
    "/sessions/end": ANY_ROLE_OWN,
    "/sessions/end-others": ANY_ROLE_OWN,
    "/": Access(ALL, BY_CENTRE),
    "/practice": Access(ALL, BY_CENTRE),
    "/practice/<call_sid>": Access(ALL, BY_CENTRE),
    "/practice/<call_sid>/steps": Access(ALL, BY_CENTRE),
    "/practice/<call_sid>/kept": Access(ALL, BY_CENTRE),
    "/practice/<call_sid>/keys": Access(ALL, BY_CENTRE),
    "/practice/<call_sid>/hang-up": Access(ALL, BY_CENTRE),
    "/recordings": Access(frozenset({"qa_reviewer"}), BY_PURPOSE),
    "/recordings/<object_id>": Access(ALL, BY_PURPOSE),
    "/recordings/<object_id>/audio.wav": Access(ALL, BY_PURPOSE),
}

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
    if not isinstance(access, Access) or not viewer.active or viewer.role not in access.roles:
        return False
    return viewer.centre_id is None or access.within != EVERYWHERE


def takes_confirmation(rule: str) -> bool:
    """Whether what is done at an address of that rule takes the password once more."""
    access = ROUTES.get(rule)
    return isinstance(access, Access) and access.confirmed
