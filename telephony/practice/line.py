"""One call's line: its time, what sounds on it, who is still there."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from telephony.practice.audio import Samples, Tape, decode
from telephony.practice.caller import Act, Caller, CallerPlan, CallEvent
from telephony.practice.conversation import Turn
from telephony.practice.exchange import Exchange
from telephony.practice.model import Call, PhoneNumber
from telephony.practice.takes import Takes

CALLER, OTHER = 0, 1
"""The tape's channels: what the caller says, and what they hear."""
LONGEST_CALL_S = 4 * 3600.0
"""A call ends after four hours («Call resource», TimeLimit: 14,400 s by default)."""
TICK_S = 0.5
LIVE_TICK_S = 0.05
"""How soon somebody's key is noticed: who lives through a call waits for what it does."""
ENDS = {
    "caller": "the caller hangs up",
    "api": "the call is ended by request",
    "limit": "the call has reached its longest time",
    "network": "the network hangs up",
}


class LineDownError(Exception):
    """The caller's leg has ended: nothing more is executed. `by` says who ended it."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class Line:
    """A call in progress. Its own thread lets time pass; other threads may `cut` it."""

    def __init__(
        self,
        exchange: Exchange,
        call: Call,
        number: PhoneNumber,
        plan: CallerPlan,
        heard: Callable[[CallEvent], None] | None,
    ) -> None:
        self.exchange = exchange
        self.call = call
        self.number = number
        self.caller = Caller(plan)
        self.speech: Samples | None = decode(plan.speech) if plan.speech else None
        self.tape = Tape()
        self.takes = Takes(exchange.shelf, self.tape, self.elapsed, exchange.faults)
        self._heard = heard
        self._events: list[CallEvent] = []
        self._events_lock = threading.Lock()
        self._cut = threading.Event()
        self._cut_by = "api"
        self._keys: deque[str] = deque()
        self._tick = LIVE_TICK_S if plan.live else TICK_S
        self._helpers: list[threading.Thread] = []
        self._began = exchange.clock.now()

    def elapsed(self) -> float:
        """Seconds since the call came in."""
        return (self.exchange.clock.now() - self._began).total_seconds()

    def tell(self, kind: str, text: str, **details: Any) -> None:  # noqa: ANN401 - details are JSON of any kind
        """Report one step of the call."""
        event = CallEvent(self.exchange.clock.now(), kind, text, details)
        with self._events_lock:
            self._events.append(event)
            if self._heard:
                self._heard(event)

    def events(self) -> tuple[CallEvent, ...]:
        """All steps so far."""
        with self._events_lock:
            return tuple(self._events)

    def sound(self, channel: int, samples: Samples) -> None:
        """Something begins to sound now."""
        self.tape.lay(channel, self.elapsed(), samples)

    def talk(self, turns: list[Turn], *channels: int) -> None:
        """People begin to speak in turns; those on other `channels` than these stay unheard."""
        begin = self.elapsed()
        for who, at_s, said in turns:
            if who in channels:
                self.tape.lay(who, begin + at_s, said)

    def silence(self) -> None:
        """What sounds now stops."""
        self.tape.cut(self.elapsed())

    def cut(self, by: str = "api") -> None:
        """End the call from another thread: by REST (`Status=completed`), or the caller hangs up."""
        self._cut_by = by
        self._cut.set()

    def press(self, keys: str) -> None:
        """The caller presses keys, from another thread."""
        self._keys.append(keys)

    def down(self, by: str) -> LineDownError:
        """The end of the call, to be raised; `by` is one of `ENDS`."""
        self.silence()
        self.tell("hung-up", ENDS[by], by=by)
        return LineDownError(by)

    def let_pass(self, seconds: float, act: Act | None = None, *, keys_count: bool = False) -> str:
        """Let `seconds` pass, in which the caller may do `act`.

        Returns the keys pressed where keys count: the rest of the time then has not passed. Elsewhere a key is lost.
        Raises LineDownError when somebody ends the call meanwhile.
        """
        end = self.elapsed() + seconds
        if act is not None and act.after_s <= seconds:
            pressed = self._sleep_until(self.elapsed() + act.after_s, keys_count=keys_count)
            if pressed:
                return pressed
            if act.keys is None:
                raise self.down("caller")
            if keys_count:
                return act.keys
            self._press_in_vain(act.keys)
        return self._sleep_until(end, keys_count=keys_count)

    def _press_in_vain(self, keys: str) -> None:
        self.tell("pressed", f"presses {keys}, which nobody hears", keys=keys, lost=True)

    def aside(self, work: Callable[[], None]) -> None:
        """Do something beside the call, in a thread of its own that `settle` waits for."""
        thread = threading.Thread(target=work, name=f"practice-{self.call.sid}", daemon=True)
        self._helpers.append(thread)
        thread.start()

    def settle(self) -> None:
        """Wait for everything that was begun aside."""
        for thread in list(self._helpers):
            thread.join()

    def _sleep_until(self, end: float, *, keys_count: bool) -> str:
        while True:
            if self._cut.is_set():
                raise self.down(self._cut_by)
            if self._keys:
                keys = self._keys.popleft()
                if keys_count:
                    return keys
                self._press_in_vain(keys)
            if self.elapsed() >= LONGEST_CALL_S:
                raise self.down("limit")
            left = end - self.elapsed()
            if left <= 1e-6:
                return ""
            self.exchange.clock.sleep(min(self._tick, left))
