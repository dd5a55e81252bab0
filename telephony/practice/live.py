"""Calls that somebody lives through as they happen: hears a step, presses a key, hangs up. Kept in memory alone."""

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from config.clock import Clock
from telephony.practice.caller import KEYS, CallerPlan, CallEvent, CallResult
from telephony.practice.network import PracticeNetwork

MOST_AT_ONCE = 4
"""Each is a thread here, and a request that waits at whoever looks on."""
REMEMBERED_FOR = timedelta(minutes=10)
LONGEST_WAIT_S = 5.0
RINGS_WITHIN_S = 5.0
OVER = frozenset({"result", "error"})

Step = dict[str, Any]


class NoSuchCallError(Exception):
    """No such call goes on, or it is somebody else's."""


@dataclass
class _Live:
    owner: str
    begun_at: datetime
    call_sid: str = ""
    steps: list[Step] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def over(self) -> bool:
        return bool(self.steps) and self.steps[-1]["kind"] in OVER

    def add(self, step: Step) -> None:
        with self.changed:
            self.call_sid = self.call_sid or step.get("details", {}).get("call_sid", "")
            self.steps.append(step)
            self.changed.notify_all()


class LiveCalls:
    """The calls of one network that are lived through now, or were a short while ago."""

    def __init__(self, network: PracticeNetwork, clock: Clock) -> None:
        self._network = network
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[str, _Live] = {}

    def place(self, plan: CallerPlan, owner: str) -> str:
        """Let `owner` call; the call's SID. Whatever call of theirs still goes on ends.

        Raises ValueError where that number cannot be called, or too many calls go on.
        """
        self._forget()
        for call_sid, call in list(self._calls.items()):
            if call.owner == owner and not call.over:
                self._network.hang_up(call_sid, by="caller")
        if sum(not call.over and call.owner != owner for call in self._calls.values()) >= MOST_AT_ONCE:
            raise ValueError(f"{MOST_AT_ONCE} live calls go on already: wait until one has ended")
        call = _Live(owner, self._clock.now())
        threading.Thread(target=self._run, args=(replace(plan, live=True), call), daemon=True).start()
        with call.changed:
            call.changed.wait_for(lambda: call.call_sid or call.over, RINGS_WITHIN_S)
        if not call.call_sid:
            raise ValueError(call.steps[-1]["text"] if call.steps else "the call does not ring")
        with self._lock:
            self._calls[call.call_sid] = call
        return call.call_sid

    def steps(self, call_sid: str, owner: str, after: int, wait_s: float) -> tuple[list[Step], bool]:
        """The steps from number `after` on, and whether the call is over; waits until there is one."""
        call = self._of(call_sid, owner)
        with call.changed:
            call.changed.wait_for(lambda: len(call.steps) > after or call.over, min(wait_s, LONGEST_WAIT_S))
            return call.steps[after:], call.over

    def press(self, call_sid: str, owner: str, keys: str) -> None:
        """Press keys, now. Raises ValueError for what stands on no keypad."""
        if not keys or not set(keys) <= KEYS:
            raise ValueError("keys are 0 to 9, * and #")
        self._of(call_sid, owner)
        self._network.press(call_sid, keys)

    def hang_up(self, call_sid: str, owner: str) -> None:
        """Hang up, now. What has ended already is no error."""
        self._of(call_sid, owner)
        self._network.hang_up(call_sid, by="caller")

    def _run(self, plan: CallerPlan, call: _Live) -> None:
        try:
            result = self._network.place_call(plan, lambda event: call.add(step_of(event)))
            call.add(last_step(result))
        except Exception as error:  # noqa: BLE001 - whoever waits for the last step must get one
            call.add({"kind": "error", "text": f"{type(error).__name__}: {error}"})

    def _of(self, call_sid: str, owner: str) -> _Live:
        with self._lock:
            call = self._calls.get(call_sid)
        if call is None or call.owner != owner:
            raise NoSuchCallError(call_sid)
        return call

    def _forget(self) -> None:
        since = self._clock.now() - REMEMBERED_FOR
        with self._lock:
            for call_sid in [sid for sid, call in self._calls.items() if call.over and call.begun_at < since]:
                del self._calls[call_sid]


def step_of(event: CallEvent) -> Step:
    """An event as JSON."""
    return {"kind": event.kind, "text": event.text, "at": event.at.isoformat(), "details": event.details}


def last_step(result: CallResult) -> Step:
    """How a call ended, as JSON."""
    return {
        "kind": "result",
        "text": f"{result.status} after {result.duration_s} s",
        "call_sid": result.call_sid,
        "status": result.status,
        "duration_s": result.duration_s,
        "recording_sids": list(result.recording_sids),
    }
