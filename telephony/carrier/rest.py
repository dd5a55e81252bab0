"""The carrier over Twilio's REST API, through the unchanged Twilio package.

Another base URL serves a compatible carrier, the practice phone, or a test double: the package builds every address
from `https://api.twilio.com`, so the one HTTP client it is given puts ours in its place.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal, TypeVar

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from telephony.carrier.port import (
    CarrierCall,
    CarrierRecording,
    CarrierRefused,
    CarrierUnavailable,
    Complaint,
    Media,
    MediaNotReady,
    Routing,
)

TWILIO = "https://api.twilio.com"
CHUNK = 256 * 1024
TIMEOUT_S = (5.0, 15.0)

# https://www.twilio.com/docs/voice/api/call-resource: call status values
OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
# Codes that mean "not now": 20429 too many requests, 20500 and 20503 their own trouble.
LATER = frozenset({20429, 20500, 20503, 20504})

T = TypeVar("T")


class _RebasedHttp(TwilioHttpClient):
    """Sends what is meant for api.twilio.com to another base URL."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=TIMEOUT_S[1])
        self._base = base_url.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - as the parent
        answer = super().request(method, url.replace(TWILIO, self._base, 1), *args, **kwargs)
        if answer.status_code == 404 and not answer.text.lstrip().startswith("{"):
            # A proxy's page, or a wrong base URL: the carrier says in JSON that something does not exist, and only its
            # own word may count as "gone".
            raise requests.RequestException("this 404 is not the carrier's")
        return answer


class _NotThere(CarrierRefused):
    """The carrier has nothing by that name (any more)."""


class TwilioCarrier:
    """One account. Safe to use from several threads."""

    def __init__(self, account_sid: str, auth_token: str, base_url: str = TWILIO) -> None:
        self.account_sid = account_sid
        self._base = base_url.rstrip("/")
        self._auth = (account_sid, auth_token)
        self._http = _RebasedHttp(base_url)
        self._client = Client(account_sid, auth_token, http_client=self._http)

    def close(self) -> None:
        """Close pooled connections."""
        if self._http.session is not None:
            self._http.session.close()

    def _asked(self, what: Callable[[], T]) -> T:
        try:
            return what()
        except TwilioRestException as error:
            told = f"the carrier answered {error.status} (code {error.code})"
            if error.status >= 500 or error.status in (408, 429) or error.code in LATER:
                raise CarrierUnavailable(told) from error
            raise (_NotThere if error.status == 404 else CarrierRefused)(f"{told}: {error.msg}") from error
        except (requests.RequestException, TwilioException, ValueError) as error:
            if _status_of_list(error) == 404:
                raise _NotThere("the carrier answered 404 for a list") from error
            raise CarrierUnavailable(f"the carrier cannot be reached: {type(error).__name__}") from error

    def _asked_or_none(self, what: Callable[[], T]) -> T | None:
        try:
            return self._asked(what)
        except _NotThere:
            return None

    def call(self, call_sid: str) -> CarrierCall | None:
        found = self._asked_or_none(lambda: self._client.calls(call_sid).fetch())
        if found is None:
            return None
        status = str(found.status)
        return CarrierCall(call_sid, status, status in OVER)

    def complaints(self, call_sid: str) -> list[Complaint] | None:
        notes = self._asked_or_none(lambda: self._client.calls(call_sid).notifications.list(limit=1000))
        if notes is None:
            return None
        return [Complaint(int(note.error_code or 0), str(note.request_url or "")) for note in notes]

    def recordings_of(self, call_sid: str) -> list[CarrierRecording]:
        found = self._asked_or_none(lambda: self._client.calls(call_sid).recordings.list(limit=1000)) or []
        return [_recording(each) for each in found]

    def recordings_since(self, moment: datetime) -> Iterator[CarrierRecording]:
        for each in self._asked(lambda: self._client.recordings.list(date_created_after=moment, page_size=1000)):
            yield _recording(each)

    def recording(self, recording_sid: str) -> CarrierRecording | None:
        found = self._asked_or_none(lambda: self._client.recordings(recording_sid).fetch())
        return None if found is None or str(found.status) == "deleted" else _recording(found)

    @contextmanager
    def media(self, recording_sid: str) -> Iterator[Media]:
        address = f"{self._base}/2010-04-01/Accounts/{self.account_sid}/Recordings/{recording_sid}.wav"
        with requests.Session() as session:
            answer = self._get(session, address, {"RequestedChannels": "2"})
            channels: int | None = 2
            if answer.status_code == 400:  # this recording has no two channels to give
                answer.close()
                answer = self._get(session, address, {})
                channels = None
            with answer:
                if answer.status_code == 404:
                    raise MediaNotReady("the carrier has no media for it yet")
                if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
                    raise CarrierUnavailable(f"the carrier answered {answer.status_code} for the media")
                if answer.status_code != 200:
                    raise CarrierRefused(f"the carrier answered {answer.status_code} for the media")
                told = answer.headers.get("Content-Length", "")
                length = int(told) if told.isdigit() and "Content-Encoding" not in answer.headers else None
                kind = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
                yield Media(kind, length, channels, _pieces(answer))

    def _get(self, session: requests.Session, address: str, query: dict[str, str]) -> requests.Response:
        try:
            return session.get(
                address, params=query, auth=self._auth, stream=True, timeout=TIMEOUT_S, allow_redirects=True
            )
        except requests.RequestException as error:
            raise CarrierUnavailable(f"the carrier cannot be reached: {type(error).__name__}") from error

    def change_recording(self, call_sid: str, recording_sid: str, status: Literal["paused", "in-progress"]) -> str:
        running = self._client.calls(call_sid).recordings(recording_sid)
        # With silence in the place of what was said, times in the recording stay those of the call.
        how = {"pause_behavior": "silence"} if status == "paused" else {}
        return str(self._asked(lambda: running.update(status=status, **how)).status)

    def remove_recording(self, recording_sid: str) -> None:
        self._asked_or_none(lambda: self._client.recordings(recording_sid).delete())

    def connect_number(self, number: str, routing: Routing) -> Routing:
        found = self._asked(lambda: self._client.incoming_phone_numbers.list(phone_number=number, limit=1))
        if not found:
            raise CarrierRefused(f"account {self.account_sid} has no number {number}: buy or port it there first")
        self._asked(
            lambda: found[0].update(
                voice_url=routing.voice_url,
                voice_method="POST",
                status_callback=routing.status_url,
                status_callback_method="POST",
                voice_fallback_url=routing.fallback_url,
                voice_fallback_method="POST",
            )
        )
        back = self._asked(lambda: self._client.incoming_phone_numbers(found[0].sid).fetch())
        return Routing(str(back.voice_url), str(back.status_callback), str(back.voice_fallback_url))

    def number_routing(self, number: str) -> Routing | None:
        found = self._asked(lambda: self._client.incoming_phone_numbers.list(phone_number=number, limit=1))
        if not found:
            return None
        return Routing(str(found[0].voice_url), str(found[0].status_callback), str(found[0].voice_fallback_url))


def _status_of_list(error: Exception) -> int | None:
    # A page of a list that cannot be had raises a bare TwilioException with the answer beside its text (twilio 9.13,
    # base/page.py), no TwilioRestException.
    answer = error.args[1] if isinstance(error, TwilioException) and len(error.args) > 1 else None
    return answer.status_code if isinstance(answer, Response) else None


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(CHUNK)
    except requests.RequestException as error:
        raise CarrierUnavailable(f"the media broke off: {type(error).__name__}") from error


def _recording(found: Any) -> CarrierRecording:  # noqa: ANN401 - several resource classes of the package
    duration = found.duration
    return CarrierRecording(
        recording_sid=str(found.sid),
        call_sid=str(found.call_sid),
        status=str(found.status),
        channels=int(found.channels) if found.channels is not None else None,
        duration_s=float(duration) if duration not in (None, "", "-1", -1) else None,
        started_at=found.start_time,
        source=str(found.source) if found.source else None,
    )
