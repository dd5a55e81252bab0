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
# their centre, or of all if they belong to none; what belongs to no centre, and is opened by whoever belongs to none;
# what anybody may hear on the telephone.
OWN = "own"
BY_PURPOSE = "by purpose"
BY_CENTRE = "by centre"
EVERYWHERE = "everywhere"
PUBLISHED = "published"


@dataclass(frozen=True)
class Access:
    """Who may open an address once they are signed in.

    `confirmed`: what is done there takes the password once more, unless it was given in the last ten minutes.
    """

    roles: frozenset[str]
    within: str
    confirmed: bool = False


@dataclass(frozen=True)
class ByToken:
    """An address of the API, which is opened by a person's token and by nothing else.

    What is read there takes the scope `area:read`, what is done there `area:write`; and the person's right to it.
    """

    area: str
    read: Access | None = None
    write: Access | None = None

    def takes(self, method: str) -> tuple[Access | None, str]:
        """Who may use a method there, and with which scope."""
        return (self.read, f"{self.area}:read") if method in READS else (self.write, f"{self.area}:write")


READS = frozenset({"GET", "HEAD"})
ANY_ROLE_OWN = Access(ALL, OWN)
OFFICER = frozenset({"privacy_officer"})
OVERSIGHT = frozenset({"privacy_officer", "auditor"})
# Who listens for training and quality, and says what they heard.
REVIEWERS = frozenset({"qa_reviewer"})

# What is known of calls, without their media; and who may look for a person's calls by their number.
CALLS = frozenset({"centre_manager", "qa_reviewer", "privacy_officer", "auditor"})
CALLERS = CALLS - {"auditor"}
HOLDS_SEEN = frozenset({"centre_manager", "privacy_officer", "auditor"})
HOLDS_SET = frozenset({"centre_manager", "privacy_officer"})
# Whoever hears card data may ask that it be silenced; who may then let it be done is said by TASKS.
PURGES_ASKED = frozenset({"qa_reviewer", "centre_manager", "privacy_officer"})
POLICIES_SET = frozenset({"privacy_officer", "administrator"})
LEDGER = frozenset({"privacy_officer", "auditor"})
ADMINISTRATION = frozenset({"administrator"})
ADMINISTERS = Access(ADMINISTRATION, EVERYWHERE)
ADMINISTERS_AGAIN = Access(ADMINISTRATION, EVERYWHERE, confirmed=True)

# Who may open which address. What is not here, nobody may open; a test compares it with all addresses that there are.
# Whoever may open `/recordings/…` is then told what they may hear there by `MEDIA`, and the ledger of each refusal.
ROUTES: dict[str, str | Access | ByToken] = {
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
    "/first-password": PUBLIC,
    "/sign-out": ANY_ROLE_OWN,
    "/sessions": ANY_ROLE_OWN,
    "/sessions/end": ANY_ROLE_OWN,
    "/sessions/end-others": ANY_ROLE_OWN,
    "/": Access(ALL, BY_CENTRE),
    "/tokens": ANY_ROLE_OWN,
    "/tokens/make": Access(ALL, OWN, confirmed=True),
    "/tokens/end": ANY_ROLE_OWN,
    "/calls": Access(CALLS, BY_CENTRE),
    "/calls/caller": Access(CALLERS, BY_CENTRE),
    "/calls/<call_id>": Access(CALLS, BY_CENTRE),
    "/api/v1/calls": ByToken("calls", Access(CALLS, BY_CENTRE)),
    "/api/v1/calls/<call_sid>": ByToken("calls", Access(CALLS, BY_CENTRE)),
    "/api/v1/recordings": ByToken("recordings", Access(CALLS, BY_CENTRE)),
    "/api/v1/recordings/<recording_sid>": ByToken("recordings", Access(CALLS, BY_CENTRE)),
    "/api/v1/recordings/<recording_sid>/audio.wav": ByToken("media", Access(ALL, BY_PURPOSE)),
    "/api/v1/objects": ByToken("objects", Access(ALL - {"qa_reviewer"}, BY_CENTRE)),
    "/api/v1/objects/<object_id>": ByToken("objects", Access(ALL - {"qa_reviewer"}, BY_CENTRE)),
    "/api/v1/holds": ByToken("holds", Access(HOLDS_SEEN, BY_CENTRE), Access(HOLDS_SET, BY_CENTRE)),
    "/api/v1/holds/<hold_id>/lift": ByToken("holds", write=Access(frozenset({"privacy_officer"}), BY_CENTRE)),
    "/api/v1/policies": ByToken("policies", Access(ALL, BY_CENTRE), Access(POLICIES_SET, BY_CENTRE)),
    "/api/v1/policies/preview": ByToken("policies", write=Access(POLICIES_SET, BY_CENTRE)),
    "/api/v1/policies/<policy_id>/approve": ByToken(
        "policies", write=Access(frozenset({"privacy_officer"}), BY_CENTRE)
    ),
    "/api/v1/policies/<policy_id>/withdraw": ByToken("policies", write=Access(POLICIES_SET, BY_CENTRE)),
    "/api/v1/receipts": ByToken("receipts", Access(HOLDS_SEEN, BY_CENTRE)),
    "/api/v1/receipts/<object_id>": ByToken("receipts", Access(HOLDS_SEEN, BY_CENTRE)),
    "/api/v1/notices": ByToken("notices", Access(ALL, PUBLISHED)),
    "/api/v1/notices/<version>/audio.wav": ByToken("notices", Access(ALL, PUBLISHED)),
    "/api/v1/centres": ByToken("centres", Access(ALL, BY_CENTRE)),
    "/api/v1/lines": ByToken("lines", Access(ALL, BY_CENTRE)),
    "/api/v1/ledger/checkpoint": ByToken("ledger", Access(LEDGER, EVERYWHERE)),
    "/api/v1/ledger/leaves": ByToken("ledger", Access(LEDGER, EVERYWHERE)),
    "/api/v1/ledger/leaves/<index>/proof": ByToken("ledger", Access(LEDGER, EVERYWHERE)),
    "/api/v1/findings": ByToken("findings", Access(LEDGER | {"administrator"}, EVERYWHERE)),
    "/api/v1/people": ByToken("people", Access(ADMINISTRATION, EVERYWHERE), Access(ADMINISTRATION, EVERYWHERE)),
    "/api/v1/people/<person_id>/end": ByToken("people", write=Access(ADMINISTRATION, EVERYWHERE)),
    "/api/v1/reviews": ByToken("reviews", Access(REVIEWERS, BY_CENTRE)),
    "/api/v1/recordings/<recording_sid>/review": ByToken(
        "reviews", Access(REVIEWERS, BY_CENTRE), Access(REVIEWERS, BY_CENTRE)
    ),
    "/api/v1/recordings/<recording_sid>/notes": ByToken("reviews", write=Access(REVIEWERS, BY_CENTRE)),
    "/api/v1/recordings/<recording_sid>/heard": ByToken("reviews", write=Access(REVIEWERS, BY_CENTRE)),
    "/api/v1/calls/<call_sid>/evidence": ByToken("evidence", Access(OVERSIGHT, BY_CENTRE)),
    "/api/v1/calls/<call_sid>/evidence/pdf": ByToken("evidence", write=Access(OFFICER, BY_CENTRE)),
    "/api/v1/calls/<call_sid>/evidence/vcon": ByToken("evidence", write=Access(OFFICER, BY_CENTRE)),
    "/api/v1/purges": ByToken("purges", Access(PURGES_ASKED, BY_CENTRE), Access(PURGES_ASKED, BY_CENTRE)),
    "/api/v1/purges/<purge_id>/approve": ByToken("purges", write=Access(OFFICER, BY_CENTRE)),
    "/api/v1/purges/<purge_id>/withdraw": ByToken("purges", write=Access(PURGES_ASKED, BY_CENTRE)),
    "/centres": ADMINISTERS,
    "/lines": ADMINISTERS,
    "/lines/<line_id>": ADMINISTERS,
    "/lines/<line_id>/connect": ADMINISTERS,
    "/people": ADMINISTERS,
    "/people/add": ADMINISTERS_AGAIN,
    "/people/<person_id>": ADMINISTERS,
    "/people/<person_id>/role": ADMINISTERS_AGAIN,
    "/people/<person_id>/link": ADMINISTERS_AGAIN,
    "/people/<person_id>/end": ADMINISTERS_AGAIN,
    "/health": ADMINISTERS,
    "/practice": Access(ALL, BY_CENTRE),
    "/practice/<call_sid>": Access(ALL, BY_CENTRE),
    "/practice/<call_sid>/steps": Access(ALL, BY_CENTRE),
    "/practice/<call_sid>/kept": Access(ALL, BY_CENTRE),
    "/practice/<call_sid>/keys": Access(ALL, BY_CENTRE),
    "/practice/<call_sid>/hang-up": Access(ALL, BY_CENTRE),
    "/recordings": Access(REVIEWERS, BY_PURPOSE),
    "/recordings/<object_id>": Access(ALL, BY_PURPOSE),
    "/recordings/<object_id>/audio.wav": Access(ALL, BY_PURPOSE),
    "/holds": Access(OFFICER, BY_CENTRE),
    "/holds/new": Access(OFFICER, BY_CENTRE),
    "/holds/set": Access(OFFICER, BY_CENTRE),
    "/holds/<hold_id>": Access(OFFICER, BY_CENTRE),
    "/holds/<hold_id>/lift": Access(OFFICER, BY_CENTRE, confirmed=True),
    "/purges": Access(PURGES_ASKED, BY_CENTRE),
    "/purges/new": Access(PURGES_ASKED, BY_CENTRE),
    "/purges/preview": Access(PURGES_ASKED, BY_CENTRE),
    "/purges/ask": Access(PURGES_ASKED, BY_CENTRE),
    "/purges/<purge_id>": Access(PURGES_ASKED, BY_CENTRE),
    "/purges/<purge_id>/approve": Access(OFFICER, BY_CENTRE, confirmed=True),
    "/purges/<purge_id>/withdraw": Access(PURGES_ASKED, BY_CENTRE, confirmed=True),
    "/notices": Access(ALL, PUBLISHED),
    "/notices/<version>": Access(ALL, PUBLISHED),
    "/notices/<version>/withdraw": Access(OFFICER, EVERYWHERE, confirmed=True),
    "/notices/new": Access(OFFICER, EVERYWHERE),
    "/notices/drafts": Access(OFFICER, EVERYWHERE),
    "/notices/drafts/<draft_id>": Access(OFFICER, EVERYWHERE),
    "/notices/drafts/<draft_id>/audio.wav": Access(OFFICER, EVERYWHERE),
    "/notices/drafts/<draft_id>/publish": Access(OFFICER, EVERYWHERE, confirmed=True),
    "/notices/drafts/<draft_id>/discard": Access(OFFICER, EVERYWHERE),
    "/policies": Access(OFFICER, BY_CENTRE),
    "/policies/new": Access(OFFICER, BY_CENTRE),
    "/policies/preview": Access(OFFICER, BY_CENTRE),
    "/policies/set": Access(OFFICER, BY_CENTRE, confirmed=True),
    "/policies/<policy_id>": Access(OFFICER, BY_CENTRE),
    "/policies/<policy_id>/approve": Access(OFFICER, BY_CENTRE, confirmed=True),
    "/policies/<policy_id>/withdraw": Access(OFFICER, BY_CENTRE, confirmed=True),
    "/receipts": Access(OVERSIGHT, BY_CENTRE),
    "/receipts/<object_id>": Access(OVERSIGHT, BY_CENTRE),
    "/receipts/<object_id>/bundle": Access(OVERSIGHT, BY_CENTRE),
    "/ledger": Access(OVERSIGHT, EVERYWHERE),
    "/ledger/checkpoint": Access(OVERSIGHT, EVERYWHERE),
    "/ledger/<int:position>": Access(OVERSIGHT, EVERYWHERE),
    "/ledger/<int:position>/proof": Access(OVERSIGHT, EVERYWHERE),
    "/findings": Access(OFFICER, EVERYWHERE),
    "/findings/<finding_id>/close": Access(OFFICER, EVERYWHERE),
    "/declined": Access(OFFICER, BY_CENTRE),
    "/calls/<call_id>/evidence": Access(OVERSIGHT, BY_CENTRE),
    "/calls/<call_id>/evidence/pdf": Access(OFFICER, BY_CENTRE, confirmed=True),
    "/calls/<call_id>/evidence/vcon": Access(OFFICER, BY_CENTRE, confirmed=True),
    "/recordings/<object_id>/peaks.json": Access(ALL, BY_PURPOSE),
    "/recordings/next": Access(REVIEWERS, BY_PURPOSE),
    "/recordings/<object_id>/heard": Access(REVIEWERS, BY_PURPOSE),
    "/recordings/<object_id>/unheard": Access(REVIEWERS, BY_PURPOSE),
    "/recordings/<object_id>/review": Access(REVIEWERS, BY_PURPOSE),
    "/recordings/<object_id>/notes": Access(REVIEWERS, BY_PURPOSE),
    "/recordings/<object_id>/notes/delete": Access(REVIEWERS, BY_PURPOSE),
    "/reviews": Access(REVIEWERS, BY_CENTRE),
}

# What each role may hear or see, by the kind of the object, for which purposes. A role that is not here sees none:
# administrators run the system without listening, auditors check the ledger without media.
MEDIA: dict[tuple[str, str], tuple[str, ...]] = {
    ("qa_reviewer", "recording"): ("quality", "training"),
}

# What commands ask for, too. Of what takes two people: who may ask for it, and who, being another, may approve it.
TASKS: dict[str, tuple[str, ...]] = {
    "ask for a policy that keeps longer": ("privacy_officer", "administrator"),
    "approve a policy": ("privacy_officer",),
    "ask for a purge": ("qa_reviewer", "centre_manager", "privacy_officer"),
    "approve a purge": ("privacy_officer",),
    "close a finding": ("privacy_officer",),
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
                    found[scope] = access.within != BY_PURPOSE or any(role == viewer.role for role, _ in MEDIA)
    return tuple(scope for scope, may_use in found.items() if may_use)


def takes_confirmation(rule: str) -> bool:
    """Whether what is done at an address of that rule takes the password once more."""
    access = ROUTES.get(rule)
    return isinstance(access, Access) and access.confirmed
