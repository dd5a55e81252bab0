"""Recordings: «Dial: record», «Recording», «Record», «Recording resource»."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest
import requests
from numpy.typing import NDArray
from twilio.rest import Client

from telephony.practice.audio import decode
from telephony.practice.caller import CallerPlan
from telephony.practice.network import PracticeNetwork
from telephony.practice.server import PracticeServer
from tests.practice.customer import ACCOUNT, DESK, LINE, TOKEN, Customer, FastClock, tone, wav

EVENTS = 'recordingStatusCallback="/rec" recordingStatusCallbackEvent="in-progress completed absent"'


@pytest.fixture(autouse=True)
def _pages(customer: Customer) -> None:
    customer.pages |= {"/rec": "", "/status": "", "/notice.wav": wav(3.0)}


def media(server: PracticeServer, sid: str, **query: str) -> requests.Response:
    url = f"{server.url}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}.wav"
    return requests.get(url, params=query, auth=(ACCOUNT, TOKEN), timeout=5)


def channels(body: bytes) -> NDArray[np.int16]:
    with wave.open(io.BytesIO(body)) as file:
        assert (file.getsampwidth(), file.getframerate()) == (2, 8000)
        assert len(body) == 44 + file.getnframes() * file.getnchannels() * 2
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, file.getnchannels())


def loud(samples: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Which tenths of a second have sound."""
    whole = samples[: len(samples) // 800 * 800].reshape(-1, 800)
    return np.asarray(np.abs(whole.astype(np.int32)).max(axis=1) > 500)


def test_dual_recording_of_a_dial(
    network: PracticeNetwork, customer: Customer, server: PracticeServer, client: Client
) -> None:
    """«Dial: record-from-answer-dual»: begins at the answer, one leg in each channel; the callback's parameters."""
    customer.pages["/voice"] = f'<Dial record="record-from-answer-dual" {EVENTS}>{DESK}</Dial>'
    (sid,) = network.place_call(CallerPlan(LINE, talk_s=10)).recording_sids
    started, completed = customer.all("/rec")
    assert started.form["RecordingStatus"] == "in-progress"
    assert "RecordingDuration" not in started.form
    wanted = {
        "RecordingSid": sid,
        "RecordingStatus": "completed",
        "RecordingDuration": "10",
        "RecordingChannels": "2",
        "RecordingSource": "DialVerb",
        "RecordingTrack": "both",
        "ErrorCode": "0",
        "RecordingUrl": f"{server.url}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}",
    }
    assert wanted.items() <= completed.form.items()
    assert completed.form["RecordingStartTime"] == "Mon, 02 Nov 2026 09:00:02 +0000"

    answer = media(server, sid)
    assert answer.headers["Content-Type"] == "audio/x-wav"
    sound = channels(answer.content)
    assert sound.shape == (80_000, 2)
    caller, callee = loud(sound[:, 0]), loud(sound[:, 1])
    assert caller.any()
    assert callee.any()
    assert not (caller & callee).any()

    resource = client.recordings(sid).fetch()
    assert (resource.status, resource.duration, resource.channels) == ("completed", "10", 2)
    assert resource.media_url == wanted["RecordingUrl"]


def test_mono_by_default_and_two_channels_on_request(
    network: PracticeNetwork, customer: Customer, server: PracticeServer
) -> None:
    """«Dial: record» true is mono; RequestedChannels («dual-channel by default», 2022-05-25) gives what is stored."""
    customer.pages["/voice"] = f'<Dial record="true" {EVENTS}>{DESK}</Dial>'
    (sid,) = network.place_call(CallerPlan(LINE)).recording_sids
    assert customer.all("/rec")[1].form["RecordingChannels"] == "1"
    mono = channels(media(server, sid).content)
    dual = channels(media(server, sid, RequestedChannels="2").content)
    assert mono.shape == (32_000, 1)
    assert np.array_equal(mono[:, 0], dual.sum(axis=1))
    network.faults.dual_unavailable = True
    assert media(server, sid, RequestedChannels="2").status_code == 400


def test_given_speech_is_on_the_callers_channel(
    network: PracticeNetwork, customer: Customer, server: PracticeServer, tmp_path: Path
) -> None:
    speech = tmp_path / "said.wav"
    speech.write_bytes(wav(2.0, pitch=700.0, rate=16_000))
    customer.pages["/voice"] = f'<Dial record="record-from-answer-dual">{DESK}</Dial>'
    (sid,) = network.place_call(CallerPlan(LINE, speech=speech, talk_s=8)).recording_sids
    caller = channels(media(server, sid).content)[:, 0]
    # the other side greets for a second, then a breath; the file comes whole and once
    said = caller[10_000 : 10_000 + 16_000]
    assert abs(int(np.argmax(np.abs(np.fft.rfft(said)))) / 2 - 700) < 2
    assert loud(caller).sum() in range(19, 23)


def test_from_ringing_begins_before_the_answer(network: PracticeNetwork, customer: Customer, client: Client) -> None:
    """«Dial: record-from-ringing»."""
    customer.pages["/voice"] = f'<Dial record="record-from-ringing-dual">{DESK}</Dial>'
    (sid,) = network.place_call(CallerPlan(LINE, talk_s=4)).recording_sids
    assert client.recordings(sid).fetch().duration == "6"


def test_start_recording_runs_through_the_documents(
    network: PracticeNetwork, customer: Customer, server: PracticeServer
) -> None:
    """«Recording»: starts at once, goes on through later documents, two channels and trimmed by default."""
    order = f'recordingStatusCallback="{customer.url}/rec" recordingStatusCallbackEvent="in-progress completed"'
    customer.pages |= {
        "/voice": f"<Pause/><Start><Recording {order}/></Start><Pause length='2'/><Redirect>/next</Redirect>",
        "/next": "<Play>/notice.wav</Play><Pause length='5'/>",
    }
    (sid,) = network.place_call(CallerPlan(LINE)).recording_sids
    form = customer.all("/rec")[1].form
    assert (form["RecordingSource"], form["RecordingChannels"]) == ("StartCallRecordingTwiML", "2")
    sound = channels(media(server, sid).content)
    # two seconds of silence before the Play and five behind it are trimmed away; what was played is the other side's
    assert abs(len(sound) - 24_000) < 40
    assert not loud(sound[:, 0]).any()


def test_a_relative_callback_on_start_recording_fails(
    network: PracticeNetwork, customer: Customer, client: Client
) -> None:
    """Reported of `<Start><Recording>`: 11200, no callback, and the recording runs all the same."""
    customer.pages["/voice"] = f"<Start><Recording trim='do-not-trim' {EVENTS}/></Start><Pause length='3'/>"
    result = network.place_call(CallerPlan(LINE))
    assert "/rec" not in customer.paths()
    (entry,) = client.calls(result.call_sid).notifications.list()
    assert entry.error_code == "11200"
    assert client.recordings(result.recording_sids[0]).fetch().duration == "3"


def test_record_verb(network: PracticeNetwork, customer: Customer, server: PracticeServer) -> None:
    """«Record»: the action gets RecordingUrl, RecordingDuration, Digits; one channel; maxLength; trimmed by default."""
    customer.pages |= {"/voice": '<Record action="/after" maxLength="30"/>', "/after": "<Hangup/>"}
    (sid,) = network.place_call(CallerPlan(LINE, talk_s=5)).recording_sids
    form = customer.got("/after").form
    assert form["RecordingUrl"].endswith(sid)
    assert 1 <= int(form["RecordingDuration"]) <= 5
    assert channels(media(server, sid).content).shape[1] == 1
    assert media(server, sid, RequestedChannels="2").status_code == 400
    customer.pages["/voice"] = '<Record action="/after" maxLength="2" trim="do-not-trim"/>'
    network.place_call(CallerPlan(LINE, talk_s=50))
    assert customer.all("/after")[1].form["RecordingDuration"] == "2"


def test_too_short_or_silent_is_absent(network: PracticeNetwork, customer: Customer, client: Client) -> None:
    """«Getting started with recording status callbacks»: absent, 16101 too short, 16102 silent."""
    customer.pages["/voice"] = f'<Dial record="record-from-answer-dual" {EVENTS}>{DESK}</Dial>'
    (sid,) = network.place_call(CallerPlan(LINE, talk_s=0.2)).recording_sids
    form = customer.all("/rec")[1].form
    assert (form["RecordingStatus"], form["ErrorCode"]) == ("absent", "16101")
    assert "RecordingDuration" not in form
    resource = client.recordings(sid).fetch()
    assert (resource.status, resource.error_code) == ("absent", 16101)
    customer.pages["/voice"] = "<Start><Recording/></Start><Pause length='5'/>"
    (sid,) = network.place_call(CallerPlan(LINE)).recording_sids
    assert client.recordings(sid).fetch().error_code == 16102


def test_only_completed_is_reported_by_default(network: PracticeNetwork, customer: Customer) -> None:
    """«Dial: recordingStatusCallbackEvent»."""
    customer.pages["/voice"] = f'<Dial record="true" recordingStatusCallback="/rec">{DESK}</Dial>'
    network.place_call(CallerPlan(LINE))
    assert customer.got("/rec").form["RecordingStatus"] == "completed"


def test_hours_are_written_in_blocks(network: PracticeNetwork, customer: Customer, client: Client) -> None:
    customer.pages["/voice"] = f'<Dial record="record-from-answer-dual">{DESK}</Dial>'
    (sid,) = network.place_call(CallerPlan(LINE, talk_s=900)).recording_sids
    assert client.recordings(sid).fetch().duration == "900"


def test_recordings_survive_a_restart_without_numbers(
    network: PracticeNetwork, customer: Customer, tmp_path: Path, clock: FastClock
) -> None:
    customer.pages["/voice"] = f'<Dial record="record-from-answer-dual" {EVENTS}>{DESK}</Dial>'
    result = network.place_call(CallerPlan(LINE))
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*.json"))
    for number in ("77015550123", LINE[1:], DESK[1:]):
        assert number.encode() not in written
    again = PracticeNetwork(tmp_path, clock=clock, account_sid=ACCOUNT, auth_token=TOKEN, speak=tone)
    with PracticeServer(again) as server:
        assert channels(media(server, result.recording_sids[0]).content).shape == (32_000, 2)
        call = requests.get(
            f"{server.url}/2010-04-01/Accounts/{ACCOUNT}/Calls/{result.call_sid}.json", auth=(ACCOUNT, TOKEN), timeout=5
        ).json()
    assert (call["status"], call["duration"], call["from"]) == ("completed", "6", None)


def test_what_runs_when_the_network_stops_is_lost(
    network: PracticeNetwork, customer: Customer, tmp_path: Path, clock: FastClock, client: Client
) -> None:
    """After a restart nobody is on the line: the call has failed, its recording is absent."""
    customer.pages["/voice"] = f'<Dial record="record-from-answer-dual">{DESK}</Dial>'
    found: list[str] = []

    def restart() -> None:
        again = PracticeNetwork(tmp_path, clock=clock, account_sid=ACCOUNT, auth_token=TOKEN, speak=tone)
        with PracticeServer(again) as server:
            base = f"{server.url}/2010-04-01/Accounts/{ACCOUNT}"
            for what in ("calls", "recordings"):
                answer = requests.get(f"{base}/{what.title()}.json", auth=(ACCOUNT, TOKEN), timeout=5).json()
                found.extend(entry["status"] for entry in answer[what])

    clock.after(4, restart)
    network.place_call(CallerPlan(LINE))
    assert found == ["failed", "failed", "absent"]


def test_sound_is_read_whatever_its_rate() -> None:
    assert abs(len(decode(wav(2.0, rate=22_050))) - 16_000) <= 16
