"""Time, as something that is handed in.

Everything that decides by time takes a `Clock`, so that a test can make three months pass in a millisecond,
and so that no naive datetime is ever born: `now()` is aware and in UTC, always.
"""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the present comes from."""

    def now(self) -> datetime:
        """The present as an aware datetime in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass (never negative)."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))
