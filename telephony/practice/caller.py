"""What the person at the phone does.

The person does not know our TwiML. What they hear they sort by simple rules:

- a *menu* is a Gather with more than one Play or Say in it, before any notice was heard. They press `menu_digit`
  half a second after the choice of that number (the second sentence for key 2) was said to its end;
- the *notice* is the first single-Play section that follows: a Gather with exactly one Play, or a Play of its own
  with a Pause or a Redirect behind it. A section that plays the same audio again is the notice again, and so is
  any single-Play section while the script still has something left to do;
- everything else they just hear.

`do` is a script, one action for each time the notice is played, separated by commas:

- `listen`: hear it all, press nothing, talk for `talk_s` seconds when connected, hang up;
- `hangup-in-menu`: hang up halfway through the menu's first sentence (without a menu: `listen`);
- `hangup-during-notice`: hang up halfway through the notice;
- `hangup-after-notice`: hang up in the silence behind it, a second after its end at the latest;
- `press:2`: press a key one second after the notice ended; several digits come 0.3 s apart;
- `press-early:2`: press it halfway through the notice.

So `press-early:1,press:1` interrupts the first notice and answers the second.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

LANGUAGES = ("kk", "ru", "en")
CALLEES = ("answers", "busy", "no-answer", "hangs-up-first")
KEYS = frozenset("0123456789*#")
REACTION_S = 0.5
PATIENCE_S = 1.0

Part = Literal["menu", "notice", "other"]


@dataclass(frozen=True)
class CallerPlan:
    """What the person at the phone does. Raises ValueError for a plan that nobody could follow."""

    to: str
    from_number: str = "+77015550123"
    language: str = "en"
    menu_digit: str | None = None
    do: str = "listen"
    speech: Path | None = None
    talk_s: float = 4.0
    callee: str = "answers"
    live: bool = False
    """Somebody lives through it: keys, and hanging up, come from them (`PracticeNetwork.press`) as it happens."""

    def __post_init__(self) -> None:
        if not self.to.startswith("+") or not self.from_number.startswith("+"):
            raise ValueError("numbers are written in E.164, with a leading +")
        if self.language not in LANGUAGES:
            raise ValueError(f"language is one of {', '.join(LANGUAGES)}, not {self.language!r}")
        if self.menu_digit is not None and (len(self.menu_digit) != 1 or self.menu_digit not in KEYS):
            raise ValueError(f"menu_digit is one key, not {self.menu_digit!r}")
        if self.callee not in CALLEES:
            raise ValueError(f"callee is one of {', '.join(CALLEES)}, not {self.callee!r}")
        if self.talk_s < 0:
            raise ValueError("talk_s is never negative")
        for word in self.script:
            _check(word)

    @property
    def script(self) -> tuple[str, ...]:
        """One action for each time the notice is played."""
        return tuple(word.strip() for word in self.do.split(","))


@dataclass(frozen=True)
class CallEvent:
    """One step of a call, as a newcomer reads it in a terminal. Holds no query strings: they carry secrets."""

    at: datetime
    kind: str
    text: str
    details: dict[str, Any]


@dataclass(frozen=True)
class CallResult:
    """How a call ended. `duration_s` runs from the answer; `events` are in order."""

    call_sid: str
    status: str
    duration_s: int
    events: tuple[CallEvent, ...]
    recording_sids: tuple[str, ...]


@dataclass(frozen=True)
class Act:
    """What the person does `after_s` seconds into a stretch of the call: press `keys`, or (None) hang up."""

    after_s: float
    keys: str | None


@dataclass
class Caller:
    """The person, during one call."""

    plan: CallerPlan
    _notice_url: str = field(default="", init=False)
    _notices: int = field(default=0, init=False)

    def recognise(self, media: tuple[str, ...], *, gather: bool, alone: bool) -> Part:
        """What a section is to this person.

        `media` are the URLs it plays (an empty string for a Say), `gather` whether keys count in it, `alone` whether
        silence or a redirect follows a Play outside a Gather. Counts the notice's playings.
        """
        if gather and len(media) > 1:
            return "menu" if not self._notices else "other"
        if len(media) != 1 or not media[0] or not (gather or alone):
            return "other"
        audio = media[0].partition("?")[0]
        unfinished = self._notices < len(self.plan.script)
        if self._notices and audio != self._notice_url and not unfinished:
            return "other"
        if self._notices == 0:
            self._notice_url = audio
        self._notices += 1
        return "notice"

    def while_playing(self, part: Part, index: int, seconds: float) -> Act | None:
        """What they do during the section's media number `index` (from 0) that lasts `seconds`."""
        if part == "menu":
            if "hangup-in-menu" in self.plan.script:
                return Act(seconds / 2, None) if index == 0 else None
            return self._choice(index, seconds)
        if part != "notice":
            return None
        verb, keys = self._action()
        if verb == "hangup-during-notice":
            return Act(seconds / 2, None)
        return Act(seconds / 2, keys) if verb == "press-early" else None

    def while_waiting(self, part: Part, media: int, seconds: float) -> Act | None:
        """What they do in the `seconds` of silence behind a section of `media` sentences."""
        if part == "menu":
            return self._choice(media, seconds, last=True)
        if part != "notice":
            return None
        verb, keys = self._action()
        at = PATIENCE_S if seconds > PATIENCE_S else seconds / 2
        if verb == "hangup-after-notice":
            return Act(at, None)
        # without any silence there is no moment to press a key in
        return Act(at, keys) if verb == "press" and seconds > 0 else None

    def _choice(self, index: int, seconds: float, *, last: bool = False) -> Act | None:
        digit = self.plan.menu_digit
        if digit is None:
            return None
        wanted = int(digit) if digit.isdigit() and digit != "0" else index
        due = wanted == index or (last and wanted > index)
        return Act(min(REACTION_S, seconds / 2), digit) if due and index > 0 else None

    def _action(self) -> tuple[str, str]:
        playing = self._notices - 1
        script = self.plan.script
        verb, _, keys = (script[playing] if playing < len(script) else "listen").partition(":")
        return verb, keys


def _check(word: str) -> None:
    verb, colon, keys = word.partition(":")
    if verb in {"press", "press-early"}:
        if not keys or not set(keys) <= KEYS:
            raise ValueError(f"{verb} needs the keys to press, like {verb}:2")
    elif colon or verb not in {"listen", "hangup-in-menu", "hangup-during-notice", "hangup-after-notice"}:
        raise ValueError(f"nobody knows how to {word!r} at a phone")
