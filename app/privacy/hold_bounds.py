"""What somebody may hold alone: managers little, and not for long; officers what a case needs. Pure.

A hold keeps what policy would delete, so whoever sets one without end has made a policy of their own. A manager holds
what happened, until somebody who answers for it has looked; the privacy officer, who can lift it, can hold it longer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.errors import Refused
from storage.retention.holds import Span, Why

MANAGER = "centre_manager"
REVIEW_AFTER = timedelta(days=90)
MANAGERS_REVIEW = timedelta(days=30)
MANAGERS_SPAN = timedelta(days=7)


def review_after(role: str | None) -> timedelta:
    """When a hold is looked at again unless something else is said. `role` None: somebody at the machine itself."""
    return MANAGERS_REVIEW if role == MANAGER else REVIEW_AFTER


def latest_review(role: str | None, now: datetime) -> datetime | None:
    """The latest that may be said; None: any."""
    return now + MANAGERS_REVIEW if role == MANAGER else None


def check_bounds(what: Span | Sequence[str], why: Why, role: str | None, now: datetime) -> None:
    """Raise `Refused` for what somebody of this role does not hold alone."""
    if role != MANAGER:
        return
    if why.review_at > now + MANAGERS_REVIEW:
        raise Refused("review: a manager's hold is reviewed within {days} days", days=MANAGERS_REVIEW.days)
    if isinstance(what, Span):
        if what.to_at - what.from_at > MANAGERS_SPAN:
            raise Refused("a manager holds {days} days at most at once", days=MANAGERS_SPAN.days)
        if what.to_at > why.review_at:
            raise Refused("a manager holds nothing that comes after the review")
