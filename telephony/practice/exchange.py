"""What all calls of a network share."""

import threading
from dataclasses import dataclass, field

from config.clock import Clock
from telephony.practice.audio import Samples
from telephony.practice.conversation import Speak
from telephony.practice.faults import Faults
from telephony.practice.recordings import Shelf
from telephony.practice.registry import Registry
from telephony.practice.webhook import Webhooks

API_VERSION = "2010-04-01"


@dataclass
class Exchange:
    """The services behind every call. `base_url` is where the REST API can be reached: recordings are named by it."""

    account_sid: str
    clock: Clock
    faults: Faults
    registry: Registry
    shelf: Shelf
    webhooks: Webhooks
    voice: Speak
    base_url: str = "https://api.twilio.com"
    _said: dict[tuple[str, str], Samples] = field(default_factory=dict)
    _voice_lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def account_path(self) -> str:
        """The path that everything of the account lies under."""
        return f"/{API_VERSION}/Accounts/{self.account_sid}"

    def say(self, words: str, language: str) -> Samples:
        """Words as sound; each sentence is synthesised once, by one thread at a time."""
        with self._voice_lock:
            key = (words, language)
            if key not in self._said:
                self._said[key] = self.voice(words, language)
            return self._said[key]
