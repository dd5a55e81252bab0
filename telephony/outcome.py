"""How did a call end? Pure, and by what really happened, in whatever order it was reported."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["recorded", "declined_hangup", "declined_key", "unrecorded", "incomplete"]

# With these the caller's number goes: nothing but the fact stays (I2).
WITHOUT_NUMBER = frozenset({"declined_hangup", "declined_key", "unrecorded", "incomplete"})
# With these nothing recorded may exist anywhere.
WITHOUT_MEDIA = frozenset({"declined_hangup", "declined_key", "unrecorded"})
# Forwarded legs that ended like this were never answered, so nothing was recorded from their answer on.
NEVER_ANSWERED = frozenset({"busy", "no-answer", "failed", "canceled"})


@dataclass(frozen=True)
class CallFacts:
    """What is known of a call."""

    ended: bool
    declined_key: bool
    agreed: bool
    went_on_unrecorded: bool
    play_failed: bool | None
    """By the carrier's notifications; None: they have not been read."""
    media: Literal["none", "coming", "stored"]
    media_ruled_out: bool
    """No media can come any more: the carrier said so, nobody answered, or it was asked long enough."""


def outcome(facts: CallFacts) -> Outcome | None:
    """The outcome, or None while it is open."""
    if not facts.ended:
        return None
    if facts.declined_key:
        return "declined_key"
    if facts.went_on_unrecorded:
        return "unrecorded"
    if not facts.agreed:
        return "declined_hangup"
    if facts.play_failed is None:
        return None
    if facts.play_failed:
        return "unrecorded"
    if facts.media == "stored":
        return "recorded"
    return "incomplete" if facts.media == "none" and facts.media_ruled_out else None
