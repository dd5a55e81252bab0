"""I1: where the verb that records may stand, and when. All else in this folder leans on it."""

from typing import Literal

import pytest
import sqlalchemy as sa

from storage.models import Call, CallStep
from telephony.callflow import PAUSE_S
from tests.calls.watched import WatchedHouse
from tests.house import CALLER, NUMBERS

MODES: tuple[Literal["stay", "opt_out", "opt_in"], ...] = ("stay", "opt_out", "opt_in")
SID = "CA" + "e" * 32
FORM = {"CallSid": SID, "From": CALLER, "CallStatus": "in-progress"}


def reach_notice(house: WatchedHouse, mode: str) -> tuple[str, float]:
    """Ring, choose a language, and be handed the notice: its token, and how long it plays."""
    house.post("/twilio/voice", FORM | {"To": NUMBERS[mode]})
    house.post(f"/twilio/steps/{house.heard[-1].next_token}/key", FORM | {"Digits": "3"})
    token = house.heard[-1].next_token
    seconds = house.ask(lambda s: s.scalar(sa.select(CallStep.audio_ms).where(CallStep.token == token))) / 1000
    return token, seconds


def ask(house: WatchedHouse, token: str, key: str | None) -> str:
    """The request behind a notice, with a key or without."""
    arm = "end" if key is None else "key"
    house.post(f"/twilio/steps/{token}/{arm}", FORM | ({} if key is None else {"Digits": key}))
    return house.heard[-1].answer


def test_the_verb_stands_only_in_answers_to_a_notice_that_can_have_ended(watched: WatchedHouse) -> None:
    """Every document of every mode is looked at, as it was sent and as it was kept."""
    for mode in MODES:
        for do in ("listen", "press:1", "press:2", "press-early:1,press:1", "press-early:7,listen", "hangup-in-menu"):
            watched.call(mode, "en", do)
    steps = {row.token: row for row in watched.ask(lambda s: s.scalars(sa.select(CallStep)).all())}
    recording = [row for row in steps.values() if "record-from" in (row.answer or "")]
    assert recording
    assert {(row.kind, row.timing) for row in recording} == {("notice", "right")}
    assert not watched.ask(lambda s: s.scalars(sa.select(Call).where(Call.first_answer.contains("record-from"))).all())
    sent = [request for request in watched.heard if "record-from" in request.answer]
    assert {request.path.split("/")[3] for request in sent} == {row.token for row in recording}
    for request in watched.heard:
        others = [
            verb for verb in ("<Record", "<Start", "record-from-ringing", 'record="true"') if verb in request.answer
        ]
        assert others == []
    for request in sent:
        assert "<Play" not in request.answer, "a document that still has something to play never records"


@pytest.mark.parametrize("mode", MODES)
def test_the_fallback_never_records(watched: WatchedHouse, mode: str) -> None:
    """In whatever state a call is, and of whatever call it is asked."""
    fall = FORM | {"To": NUMBERS[mode], "ErrorCode": "11200", "ErrorUrl": watched.at.site.voice}
    answers = [watched.post("/twilio/fallback", fall).text]
    answers.append(watched.post("/twilio/fallback", fall | {"To": "+77172009999"}).text)
    token, seconds = reach_notice(watched, mode)
    answers.append(watched.post("/twilio/fallback", fall).text)
    watched.clock.sleep(seconds + PAUSE_S[mode])
    ask(watched, token, None)
    answers.append(watched.post("/twilio/fallback", fall).text)
    watched.post("/twilio/call-status", {"CallSid": SID, "CallStatus": "completed"})
    answers.append(watched.post("/twilio/fallback", fall).text)
    assert [("record-from" in text, "<Start" in text, "<Record" in text) for text in answers] == [(False,) * 3] * 5
    assert ["do-not-record" in text for text in answers] == [True, False, True, True, False]


@pytest.mark.parametrize(("off", "records"), [(-1.2, False), (-0.8, True), (0.0, True), (9.8, True), (10.2, False)])
@pytest.mark.parametrize("mode", ["stay", "opt_out"])
def test_who_stays_is_recorded_only_at_a_time_at_which_the_pause_can_have_ended(
    watched: WatchedHouse, mode: str, off: float, records: bool
) -> None:
    """`off` seconds from the end of the pause behind the notice."""
    token, seconds = reach_notice(watched, mode)
    watched.clock.sleep(seconds + PAUSE_S[mode] + off)
    answer = ask(watched, token, None)
    assert ("record-from" in answer, "/twilio/audio/" in answer) == (records, not records)


@pytest.mark.parametrize(("off", "records"), [(-0.2, False), (0.0, True), (4.9, True), (14.8, True), (15.2, False)])
def test_who_presses_1_is_recorded_only_at_a_time_at_which_the_notice_can_have_ended(
    watched: WatchedHouse, off: float, records: bool
) -> None:
    """`off` seconds from the end of the sound: there are five to press a key in."""
    token, seconds = reach_notice(watched, "opt_in")
    watched.clock.sleep(seconds + off)
    assert ("record-from" in ask(watched, token, "1")) == records


@pytest.mark.parametrize("key", [None, "2", "3", "*", ""])
def test_in_opt_in_only_the_key_1_records(watched: WatchedHouse, key: str | None) -> None:
    token, seconds = reach_notice(watched, "opt_in")
    watched.clock.sleep(seconds + PAUSE_S["opt_in"])
    assert "record-from" not in ask(watched, token, key)
    assert watched.call_row(SID).agreed_at is None


@pytest.mark.parametrize("mode", MODES)
def test_a_notice_is_heard_again_once_and_then_nothing_is_recorded(watched: WatchedHouse, mode: str) -> None:
    """The second notice has a token of its own; the first one's answer stays what it was."""
    first, seconds = reach_notice(watched, mode)
    again = ask(watched, first, "1" if mode == "opt_in" else None)
    second = again.partition("/twilio/steps/")[2].partition("/")[0]
    assert second not in {"", first}
    watched.clock.sleep(seconds + PAUSE_S[mode])
    assert ask(watched, first, "1") == again
    watched.clock.sleep(60)
    gone_on = ask(watched, second, "1" if mode == "opt_in" else None)
    assert "do-not-record" in gone_on
    assert watched.call_row(SID).unrecorded_reason == "notice_not_proven"
