"""Requests that come twice, late, out of order, for the wrong call, or for none: a signature has no date in it."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.models import Call, CallStep, CarrierEvent, ConsentRecord, Finding, Recording, StoredObject
from tests.calls.rows import WAITING, all_rows, count
from tests.calls.watched import Signed, WatchedHouse
from tests.house import CALLER, NUMBERS
from tests.practice.customer import wav

A, B = "CA" + "a" * 32, "CA" + "b" * 32
RECORDING = "RE" + "c" * 32


def ring(house: WatchedHouse, call_sid: str, mode: str = "stay") -> str:
    """A call comes in; the token of its menu."""
    form = {"CallSid": call_sid, "From": CALLER, "To": NUMBERS[mode], "CallStatus": "ringing"}
    assert house.post("/twilio/voice", form).status_code == 200
    return house.heard[-1].next_token


def step(house: WatchedHouse, call_sid: str, token: str, arm: str = "end", **fields: str) -> Signed:
    """The request of a step; what came back."""
    house.post(
        f"/twilio/steps/{token}/{arm}", {"CallSid": call_sid, "From": CALLER, "CallStatus": "in-progress"} | fields
    )
    return house.heard[-1]


def agree(house: WatchedHouse, call_sid: str) -> Signed:
    """Stay on the line until the document comes that records."""
    notice = step(house, call_sid, ring(house, call_sid), "key", Digits="2")
    house.clock.sleep(seconds_of_notice(house) + 2)
    return step(house, call_sid, notice.next_token)


def seconds_of_notice(house: WatchedHouse) -> float:
    return (
        float(house.ask(lambda s: s.scalar(sa.select(sa.func.max(CallStep.audio_ms)).where(CallStep.kind == "notice"))))
        / 1000
    )


def report(house: WatchedHouse, call_sid: str, status: str, sid: str = RECORDING, **fields: str) -> int:
    """A recording's status callback."""
    form = {"CallSid": call_sid, "RecordingSid": sid, "RecordingStatus": status, "RecordingSource": "DialVerb"}
    return house.post("/twilio/recording", form | fields).status_code


def test_a_call_that_is_announced_again_gets_the_same_answer_word_for_word(watched: WatchedHouse) -> None:
    form = {"CallSid": A, "From": CALLER, "To": NUMBERS["stay"], "CallStatus": "ringing"}
    first = watched.post("/twilio/voice", form).text
    watched.clock.sleep(3)
    before = all_rows(watched, but=WAITING)
    assert watched.post("/twilio/voice", form).text == first
    assert watched.replay(watched.heard[0]).text == first
    assert watched.post("/twilio/voice", form | {"To": NUMBERS["opt_in"]}).text == first
    assert all_rows(watched, but=WAITING) == before


def test_a_step_that_is_asked_again_gets_the_same_answer_word_for_word(watched: WatchedHouse) -> None:
    """I1: also by the other arm, with another key, and long after the moment has passed."""
    menu = ring(watched, A)
    notice = step(watched, A, menu, "key", Digits="2")
    watched.clock.sleep(seconds_of_notice(watched) + 2)
    connected = step(watched, A, notice.next_token)
    assert "record-from-answer-dual" in connected.answer
    before = all_rows(watched, but=WAITING)
    watched.clock.sleep(60)
    for token, first in ((menu, notice), (notice.next_token, connected)):
        assert step(watched, A, token).answer == first.answer
        assert step(watched, A, token, "key", Digits="3").answer == first.answer
    assert all_rows(watched, but=WAITING) == before
    assert count(watched, ConsentRecord) == 1


def test_a_token_is_no_use_to_another_call(watched: WatchedHouse) -> None:
    """I1: nobody is recorded for a notice that somebody else heard."""
    menu = ring(watched, A)
    notice = step(watched, A, menu).next_token
    ring(watched, B)
    watched.clock.sleep(seconds_of_notice(watched) + 2)
    before = all_rows(watched)
    for token in (menu, notice):
        for call_sid in (B, "CA" + "0" * 32, ""):
            for arm in ("end", "key"):
                assert step(watched, call_sid, token, arm, Digits="1").status == 403
    assert step(watched, A, "f" * 32).status == 403
    assert all_rows(watched) == before
    assert "record-from" in step(watched, A, notice).answer


def test_an_arm_that_no_document_names_is_not_found(watched: WatchedHouse) -> None:
    token = ring(watched, A)
    assert step(watched, A, token, "begin").status == 404


def test_after_its_end_no_request_of_a_call_starts_anything(watched: WatchedHouse) -> None:
    """I1, I2: all of it sent once more, in both directions, changes not one row."""
    watched.call("stay", "ru", "listen")
    watched.call("opt_in", "kk", "hangup-during-notice")
    watched.work()
    was = list(watched.heard)
    before = all_rows(watched)
    for request in [*was, *reversed(was)]:
        answer = watched.replay(request)
        assert answer.status_code == request.status
        if "/steps/" in request.path or request.path == "/twilio/voice":
            assert answer.text == request.answer
    assert all_rows(watched) == before


def test_a_step_that_comes_only_after_the_end_starts_nothing(watched: WatchedHouse) -> None:
    """I2: who hung up in the notice is not recorded by a request that was on its way for a while."""
    notice = step(watched, A, ring(watched, A)).next_token
    watched.clock.sleep(seconds_of_notice(watched) + 2)
    assert watched.post("/twilio/call-status", {"CallSid": A, "CallStatus": "completed"}).status_code == 204
    late = step(watched, A, notice)
    assert (late.status, "<Hangup" in late.answer, "<Dial" in late.answer) == (200, True, False)
    assert watched.outcome(A) == "declined_hangup"
    assert (count(watched, ConsentRecord), watched.call_row(A).from_number) == (0, None)
    fallen = watched.post("/twilio/fallback", {"CallSid": A, "To": NUMBERS["stay"], "ErrorCode": "11200"})
    assert "<Dial" not in fallen.text


def test_a_recording_of_a_call_that_nobody_here_answered_is_listed_and_left_alone(watched: WatchedHouse) -> None:
    """A callback says *look*: for a call that is not ours a person does, and nothing is fetched or deleted."""
    sid = watched.network.add_recording("CA" + "d" * 32, _sound(watched), duration_s=2)
    for status in ("in-progress", "completed", "completed"):
        assert report(watched, "CA" + "d" * 32, status, sid, RecordingUrl="http://127.0.0.1:1/evil") == 204
    watched.work_for(120)
    assert (count(watched, Recording), count(watched, StoredObject), count(watched, Call)) == (0, 0, 0)
    assert watched.at_carrier() == [sid]
    (finding,) = watched.ask(lambda s: s.scalars(sa.select(Finding)).all())
    assert (finding.kind, finding.subject) == ("unanswered_recording", sid)


@pytest.mark.parametrize("statuses", [
    ["in-progress", "completed"], ["completed", "in-progress"], ["completed", "completed", "in-progress", "completed"],
])  # fmt: skip
def test_each_status_of_a_recording_is_taken_once_in_any_order(watched: WatchedHouse, statuses: list[str]) -> None:
    """By (recording, status), never by the recording alone: later statuses get lost (simstudioai/sim#5230)."""
    agree(watched, A)
    for status in statuses:
        watched.clock.sleep(1)
        assert report(watched, A, status, RecordingDuration="4", RecordingChannels="2") == 204
    taken = watched.ask(lambda s: s.scalars(sa.select(CarrierEvent).where(CarrierEvent.subject_sid == RECORDING)).all())
    assert sorted(each.status for each in taken) == ["completed", "in-progress"]
    (row,) = watched.recordings()
    assert (row.state, row.duration_s, row.channels, row.found_by) == ("pending", 4.0, 2, "callback")


def test_each_status_of_a_call_is_taken_once_and_its_end_stays_its_end(watched: WatchedHouse) -> None:
    agree(watched, A)
    for status in ("in-progress", "completed", "in-progress", "busy", "completed"):
        watched.clock.sleep(1)
        assert watched.post("/twilio/call-status", {"CallSid": A, "CallStatus": status}).status_code == 204
    taken = watched.ask(lambda s: s.scalars(sa.select(CarrierEvent).order_by(CarrierEvent.received_at)).all())
    assert [each.status for each in taken] == ["in-progress", "completed", "busy"]
    row = watched.call_row(A)
    assert (row.carrier_status, row.ended_at) == ("completed", taken[1].received_at)


def test_what_a_callback_says_of_its_media_is_never_fetched(watched: WatchedHouse) -> None:
    """The media's address is built from the SID alone."""
    watched.faults.lose_callbacks.add("recording:completed")
    result = watched.call("stay", "ru", "listen")
    trap = f"{watched.at.site.base_url}/healthz"
    (sid,) = result.recording_sids
    report(watched, result.call_sid, "completed", sid, RecordingUrl=trap, RecordingDuration="4")
    watched.work()
    assert [row.state for row in watched.recordings()] == ["stored"]
    (kept,) = watched.objects()
    assert watched.plain(kept).startswith(b"RIFF")
    assert trap not in str(all_rows(watched))


def test_a_call_that_the_carrier_has_forgotten_does_not_keep_its_number_for_ever(watched: WatchedHouse) -> None:
    """I4: it may never be settled; its rows go on their day all the same."""
    agree(watched, A)
    watched.work_for(60, step=20)
    assert (watched.outcome(A), watched.call_row(A).from_number) == (None, CALLER)
    watched.clock.sleep(3 * 366 * 24 * 3600)
    watched.work()
    assert [count(watched, model) for model in (Call, CallStep, ConsentRecord)] == [0, 0, 0]
    watched.at.database.forget_deleted()
    assert CALLER[1:].encode() not in watched.bytes_on_disk()


def test_a_talk_that_has_ended_is_not_begun_again_by_the_fallback(watched: WatchedHouse) -> None:
    """I3, I7: the request behind the Dial fails: the recording is kept with its consent, nobody is rung twice."""
    third: list[str] = []

    def refuse_what_follows_the_talk(path: str) -> bool:
        token = path.removeprefix("/twilio/steps/").partition("/")[0]
        third.extend([token] if "/steps/" in path and token not in third else [])
        return third[2:3] == [token]

    watched.refuses = refuse_what_follows_the_talk
    result = watched.call("stay", "kk", "listen", callee="hangs-up-first")
    watched.work_for(120)
    assert [event.kind for event in result.events].count("dialling") == 1
    assert any("/twilio/fallback" in request.path for request in watched.heard)
    call = watched.call_row(result.call_sid)
    assert (call.outcome, call.from_number) == ("recorded", CALLER)
    assert [row.state for row in watched.recordings()] == ["stored"]
    assert watched.ask(lambda s: s.scalars(sa.select(ConsentRecord.state)).all()) == ["given"]


def test_falling_back_after_consent_does_not_undo_it(watched: WatchedHouse) -> None:
    """I3: the recording is reported only later, and finds its consent as it was given."""
    agree(watched, A)
    watched.post(
        "/twilio/fallback", {"CallSid": A, "To": NUMBERS["stay"], "ErrorCode": "13223", "ErrorUrl": "http://x"}
    )
    watched.post("/twilio/call-status", {"CallSid": A, "CallStatus": "completed"})
    assert watched.outcome(A) is None
    report(watched, A, "completed", RecordingDuration="4")
    assert watched.call_row(A).from_number == CALLER
    assert watched.ask(lambda s: s.scalars(sa.select(ConsentRecord.state)).all()) == ["given"]


def _sound(house: WatchedHouse) -> Path:
    path = house.home / "planted.wav"
    path.write_bytes(wav(2.0))
    return path
