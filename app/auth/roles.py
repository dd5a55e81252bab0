"""The roles, who they are together, and what coming in by an address takes. Pure."""

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
# A camera's days as rows tell them: what was recorded, gaps, holds. Who sees pictures of them is said by MEDIA.
CAMERA_DAYS = frozenset({"centre_manager", "privacy_officer", "auditor"})
# Who takes footage away.
CLIPS_ASKED = frozenset({"centre_manager"})
# How cameras stand, and setting them up: an administrator does that without a picture.
CAMERAS_SEEN = CAMERA_DAYS | {"administrator"}
CAMERAS_SET = frozenset({"administrator", "centre_manager"})
HOLDS_SEEN = frozenset({"centre_manager", "privacy_officer", "auditor"})
HOLDS_SET = frozenset({"centre_manager", "privacy_officer"})
# Whoever hears card data may ask that it be silenced; who may then let it be done is said by TASKS.
PURGES_ASKED = frozenset({"qa_reviewer", "centre_manager", "privacy_officer"})
# A pause takes words out of what is kept, and shows nothing: whoever answers for the desk, and for no other desk.
PAUSES_ASKED = frozenset({"centre_manager"})
POLICIES_SET = frozenset({"privacy_officer", "administrator"})
# A sign hangs where everybody sees it; the photo of it may show people, and is for who answers for the centre.
SIGNS_SEEN = HOLDS_SEEN
SIGNS_POSTED = frozenset({"centre_manager"})
LEDGER = frozenset({"privacy_officer", "auditor"})
ADMINISTRATION = frozenset({"administrator"})
ADMINISTERS = Access(ADMINISTRATION, EVERYWHERE)
ADMINISTERS_AGAIN = Access(ADMINISTRATION, EVERYWHERE, confirmed=True)
