"""What really happened in a call, as the person at the phone lived it: independent of anything that we wrote down."""

from dataclasses import dataclass
from datetime import datetime

from telephony.practice.caller import CallEvent, CallResult
from telephony.practice.model import Recording
from tests.calls.scenario import Ring
from tests.calls.watched import WatchedHouse


@dataclass(frozen=True)
class Lived:
    """One call. `number` is the caller's, and nobody else's."""

    ring: Ring
    number: str
    result: CallResult

    @property
    def call_sid(self) -> str:
        return self.result.call_sid

    def heard_out(self, notices: dict[str, float]) -> list[datetime]:
        """When a notice of this line's mode (`notices`: seconds by hash) had been played from beginning to end."""
        moments = []
        begun = ""
        for event in self.result.events:
            sha256 = _sha256(event)
            if event.kind == "playing" and sha256 in notices:
                begun = sha256 if event.details["seconds"] >= notices[sha256] - 0.1 else ""
            elif event.kind == "heard-to-end" and begun and sha256 == begun:
                moments.append(event.at)
        return moments

    @property
    def play_failed(self) -> bool:
        return any(event.kind == "play-failed" for event in self.result.events)

    @property
    def recorded_from(self) -> list[datetime]:
        """When recordings began that one of our documents asked for."""
        return [event.at for event in self.result.events if _asked_for(event)]

    def pressed(self, key: str) -> list[datetime]:
        """When a key was pressed that somebody listened for (choices of the menu among them)."""
        return [
            event.at
            for event in self.result.events
            if event.kind == "pressed" and event.details["keys"] == key and not event.details["lost"]
        ]

    def made(self, house: WatchedHouse) -> list[Recording]:
        """The recordings that we asked for and that the carrier has, or had, media of."""
        shelf = house.network._exchange.shelf
        return [
            found
            for found in shelf.all(call_sid=self.call_sid, deleted=True)
            if found.source == "DialVerb" and found.duration_s is not None
        ]


def _asked_for(event: CallEvent) -> bool:
    return event.kind == "recording-started" and event.details.get("source") == "DialVerb"


def _sha256(event: CallEvent) -> str:
    return str(event.details.get("audio", "")).rpartition("/")[2].removesuffix(".wav")
