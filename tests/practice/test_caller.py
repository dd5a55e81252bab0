"""What the person at the phone makes of what they hear."""

from itertools import pairwise

import pytest

from telephony.practice.audio import Tape
from telephony.practice.caller import Act, Caller, CallerPlan
from telephony.practice.conversation import turns
from tests.practice.customer import LINE, tone

MENU = ("https://a/kk.wav", "https://a/ru.wav", "https://a/en.wav")


def at_the_notice(do: str) -> Caller:
    caller = Caller(CallerPlan(LINE, do=do))
    assert caller.recognise(("https://a/notice.wav",), gather=True, alone=False) == "notice"
    return caller


def test_menu_notice_and_the_rest() -> None:
    caller = Caller(CallerPlan(LINE))
    assert caller.recognise(("",), gather=False, alone=True) == "other"
    assert caller.recognise(MENU, gather=True, alone=False) == "menu"
    assert caller.recognise(MENU, gather=True, alone=False) == "menu"
    assert caller.recognise(("https://a/hello.wav",), gather=False, alone=False) == "other"
    assert caller.recognise(("https://a/notice.wav?t=1",), gather=False, alone=True) == "notice"
    assert caller.recognise(("https://a/thanks.wav",), gather=False, alone=True) == "other"
    assert caller.recognise(("https://a/notice.wav?t=2",), gather=True, alone=False) == "notice"
    assert caller.recognise(MENU, gather=True, alone=False) == "other"


@pytest.mark.parametrize(("digit", "moments"), [("1", [1]), ("2", [2]), ("3", ["end"]), ("9", ["end"]), (None, [])])
def test_when_a_choice_is_pressed(digit: str | None, moments: list[int | str]) -> None:
    caller = Caller(CallerPlan(LINE, menu_digit=digit))
    part = caller.recognise(MENU, gather=True, alone=False)
    acts: dict[int | str, Act | None] = {index: caller.while_playing(part, index, 3.0) for index in range(3)}
    acts["end"] = caller.while_waiting(part, 3, 5)
    assert [moment for moment, act in acts.items() if act] == moments
    assert all(act == Act(0.5, digit) for act in acts.values() if act)


@pytest.mark.parametrize(
    ("do", "playing", "waiting"),
    [
        ("listen", None, None),
        ("hangup-in-menu", None, None),
        ("hangup-during-notice", Act(4.0, None), None),
        ("hangup-after-notice", None, Act(1.0, None)),
        ("press:2", None, Act(1.0, "2")),
        ("press-early:2", Act(4.0, "2"), None),
    ],
)
def test_what_a_script_does_at_the_notice(do: str, playing: Act | None, waiting: Act | None) -> None:
    caller = at_the_notice(do)
    assert caller.while_playing("notice", 0, 8.0) == playing
    assert caller.while_waiting("notice", 1, 3.0) == waiting


def test_each_playing_has_its_own_action() -> None:
    caller = at_the_notice("press-early:1, press:1")
    assert caller.while_playing("notice", 0, 8.0) == Act(4.0, "1")
    assert caller.recognise(("https://a/again.wav",), gather=True, alone=False) == "notice"
    assert caller.while_playing("notice", 0, 8.0) is None
    assert caller.while_waiting("notice", 1, 0.5) == Act(0.25, "1")
    assert caller.recognise(("https://a/notice.wav",), gather=True, alone=False) == "notice"
    assert caller.while_waiting("notice", 1, 3.0) is None


def test_people_take_turns() -> None:
    tape = Tape()
    said = list(turns("kk", 30.0, tone, None))
    assert {who for who, _, _ in said} == {0, 1}
    assert all(a[0] != b[0] for a, b in pairwise(said))
    assert all(a[1] + len(a[2]) / 8000 < b[1] for a, b in pairwise(said))
    who, at_s, words = said[-1]
    assert at_s + len(words) / 8000 <= 30.0
    tape.lay(who, 0.0, words)
    tape.cut(0.1)
    (block,) = tape.blocks(0, 8000)
    assert block[:800, who].any()
    assert not block[800:].any()
