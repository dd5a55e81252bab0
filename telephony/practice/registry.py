"""Numbers and calls. Calls survive a restart as what they were, without anybody's phone number."""

import json
import threading
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from config.clock import Clock
from telephony.practice.model import ENDED, Call, Notification, PhoneNumber, new_sid

NUMBER_SETTINGS = frozenset(
    {"voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method", "friendly_name"}
    | {"status_callback", "status_callback_method"}
)


class Registry:
    """Every number and every call of the account. Safe to use from several threads.

    Phone numbers, the account's own too, live in memory alone: whoever starts the network names its lines again.
    """

    def __init__(self, home: Path, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._lock = threading.RLock()
        self._numbers: dict[str, PhoneNumber] = {}
        self._calls: dict[str, Call] = {}
        home.mkdir(parents=True, exist_ok=True)
        for path in sorted(home.glob("CA*.json")):
            call = _read_call(json.loads(path.read_text()))
            if call.status not in ENDED:
                # nobody is on the line after a restart
                call = replace(call, status="failed", end_time=call.end_time or clock.now())
            self._calls[call.sid] = call

    def put_number(self, number: str, settings: dict[str, str]) -> PhoneNumber:
        """Add a number, or change the settings of the one there is. Unknown settings raise ValueError."""
        if not settings.keys() <= NUMBER_SETTINGS:
            raise ValueError(f"no such settings: {', '.join(sorted(settings.keys() - NUMBER_SETTINGS))}")
        with self._lock:
            now = self._clock.now()
            known = self.number(number) or PhoneNumber(new_sid("PN"), number, now, now, friendly_name=number)
            for name, value in settings.items():
                setattr(known, name, value)
            known.date_updated = now
            self._numbers[known.sid] = known
            return known

    def number(self, number_or_sid: str) -> PhoneNumber | None:
        """A number by itself or by its SID."""
        with self._lock:
            found = (n for n in self._numbers.values() if number_or_sid in {n.sid, n.number})
            return next(found, None)

    def numbers(self) -> list[PhoneNumber]:
        """All numbers, the newest first, as Twilio lists them."""
        with self._lock:
            return sorted(self._numbers.values(), key=lambda n: n.date_created, reverse=True)

    def new_call(self, call: Call) -> Call:
        """Take in a new call."""
        with self._lock:
            self._calls[call.sid] = call
            self._write(call)
        return call

    def change(self, call: Call, status: str, *, start: bool = False) -> None:
        """The call's status changes now; an end is stamped by the status, an answer by `start`."""
        with self._lock:
            now = self._clock.now()
            call.status, call.date_updated = status, now
            if start:
                call.start_time = now
            if status in ENDED:
                call.end_time = now
            self._write(call)

    def notify(self, call: Call, code: int, text: str, url: str, method: str = "POST", log: int = 0) -> None:
        """Write down that something went wrong in a call."""
        with self._lock:
            now = self._clock.now()
            call.notifications.append(Notification(new_sid("NO"), call.sid, code, text, url, method, now, log))
            self._write(call)

    def call(self, sid: str) -> Call | None:
        """A call by its SID."""
        with self._lock:
            return self._calls.get(sid)

    def calls(self) -> list[Call]:
        """All calls, the newest first."""
        with self._lock:
            return sorted(self._calls.values(), key=lambda c: c.date_created, reverse=True)

    def _write(self, call: Call) -> None:
        facts = asdict(call)
        for private in ("to", "from_number", "phone_number_sid"):
            del facts[private]
        path = self._home / f"{call.sid}.json"
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(facts, default=datetime.isoformat))
        unfinished.replace(path)


def _read_call(facts: dict[str, object]) -> Call:
    call = Call(**_with_times(facts))  # type: ignore[arg-type]
    call.notifications = [Notification(**_with_times(entry)) for entry in call.notifications]  # type: ignore[arg-type]
    return call


def _with_times(facts: object) -> dict[str, object]:
    if not isinstance(facts, dict):
        raise TypeError("facts are written as an object")
    times = ("date", "date_created", "date_updated", "start_time", "end_time")
    return {
        name: datetime.fromisoformat(value) if name in times and isinstance(value, str) else value
        for name, value in facts.items()
    }
