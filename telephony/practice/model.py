"""What the network knows: numbers, calls, recordings, and what went wrong.

Phone numbers of callers live in memory alone (`Call.to`, `Call.from_number`); what is written to disk has none.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

ABSENT_TOO_SHORT = 16101
ABSENT_SILENT = 16102
ENDED = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


def new_sid(prefix: str) -> str:
    """A SID as Twilio makes them: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


@dataclass
class PhoneNumber:
    """A number that the account owns (`IncomingPhoneNumber`); empty URLs mean «not set»."""

    sid: str
    number: str
    date_created: datetime
    date_updated: datetime
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    friendly_name: str = ""


@dataclass(frozen=True)
class Notification:
    """One entry in Twilio's log about a call; `log` is 0 for an error, 1 for a warning."""

    sid: str
    call_sid: str
    error_code: int
    message_text: str
    request_url: str
    request_method: str
    date: datetime
    log: int = 0


@dataclass
class Call:
    """One leg. `start_time` is when it was answered, None where it never was."""

    sid: str
    direction: str
    status: str
    date_created: datetime
    date_updated: datetime
    parent_call_sid: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    to: str = ""
    from_number: str = ""
    phone_number_sid: str = ""
    notifications: list[Notification] = field(default_factory=list)

    @property
    def duration_s(self) -> int:
        """Whole seconds from answer to end, 0 where either is missing."""
        if self.start_time is None or self.end_time is None:
            return 0
        return round((self.end_time - self.start_time).total_seconds())


@dataclass
class Recording:
    """A recording's facts; its media is the file `<sid>.wav` beside them.

    `channels` is what was asked for; `stored_channels` what the file has, since Twilio keeps two-party recordings
    in two channels and mixes them down on request (changelog of 2022-05-25, «dual-channel by default»).
    """

    sid: str
    call_sid: str
    source: str
    channels: int
    stored_channels: int
    status: str
    date_created: datetime
    date_updated: datetime
    start_time: datetime
    duration_s: int | None = None
    error_code: int | None = None
    track: str = "both"
