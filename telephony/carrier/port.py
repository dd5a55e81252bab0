"""What we ask of a carrier. One account each; the Twilio client implements it, and so does any compatible service."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


class CarrierError(Exception):
    """The carrier did not do what was asked."""


class CarrierUnavailable(CarrierError):
    """It cannot answer now: try again later."""


class CarrierRefused(CarrierError):
    """It will not do this, however often it is asked. The message says why."""


class MediaNotReady(CarrierUnavailable):
    """The recording exists, its media does not yet."""


@dataclass(frozen=True)
class CarrierCall:
    """A call, in the carrier's words."""

    call_sid: str
    status: str
    over: bool


@dataclass(frozen=True)
class CarrierRecording:
    """A recording, in the carrier's words. `duration_s` is None until it is completed."""

    recording_sid: str
    call_sid: str
    status: str
    channels: int | None
    duration_s: float | None
    started_at: datetime | None
    source: str | None


@dataclass(frozen=True)
class Complaint:
    """Something that went wrong in a call, as the carrier noted it."""

    code: int
    url: str


@dataclass(frozen=True)
class Media:
    """A recording's bytes, on their way."""

    content_type: str
    length: int | None
    channels_asked: int | None
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class Routing:
    """Where a number sends its calls."""

    voice_url: str
    status_url: str
    fallback_url: str


class Carrier(Protocol):
    """One account at a carrier. Every method may raise CarrierUnavailable or CarrierRefused."""

    account_sid: str

    def call(self, call_sid: str) -> CarrierCall | None:
        """The call's state; None if the carrier knows no such call."""
        ...

    def complaints(self, call_sid: str) -> list[Complaint] | None:
        """What went wrong in a call; None if the carrier says that it has no such list."""
        ...

    def recordings_of(self, call_sid: str) -> list[CarrierRecording]:
        """All recordings of a call, whoever started them."""
        ...

    def recordings_since(self, moment: datetime) -> Iterator[CarrierRecording]:
        """All recordings of the account that were made since."""
        ...

    def recording(self, recording_sid: str) -> CarrierRecording | None:
        """A recording's state; None if it is gone."""
        ...

    def media(self, recording_sid: str) -> AbstractContextManager[Media]:
        """The media, built from the SID alone: a URL that a webhook names is never fetched. Raises MediaNotReady."""
        ...

    def change_recording(self, call_sid: str, recording_sid: str, status: Literal["paused", "in-progress"]) -> str:
        """Ask that a running recording be paused, silence in its place, or go on. Returns what the carrier says it is.

        Only that word counts: an answer by itself is no proof, and a look at the recording never shows a pause.
        """
        ...

    def remove_recording(self, recording_sid: str) -> None:
        """Ask for its removal. What is gone already is no error."""
        ...

    def connect_number(self, number: str, routing: Routing) -> Routing:
        """Set where a number sends its calls, and read it back."""
        ...

    def number_routing(self, number: str) -> Routing | None:
        """Where a number sends its calls now; None: the account has no such number."""
        ...
