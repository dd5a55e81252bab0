"""The practice network: an account, its numbers, and the calls to them."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import requests
from numpy.typing import NDArray

from config.clock import Clock
from telephony.practice.call import Session, stop_by_request
from telephony.practice.caller import CallerPlan, CallEvent, CallResult
from telephony.practice.exchange import Exchange
from telephony.practice.faults import Faults
from telephony.practice.line import Line
from telephony.practice.model import ENDED, Call, Recording, new_sid
from telephony.practice.recordings import Shelf
from telephony.practice.registry import Registry
from telephony.practice.rest import RestApi
from telephony.practice.takes import Take
from telephony.practice.webhook import Webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class PracticeNetwork:
    """A telephone network for one account.

    Calls may be placed from several threads at once. `home` keeps recordings and the facts about calls over a
    restart; phone numbers it does not keep, so numbers are added again. `faults` may be changed at any time.
    """

    def __init__(
        self,
        home: Path,
        *,
        clock: Clock,
        account_sid: str,
        auth_token: str,
        faults: Faults | None = None,
        http: requests.Session | None = None,
        speak: Callable[[str, str], NDArray[np.int16]] | None = None,
    ) -> None:
        self.faults = faults if faults is not None else Faults()
        self.account_sid = account_sid
        self.auth_token = auth_token
        self._exchange = Exchange(
            account_sid=account_sid,
            clock=clock,
            faults=self.faults,
            registry=Registry(home / "calls", clock),
            shelf=Shelf(home / "recordings", clock),
            webhooks=Webhooks(auth_token, http),
            voice=speak or _espeak,
        )
        self._lines: dict[str, Line] = {}
        self._lock = threading.Lock()
        self._rest = RestApi(self._exchange, auth_token, self)

    @property
    def base_url(self) -> str:
        """Where the REST API is reached; RecordingUrl begins with it. The server sets it when it listens."""
        return self._exchange.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._exchange.base_url = url.rstrip("/")

    @property
    def clock(self) -> Clock:
        """What its time goes by."""
        return self._exchange.clock

    def rest_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The REST API as a WSGI application."""
        return self._rest(environ, start_response)

    def close(self) -> None:
        """Let go of connections."""
        self._exchange.webhooks.close()

    def add_number(
        self, number: str, *, voice_url: str = "", status_callback: str = "", voice_fallback_url: str = ""
    ) -> str:
        """Add a number, or set what is given on the one there is; its PN SID."""
        given = {
            "voice_url": voice_url,
            "status_callback": status_callback,
            "voice_fallback_url": voice_fallback_url,
        }
        return self._exchange.registry.put_number(number, {name: url for name, url in given.items() if url}).sid

    def place_call(self, plan: CallerPlan, heard: Callable[[CallEvent], None] | None = None) -> CallResult:
        """Let somebody call one of the account's numbers.

        Runs in the calling thread and by the network's clock; returns when the call has ended and its callbacks were
        delivered or given up. Raises ValueError for a number that is not the account's, NotAudioError for a `speech`
        that is no sound.
        """
        exchange = self._exchange
        number = exchange.registry.number(plan.to)
        if number is None:
            raise ValueError(f"{plan.to} is no number of this account")
        now = exchange.clock.now()
        call = Call(new_sid("CA"), "inbound", "ringing", now, now, to=number.number, from_number=plan.from_number)
        call.phone_number_sid = number.sid
        line = Line(exchange, call, number, plan, heard)
        exchange.registry.new_call(call)
        with self._lock:
            self._lines[call.sid] = line
        try:
            Session(line).run()
        finally:
            with self._lock:
                del self._lines[call.sid]
        sids = tuple(take.recording.sid for take in line.takes.all())
        return CallResult(call.sid, call.status, call.duration_s, line.events(), sids)

    def add_recording(
        self,
        call_sid: str,
        path: Path,
        *,
        channels: int = 2,
        duration_s: int,
        source: str = "DialVerb",
        start_time: datetime | None = None,
    ) -> str:
        """Plant a completed recording with the media at `path`, of any call, known or not; its RE SID."""
        shelf = self._exchange.shelf
        return shelf.plant(call_sid, path, channels, duration_s, source=source, start_time=start_time).sid

    def hang_up(self, call_sid: str, by: str = "api") -> bool:
        """End a call from outside, or (`caller`) let its caller hang up; False where it is not in progress."""
        line = self._line(call_sid)
        if line is None or line.call.status in ENDED:
            return False
        line.cut(by)
        return True

    def press(self, call_sid: str, keys: str) -> bool:
        """Let a call's caller press keys now; False where it is not in progress."""
        line = self._line(call_sid)
        if line is None or line.call.status in ENDED:
            return False
        line.press(keys)
        return True

    def running_takes(self, call_sid: str) -> list[Take]:
        """The recordings of a call that run now."""
        line = self._line(call_sid)
        return line.takes.running() if line else []

    def update_take(self, take: Take, status: str, behaviour: str) -> Recording:
        """Pause (`paused`), resume (`in-progress`) or stop (`stopped`) a running recording."""
        line = self._line(take.recording.call_sid)
        if line is not None:
            if status == "paused":
                line.takes.pause(take, behaviour)
            elif status == "in-progress":
                line.takes.resume(take)
            else:
                stop_by_request(line, take)
        return take.recording

    def _line(self, call_sid: str) -> Line | None:
        with self._lock:
            return self._lines.get(call_sid)


def _espeak(words: str, language: str) -> NDArray[np.int16]:
    # asked for only when somebody speaks: the synthesiser loads a library and its data
    from telephony.practice.speech import speak  # noqa: PLC0415

    samples: NDArray[np.int16] = speak(words, language)
    return samples
