"""Requests to the customer's application, as Twilio makes them.

Sources: «Security» (the signature), «Webhooks (HTTP callbacks): Connection Overrides» (timeouts and retries in the
URL's fragment), «Webhooks FAQ» (one retry by default, on a failed TCP connection or TLS handshake only; 15 s in all).
"""

import base64
import errno
import hmac
import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import parse_qsl, urldefrag, urlencode, urlsplit

import requests

INVALID_URL = 11100
RETRIEVAL_FAILED = 11200
CONNECTION_FAILED = 11205
TLS_FAILED = 11220
INVALID_RETRY_POLICY = 11243
POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})


class WebhookError(Exception):
    """A request that got no usable answer; `code` is Twilio's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Answer:
    """What the application answered. `url` is without the fragment, as it was signed and sent."""

    url: str
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Overrides:
    """The settings in a URL's fragment (`#rc=3&rp=all`); times in seconds here, in milliseconds there."""

    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 15.0

    @classmethod
    def parse(cls, fragment: str) -> "Overrides":
        """Read a fragment; values out of range are brought into it. Raises WebhookError for an unknown policy."""
        given = dict(parse_qsl(fragment))
        policy = frozenset(given.get("rp", "ct").split(","))
        if not policy <= POLICIES:
            raise WebhookError(INVALID_RETRY_POLICY, f"HTTP retry policy is invalid: {given.get('rp')}")
        return cls(
            retries=round(_within(given.get("rc"), 0, 5, 1)),
            policy=policy,
            connect_s=_within(given.get("ct"), 100, 10_000, 5000) / 1000,
            read_s=_within(given.get("rt"), 100, 15_000, 15_000) / 1000,
            total_s=_within(given.get("tt"), 100, 15_000, 15_000) / 1000,
        )

    def again(self, failure: str) -> bool:
        """Whether a failure of this kind (`ct`, `rt`, `4xx`, `5xx`) is worth another attempt."""
        return "all" in self.policy or failure in self.policy


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """`X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL and the sorted form, names and values run together."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


class Webhooks:
    """Makes the network's requests. Safe to use from several threads."""

    def __init__(self, auth_token: str, http: requests.Session | None = None) -> None:
        self._token = auth_token
        self._own = http is None
        self._http = http or _session()

    def close(self) -> None:
        """Let go of the connections, unless they are somebody else's."""
        if self._own:
            self._http.close()

    def send(self, url: str, params: Mapping[str, str], method: str = "POST") -> Answer:
        """Ask the application, signed, and again where the URL's overrides say so.

        Raises WebhookError where there is no 2xx answer at last. Every attempt carries the same
        `I-Twilio-Idempotency-Token`.
        """
        address, fragment = urldefrag(url)
        if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
            raise WebhookError(INVALID_URL, f"Invalid URL format: {without_query(url)}")
        overrides = Overrides.parse(fragment)
        form: Mapping[str, str] = params if method == "POST" else {}
        if method != "POST" and params:
            address += ("&" if urlsplit(address).query else "?") + urlencode(params)
        headers = {
            "X-Twilio-Signature": sign(self._token, address, form),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
        deadline = time.monotonic() + overrides.total_s
        for attempt in range(overrides.retries + 1):
            kind, outcome = self._attempt(method, address, form, headers, overrides, deadline)
            if isinstance(outcome, Answer):
                return outcome
            if attempt == overrides.retries or not overrides.again(kind) or time.monotonic() >= deadline:
                raise outcome
        raise AssertionError("there is always a last attempt")

    def media(self, url: str) -> Answer:
        """Fetch what a Play names: a plain GET with neither parameters nor signature. Raises WebhookError."""
        address, fragment = urldefrag(url)
        if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
            raise WebhookError(INVALID_URL, f"Invalid play URL: {without_query(url)}")
        overrides = Overrides.parse(fragment)
        _, outcome = self._attempt(
            "GET", address, {}, {"User-Agent": "TwilioProxy/1.1"}, overrides, time.monotonic() + overrides.total_s
        )
        if isinstance(outcome, Answer):
            return outcome
        raise outcome

    def _attempt(
        self,
        method: str,
        address: str,
        form: Mapping[str, str],
        headers: Mapping[str, str],
        overrides: Overrides,
        deadline: float,
    ) -> tuple[str, Answer | WebhookError]:
        left = max(0.1, deadline - time.monotonic())
        try:
            with self._http.request(
                method,
                address,
                data=dict(form) if method == "POST" else None,
                headers=dict(headers),
                timeout=(min(overrides.connect_s, left), min(overrides.read_s, left)),
                allow_redirects=False,
            ) as response:
                answer = Answer(
                    address, response.status_code, response.headers.get("Content-Type", ""), response.content
                )
        except requests.exceptions.SSLError:
            return "ct", WebhookError(TLS_FAILED, f"SSL/TLS handshake error at {without_query(address)}")
        except requests.exceptions.ConnectTimeout:
            return "ct", WebhookError(CONNECTION_FAILED, f"HTTP connection failure to {without_query(address)}")
        except requests.exceptions.ConnectionError as error:
            failure = "ct" if _never_connected(error) else "rt"
            return failure, WebhookError(CONNECTION_FAILED, f"HTTP connection failure to {without_query(address)}")
        except requests.exceptions.RequestException:
            return "rt", WebhookError(RETRIEVAL_FAILED, f"No answer in time from {without_query(address)}")
        if 200 <= answer.status < 300:
            return "", answer
        text = f"Got HTTP {answer.status} response to {without_query(address)}"
        return f"{answer.status // 100}xx", WebhookError(RETRIEVAL_FAILED, text)


def without_query(url: str) -> str:
    """A URL that can be shown: query and fragment carry tokens."""
    return url.partition("#")[0].partition("?")[0]


def _session() -> requests.Session:
    session = requests.Session()
    # a proxy of the machine's environment would carry calls to loopback away from it
    session.trust_env = False
    # one caller's cookies must never reach another's call
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    # the layers below wrap the socket's own error more than once; a reset of a connection that stood is none of these
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (ConnectionRefusedError, socket.gaierror)):
            return True
        if isinstance(cause, OSError) and cause.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _within(given: str | None, low: int, high: int, default: int) -> float:
    if given is None or not given.isdigit():
        return default
    return max(low, min(high, int(given)))
