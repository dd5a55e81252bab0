"""Executes the verbs that talk to the caller: Say, Play, Pause, Gather, Redirect."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

import numpy as np

from telephony.practice.audio import NotAudioError, Samples, decode, seconds
from telephony.practice.caller import LANGUAGES, Act, Part
from telephony.practice.line import OTHER, Line
from telephony.practice.twiml import INVALID_CONTENT_TYPE, Verb
from telephony.practice.webhook import RETRIEVAL_FAILED, WebhookError, without_query

AUDIO_TYPES = frozenset(
    {"audio/mpeg", "audio/wav", "audio/wave", "audio/x-wav", "audio/aiff", "audio/x-aifc", "audio/x-aiff"}
    | {"audio/x-gsm", "audio/gsm", "audio/ulaw"}
)
"""What `<Play>` accepts («Play: supported audio file types»)."""
ROUNDS = 1000
"""`loop="0"` means for ever, which is this often («Play: loop»)."""
BETWEEN_KEYS_S = 0.3


@dataclass(frozen=True)
class Jump:
    """The document to run next; its URL is absolute and `params` come on top of what every request carries."""

    url: str
    method: str
    params: dict[str, str]


class PlayError(Exception):
    """A Play failed in a way that ends the document."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Talk:
    """What one document says to the caller. `url` is the document's own, which relative URLs belong to."""

    def __init__(self, line: Line, url: str) -> None:
        self._line = line
        self._url = url
        self._behind: Part = "other"

    def play(self, verb: Verb, following: Verb | None) -> None:
        """A Play or Say of its own, with `following` next in the document."""
        alone = following is not None and following.name in {"Pause", "Redirect"}
        media = self._media(verb)
        self._behind = self._line.caller.recognise((media,), gather=False, alone=alone)
        self._sound(verb, self._behind, 0, keys_count=False)

    def pause(self, verb: Verb) -> None:
        """Silence; where it stands behind a notice, the caller may use it."""
        self._wait(self._behind, 1, verb.number("length", 1))
        self._behind = "other"

    def redirect(self, verb: Verb) -> Jump:
        """Go on elsewhere. Whoever hangs up right behind a notice is gone before."""
        self._wait(self._behind, 1, 0)
        return Jump(urljoin(self._url, verb.text), verb.get("method", "POST"), {})

    def gather(self, verb: Verb) -> Jump | None:
        """Collect keys. None: nobody pressed one, the document goes on."""
        said = [child for child in verb.children if child.name != "Pause"]
        part = self._line.caller.recognise(tuple(self._media(child) for child in said), gather=True, alone=False)
        keys = self._listen(verb, part, said)
        digits, finished = self._collect(verb, keys)
        if not digits and verb.get("actionOnEmptyResult") != "true":
            return None
        params = {"Digits": digits, "FinishedOnKey": finished}
        return Jump(urljoin(self._url, verb.get("action")), verb.get("method", "POST"), params)

    def _listen(self, verb: Verb, part: Part, said: Sequence[Verb]) -> str:
        """The nested verbs, then the timeout; the first keys that are pressed."""
        index = 0
        for child in verb.children:
            if child.name == "Pause":
                keys = self._line.let_pass(child.number("length", 1), keys_count=True)
            else:
                keys = self._sound(child, part, index, keys_count=True)
                index += 1
            if keys:
                self._line.silence()
                return keys
        return self._wait(part, len(said), verb.number("timeout", 5), keys_count=True)

    def _collect(self, verb: Verb, keys: str) -> tuple[str, str]:
        """Digits and the key that ended them. The finishing key alone is no digit («Gather: finishOnKey»)."""
        finish, limit, digits = verb.get("finishOnKey", "#"), verb.number("numDigits", 0), ""
        for position, key in enumerate(keys):
            if position:
                self._line.let_pass(BETWEEN_KEYS_S)
            self._line.tell("pressed", f"presses {key}", keys=key, lost=False)
            if key == finish:
                return digits, key
            digits += key
            if len(digits) == limit:
                return digits, ""
        if keys:
            self._line.let_pass(verb.number("timeout", 5))
        return digits, ""

    def _wait(self, part: Part, media: int, length: float, *, keys_count: bool = False) -> str:
        act = self._line.caller.while_waiting(part, media, length)
        if length:
            self._line.tell("paused", f"silence, {length:g} s", seconds=length)
        return self._line.let_pass(length, act, keys_count=keys_count)

    def _media(self, verb: Verb) -> str:
        return urljoin(self._url, verb.text) if verb.name == "Play" else ""

    def _sound(self, verb: Verb, part: Part, index: int, *, keys_count: bool) -> str:
        try:
            samples = self._fetch(verb) if verb.name == "Play" else self._say(verb)
        except PlayError as error:
            return self._fail(error, 0.0, None, keys_count=keys_count)
        faults, length = self._line.exchange.faults, seconds(samples)
        act = self._line.caller.while_playing(part, index, length)
        if part == "notice" and faults.play_fails:
            failure = PlayError(RETRIEVAL_FAILED, f"The media could not be fetched: {without_query(self._media(verb))}")
            stalled = length if faults.play_fails == "slow" else 0.0
            return self._fail(failure, stalled, act if stalled else None, keys_count=keys_count)
        if part == "notice" and faults.notice_cut_after_s is not None:
            samples = samples[: round(faults.notice_cut_after_s * len(samples) / length)]
        return self._aloud(verb, samples, act, keys_count=keys_count)

    def _aloud(self, verb: Verb, samples: Samples, act: Act | None, *, keys_count: bool) -> str:
        line, length = self._line, seconds(samples)
        what = without_query(self._media(verb)) or verb.text
        for _ in range(verb.number("loop", 1) or ROUNDS):
            line.tell("playing", f"hears {what}, {length:.1f} s", audio=what, seconds=round(length, 3))
            line.sound(OTHER, samples)
            keys = line.let_pass(length, act, keys_count=keys_count)
            if keys:
                return keys
            line.tell("heard-to-end", f"heard {what} to its end", audio=what)
        return ""

    def _fail(self, error: PlayError, stalled: float, act: Act | None, *, keys_count: bool) -> str:
        line = self._line
        line.tell("play-failed", error.message, code=error.code)
        keys = line.let_pass(stalled, act, keys_count=keys_count)
        if line.exchange.faults.play_failure_goes_to == "fallback":
            raise error
        line.exchange.registry.notify(line.call, error.code, error.message, without_query(self._url), "GET")
        return keys

    def _fetch(self, verb: Verb) -> Samples:
        url = self._media(verb)
        try:
            answer = self._line.exchange.webhooks.media(url)
        except WebhookError as error:
            raise PlayError(error.code, error.message) from error
        kind = answer.content_type.partition(";")[0].strip().lower()
        if kind not in AUDIO_TYPES:
            raise PlayError(INVALID_CONTENT_TYPE, f"Invalid Content-Type: {kind or 'none'} at {without_query(url)}")
        try:
            return decode(answer.body)
        except NotAudioError as error:
            raise PlayError(INVALID_CONTENT_TYPE, f"{without_query(url)} is no {kind}: {error}") from error

    def _say(self, verb: Verb) -> Samples:
        if not any(letter.isalnum() for letter in verb.text):
            return np.zeros(0, dtype=np.int16)
        language = verb.get("language", "en").partition("-")[0].lower()
        return self._line.exchange.say(verb.text, language if language in LANGUAGES else "en")
