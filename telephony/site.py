"""Our own addresses, as the carrier is given them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """Absolute URLs under the configured public address. No URL holds anything about a caller."""

    base_url: str

    @property
    def voice(self) -> str:
        return f"{self.base_url}/twilio/voice"

    @property
    def call_status(self) -> str:
        return f"{self.base_url}/twilio/call-status"

    @property
    def fallback(self) -> str:
        return f"{self.base_url}/twilio/fallback"

    @property
    def recording(self) -> str:
        return f"{self.base_url}/twilio/recording"

    def step(self, token: str, arm: str) -> str:
        return f"{self.base_url}/twilio/steps/{token}/{arm}"

    def audio(self, sha256: str) -> str:
        return f"{self.base_url}/twilio/audio/{sha256}.wav"
