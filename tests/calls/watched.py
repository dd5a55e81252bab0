"""A house whose requests are written down as they came, signature and all, so that they can be sent once more."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests
from werkzeug.wrappers import Response

from storage.objects.store import ObjectStore
from telephony.practice.faults import Faults
from telephony.practice.webhook import sign
from tests.backend import IN_ITS_HOME, Databases
from tests.calls.away import StoreWithADoor
from tests.house import House
from tests.practice.customer import ACCOUNT, TOKEN

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Signed:
    """A request of the carrier, as it came, and what it was answered."""

    path: str
    body: bytes
    signature: str
    status: int
    answer: str

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def next_token(self) -> str:
        """The step token in the document that was answered; empty if there is none."""
        return self.answer.partition("/twilio/steps/")[2].partition("/")[0]


class WatchedHouse(House):
    """`heard` are the carrier's requests, in order. `refuses` says which of them get a 503 instead of an answer."""

    def __init__(self, home: Path, store: ObjectStore, databases: Databases = IN_ITS_HOME) -> None:
        self.door = StoreWithADoor(store)
        self.heard: list[Signed] = []
        self.refuses: Callable[[str], bool] = lambda path: False
        super().__init__(home, self.door, databases)

    @contextmanager
    def open(self) -> Iterator["WatchedHouse"]:
        """Serve while the block lasts."""
        with super().open():
            yield self

    def _app(self, environ: Any, start_response: Any) -> Any:
        path = str(environ["PATH_INFO"])
        if environ["REQUEST_METHOD"] != "POST":
            return super()._app(environ, start_response)
        if self.refuses(path):
            return Response("not now", 503)(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        told: list[str] = []

        def begin(status: str, headers: Any, *rest: Any) -> Any:
            told.append(status)
            return start_response(status, headers, *rest)

        pieces = super()._app(environ, begin)
        answer = b"".join(pieces)
        if hasattr(pieces, "close"):
            pieces.close()
        signature = environ.get("HTTP_X_TWILIO_SIGNATURE", "")
        self.heard.append(Signed(path, body, signature, int(told[0][:3]), answer.decode()))
        return [answer]

    def post(self, path: str, form: dict[str, str], **options: Any) -> requests.Response:
        """Send a form as the carrier would: signed, for its account. Options may spoil it."""
        form = {"AccountSid": ACCOUNT} | form
        url = f"{self.at.site.base_url}{path}"
        headers = {"X-Twilio-Signature": sign(options.pop("token", TOKEN), url, form)} | options.pop("headers", {})
        return requests.post(url, data=form, headers=headers, timeout=10, **options)

    def replay(self, signed: Signed) -> requests.Response:
        """Send a request once more, byte for byte."""
        headers = {"X-Twilio-Signature": signed.signature, "Content-Type": FORM}
        return requests.post(
            f"{self.at.site.base_url}{signed.path}", data=signed.body, headers=headers, timeout=10
        )  # fmt: skip

    def heal(self) -> None:
        """Whatever was broken works again."""
        whole = Faults()
        for field in fields(Faults):
            setattr(self.faults, field.name, getattr(whole, field.name))
        self.door.away = self.door.swallows_answers = False
        self.door.before_put = None
        self.refuses = lambda path: False
