"""A carrier's bad days."""

from datetime import timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from werkzeug.wrappers import Response

from telephony.practice.caller import CallerPlan
from telephony.practice.faults import CALLBACK_KINDS
from telephony.practice.network import PracticeNetwork
from telephony.practice.server import PracticeServer
from tests.practice.customer import DESK, LINE, Customer, FastClock, wav
from tests.practice.test_recordings import media

NOTICE = "<Gather numDigits='1' timeout='3' action='/key'><Play>/notice.wav</Play></Gather><Redirect>/agreed</Redirect>"


@pytest.fixture(autouse=True)
def _pages(customer: Customer) -> None:
    callback = 'recordingStatusCallback="/rec" recordingStatusCallbackEvent="in-progress completed absent"'
    customer.pages |= {
        "/voice": NOTICE,
        "/notice.wav": wav(6.0),
        "/agreed": f'<Dial record="record-from-answer-dual" {callback}>{DESK}</Dial>',
        "/rec": "",
        "/status": "",
    }


def gap(customer: Customer) -> timedelta:
    return customer.got("/agreed").at - customer.got("/voice").at


@pytest.mark.parametrize(("how", "seconds"), [("fast", 3), ("slow", 9)])
def test_a_play_that_fails(
    network: PracticeNetwork, customer: Customer, client: Client, how: str, seconds: float
) -> None:
    network.faults.play_fails = "fast" if how == "fast" else "slow"
    result = network.place_call(CallerPlan(LINE))
    assert gap(customer) == timedelta(seconds=seconds)
    (entry,) = client.calls(result.call_sid).notifications.list()
    assert entry.error_code == "11200"
    assert "heard-to-end" not in [event.kind for event in result.events]


def test_a_failed_play_can_mean_the_fallback(network: PracticeNetwork, customer: Customer) -> None:
    network.add_number(LINE, voice_fallback_url=f"{customer.url}/fallback")
    customer.pages["/fallback"] = "<Hangup/>"
    network.faults.play_fails = "fast"
    network.faults.play_failure_goes_to = "fallback"
    network.place_call(CallerPlan(LINE))
    assert customer.got("/fallback").form["ErrorCode"] == "11200"
    assert "/agreed" not in customer.paths()


def test_real_failures_of_a_play(network: PracticeNetwork, customer: Customer, client: Client) -> None:
    """Errors 11200 and 12300: not there, not audio, audio in name alone."""
    pages = (None, Response("<html/>", mimetype="text/html"), b"RIFF nothing")
    for page, code in zip(pages, ("11200", "12300", "12300"), strict=True):
        customer.pages["/notice.wav"] = page
        result = network.place_call(CallerPlan(LINE))
        assert [entry.error_code for entry in client.calls(result.call_sid).notifications.list()] == [code]


def test_a_notice_cut_short(network: PracticeNetwork, customer: Customer) -> None:
    network.faults.notice_cut_after_s = 1.5
    network.place_call(CallerPlan(LINE))
    assert gap(customer) == timedelta(seconds=4.5)


@pytest.mark.parametrize("kind", sorted(CALLBACK_KINDS))
def test_lost_callbacks(network: PracticeNetwork, customer: Customer, kind: str) -> None:
    network.faults.lose_callbacks = {kind}
    network.faults.recording_absent = kind == "recording:absent"
    network.place_call(CallerPlan(LINE))
    sent = ["call-status" for _ in customer.all("/status")]
    sent += [f"recording:{heard.form['RecordingStatus']}" for heard in customer.all("/rec")]
    assert kind not in sent
    assert len(sent) == 2


def test_order_repetition_and_lateness(network: PracticeNetwork, customer: Customer) -> None:
    """«Voice Webhooks» promises no order between a call's and a recording's completion, nor that each comes once."""
    network.place_call(CallerPlan(LINE))
    assert customer.paths()[-2:] == ["/status", "/rec"]
    network.faults.reverse_callbacks = True
    network.faults.duplicate_callbacks = True
    network.faults.late_callbacks_s = 50
    customer.heard.clear()
    network.place_call(CallerPlan(LINE))
    assert customer.paths()[-4:] == ["/rec", "/rec", "/status", "/status"]
    # 3 s of Gather, 6 of Play, 2 of ringing, 4 of talk, 1 of processing
    assert customer.heard[-1].at - customer.got("/voice").at == timedelta(seconds=16 + 50)


def test_recording_by_the_accounts_default(network: PracticeNetwork, customer: Customer, client: Client) -> None:
    """«Voice Recording Account Default Configuration»: from the start, without TwiML, without a callback."""
    network.faults.record_by_account = True
    result = network.place_call(CallerPlan(LINE, do="hangup-during-notice"))
    assert customer.all("/rec") == []
    (recording,) = client.calls(result.call_sid).recordings.list()
    assert (recording.status, recording.duration) == ("completed", "3")


def test_media_that_is_not_ready(network: PracticeNetwork, server: PracticeServer, clock: FastClock) -> None:
    """Error 21501: not yet available, Retry-After tells when."""
    network.faults.media_not_ready_s = 10
    (sid,) = network.place_call(CallerPlan(LINE)).recording_sids
    answer = media(server, sid)
    assert (answer.status_code, answer.headers["Retry-After"]) == (404, "2")
    assert b"<Code>21501</Code>" in answer.content
    clock.sleep(10)
    assert media(server, sid).status_code == 200


def test_truncated_media(network: PracticeNetwork, server: PracticeServer) -> None:
    (sid,) = network.place_call(CallerPlan(LINE)).recording_sids
    whole = media(server, sid).content
    network.faults.media_truncated = True
    half = media(server, sid)
    assert half.content == whole[: len(whole) // 2]
    assert half.headers["Content-Length"] == str(len(half.content))


def test_a_rest_api_that_is_down_or_failing(network: PracticeNetwork, client: Client) -> None:
    (sid,) = network.place_call(CallerPlan(LINE)).recording_sids
    network.faults.rest_down = True
    with pytest.raises(TwilioRestException) as error:
        client.recordings(sid).fetch()
    assert (error.value.status, error.value.code) == (503, 20503)
    network.faults.rest_down = False
    network.faults.delete_fails = 2
    for _ in range(2):
        with pytest.raises(TwilioRestException) as error:
            client.recordings(sid).delete()
        assert error.value.status == 500
    assert client.recordings(sid).delete() is True


def test_an_update_that_times_out(
    network: PracticeNetwork, client: Client, clock: FastClock, customer: Customer
) -> None:
    """Error 16114: the resource was being modified; ask again."""
    codes: list[int] = []

    def pause() -> None:
        (call,) = client.calls.list(status="in-progress", to=LINE)
        current = client.calls(call.sid).recordings("Twilio.CURRENT")
        with pytest.raises(TwilioRestException) as error:
            current.update(status="paused")
        codes.extend([error.value.status, error.value.code])
        assert current.update(status="paused").status == "paused"

    customer.pages["/voice"] = customer.pages["/agreed"]
    network.faults.update_times_out = 1
    clock.after(4, pause)
    network.place_call(CallerPlan(LINE))
    assert codes == [408, 16114]


def test_updates_that_are_refused_ignored_or_done_in_silence(
    network: PracticeNetwork, client: Client, clock: FastClock, customer: Customer
) -> None:
    """Error 16108; a 200 whose status says that nothing was done; and one whose answer is lost, though it was done."""
    said: list[object] = []

    def pause() -> None:
        (call,) = client.calls.list(status="in-progress", to=LINE)
        (running,) = client.calls(call.sid).recordings.list()
        update = client.calls(call.sid).recordings(running.sid).update
        network.faults.update_refused = network.faults.update_ignored = network.faults.update_answer_lost = 1
        with pytest.raises(TwilioRestException) as refused:
            update(status="paused")
        said.append((refused.value.status, refused.value.code))
        said.append(update(status="paused").status)
        (take,) = network.running_takes(call.sid)
        said.append(take.paused)
        with pytest.raises(TwilioRestException) as lost:
            update(status="paused")
        said.extend([lost.value.status, take.paused])
        said.append(client.recordings(running.sid).fetch().status)

    customer.pages["/voice"] = customer.pages["/agreed"]
    clock.after(4, pause)
    network.place_call(CallerPlan(LINE))
    assert said == [(400, 16108), "in-progress", False, 500, True, "in-progress"]


def test_action_after_a_hang_up(network: PracticeNetwork, customer: Customer) -> None:
    network.faults.action_after_hang_up = True
    customer.pages |= {"/voice": f'<Dial action="/after">{DESK}</Dial>', "/after": "<Redirect>/never</Redirect>"}
    network.place_call(CallerPlan(LINE))
    assert customer.got("/after").form["CallStatus"] == "completed"
    assert customer.got("/after").form["DialCallStatus"] == "completed"
    assert "/never" not in customer.paths()
