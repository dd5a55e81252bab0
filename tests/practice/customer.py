"""The other side of the practice phone: a customer's application, a clock, and the unchanged `twilio` package."""

import io
import threading
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response as TwilioResponse
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

ACCOUNT = "AC" + "5" * 32
TOKEN = "a" * 32
LINE = "+77172000000"
DESK = "+77172000001"


class FastClock:
    """Time passes when somebody sleeps, and at once."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
        self._lock = threading.Lock()
        self._due: list[tuple[datetime, Callable[[], object]]] = []

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something as soon as so much time has passed."""
        self._due.append((self.now() + timedelta(seconds=seconds), action))

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=max(0.0, seconds))
            due = [entry for entry in self._due if entry[0] <= self._now]
            self._due = [entry for entry in self._due if entry not in due]
        for _, action in due:
            action()


def tone(words: str, _language: str = "en") -> NDArray[np.int16]:
    """A second of sound whose pitch depends on the words."""
    pitch = 300 + 17 * (sum(words.encode()) % 60)
    return (8000 * np.sin(2 * np.pi * pitch * np.arange(8000) / 8000)).astype(np.int16)


def wav(seconds: float, pitch: float = 440.0, rate: int = 8000) -> bytes:
    """A WAV of a tone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(
            (9000 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)).astype("<i2").tobytes()
        )
    return file.getvalue()


@dataclass
class Heard:
    """One request that the application got."""

    at: datetime
    method: str
    url: str
    path: str
    form: dict[str, str]
    headers: dict[str, str]


@dataclass
class Customer:
    """An application of a few pages. A page is TwiML, bytes of audio, or a function of the request."""

    clock: FastClock
    url: str = ""
    pages: dict[str, Any] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        url = request.url
        self.heard.append(
            Heard(self.clock.now(), request.method, url, request.path, request.form.to_dict(), dict(request.headers))
        )
        page = self.pages.get(request.path)
        answer = page(request) if callable(page) and not isinstance(page, Response) else page
        if answer is None:
            response = Response("nothing here", 404)
        elif isinstance(answer, Response):
            response = answer
        elif isinstance(answer, bytes):
            response = Response(answer, mimetype="audio/x-wav")
        else:
            response = Response(f"<Response>{answer}</Response>", mimetype="text/xml")
        return response(environ, start_response)

    def paths(self) -> list[str]:
        return [request.path for request in self.heard]

    def got(self, path: str) -> Heard:
        """The one request for a page."""
        found = [request for request in self.heard if request.path == path]
        assert len(found) == 1, self.paths()
        return found[0]

    def all(self, path: str) -> list[Heard]:
        return [request for request in self.heard if request.path == path]


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


def serve(app: Callable[..., Any]) -> tuple[str, Callable[[], None]]:
    """Serve on loopback; the URL, and how to stop it."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return f"http://127.0.0.1:{server.server_port}", stop


class PracticeHttpClient(TwilioHttpClient):  # type: ignore[misc] # the package has no types
    """The package's own client, sent to the practice network instead of api.twilio.com."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def request(self, method: str, url: str, *args: Any, **options: Any) -> TwilioResponse:
        return super().request(method, url.replace("https://api.twilio.com", self._base_url), *args, **options)
