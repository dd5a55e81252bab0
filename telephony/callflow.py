"""What does this caller hear next? Pure: what has happened goes in, what is to be heard comes out.

The three modes, as the caller lives them:

* `stay`: hears the notice and a pause to hang up in; staying is agreeing.
* `opt_out`: the same, and 2 goes on unrecorded.
* `opt_in`: recorded only after 1, pressed when the notice has ended; 2, or no key, goes on unrecorded.

A notice counts as heard only when the request that follows it comes at a time at which it can have ended (I1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

# Keys of the language menu: fixed, whatever a line offers, so that who calls often need not listen.
LANGUAGE_KEYS = {"1": "kk", "2": "ru", "3": "en"}
AGREE_KEY = "1"
DECLINE_KEY = "2"

# The pause behind the notice, in seconds: to hang up in, or to press a key in.
PAUSE_S = {"stay": 2, "opt_out": 2, "opt_in": 5}

EARLY = timedelta(seconds=1)
LATE = timedelta(seconds=10)
REPEATS = 1

Timing = Literal["early", "right", "late"]


@dataclass(frozen=True)
class OfferLanguages:
    """A menu, each entry in its own language."""

    languages: tuple[str, ...]


@dataclass(frozen=True)
class PlayNotice:
    """The notice, in full."""

    language: str


@dataclass(frozen=True)
class RecordCall:
    """Connect, and record."""

    expressed_by: Literal["stayed", "pressed_1"]


@dataclass(frozen=True)
class GoOnUnrecorded:
    """Say that nothing is recorded, and connect."""

    reason: Literal["declined_key", "no_key", "notice_not_proven", "no_notice", "fallback"]


def on_answer(languages: Sequence[str]) -> OfferLanguages | PlayNotice:
    """The first thing heard on a line that speaks `languages`."""
    return OfferLanguages(tuple(languages)) if len(languages) > 1 else PlayNotice(languages[0])


def on_menu(languages: Sequence[str], digit: str | None) -> PlayNotice:
    """After the menu: the language whose key was pressed, if the line has it; else the line's default."""
    chosen = LANGUAGE_KEYS.get(digit or "")
    return PlayNotice(chosen if chosen is not None and chosen in languages else languages[0])


def timing(issued_at: datetime, asked_at: datetime, audio_ms: int, pause_ms: int, *, by_key: bool) -> Timing:
    """Whether a request comes when what was handed out can have ended.

    A key can come as soon as the audio has ended, and not a moment sooner, since a key stops the audio; without one
    the pause has passed too, and a second of it may be missing.
    """
    heard = issued_at + timedelta(milliseconds=audio_ms)
    over = heard + timedelta(milliseconds=pause_ms)
    if asked_at < (heard if by_key else over - EARLY):
        return "early"
    return "late" if asked_at > over + LATE else "right"


def after_notice(
    mode: str, key: str | None, when: Timing, repeats: int, language: str
) -> PlayNotice | RecordCall | GoOnUnrecorded:
    """After a notice, whether it was heard out or a key came.

    Args:
        mode: stay, opt_out or opt_in.
        key: the key pressed, None if it ran out.
        when: from `timing`.
        repeats: how often this notice had to begin again already.
        language: of the notice, for hearing it again.
    """
    keys_count = mode != "stay"
    if keys_count and key == DECLINE_KEY:
        return GoOnUnrecorded("declined_key")
    understood = key is None or not keys_count or key == AGREE_KEY
    if when != "right" or not understood:
        return PlayNotice(language) if repeats < REPEATS else GoOnUnrecorded("notice_not_proven")
    if mode == "opt_in":
        return RecordCall("pressed_1") if key == AGREE_KEY else GoOnUnrecorded("no_key")
    return RecordCall("pressed_1" if keys_count and key == AGREE_KEY else "stayed")
