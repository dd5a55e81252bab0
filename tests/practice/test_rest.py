"""The REST API, asked by the unchanged `twilio` package: «Call», «Recording», «IncomingPhoneNumber», «Notification»."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from telephony.practice.caller import CallerPlan
from telephony.practice.network import PracticeNetwork
from telephony.practice.server import PracticeServer
from tests.practice.customer import ACCOUNT, DESK, LINE, TOKEN, Customer, FastClock, PracticeHttpClient, wav
from tests.practice.test_recordings import channels, loud, media

UNKNOWN = "CA" + "9" * 32


@pytest.fixture(autouse=True)
def _pages(customer: Customer) -> None:
    dial = f'<Dial record="record-from-answer-dual" action="/after" recordingStatusCallback="/rec">{DESK}</Dial>'
    customer.pages |= {"/voice": dial, "/after": "<Pause length='60'/>", "/rec": "", "/status": ""}


@pytest.fixture
def planted(network: PracticeNetwork, tmp_path: Path) -> list[str]:
    file = tmp_path / "given.wav"
    file.write_bytes(wav(3.0))
    return [
        network.add_recording(
            UNKNOWN, file, channels=1, duration_s=3, start_time=datetime(2026, 10, day, 12, tzinfo=UTC)
        )
        for day in range(1, 8)
    ]


def refused(call: Any, *args: Any, **options: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as error:
        call(*args, **options)
    return error.value


def test_who_may_ask(server: PracticeServer) -> None:
    """Error 20003: Authenticate."""
    http = PracticeHttpClient(server.url)
    error = refused(Client(ACCOUNT, "wrong", http_client=http).calls(UNKNOWN).fetch)
    assert (error.status, error.code) == (401, 20003)
    assert http.session is not None
    http.session.close()


def test_calls(network: PracticeNetwork, client: Client) -> None:
    """«Call»: properties, statuses, filters."""
    result = network.place_call(CallerPlan(LINE, callee="busy", talk_s=5))
    call = client.calls(result.call_sid).fetch()
    assert (call.status, call.direction, call.to, call._from) == ("completed", "inbound", LINE, "+77015550123")
    assert call.duration == "61"
    assert call.start_time == datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    (leg,) = client.calls.list(parent_call_sid=call.sid)
    assert (leg.status, leg.direction, leg.start_time) == ("busy", "outbound-dial", None)
    assert {c.sid for c in client.calls.list()} == {call.sid, leg.sid}
    assert [c.sid for c in client.calls.list(status="busy")] == [leg.sid]
    assert client.calls.list(start_time_after=datetime(2026, 11, 3, tzinfo=UTC)) == []
    error = refused(client.calls(UNKNOWN).fetch)
    assert (error.status, error.code) == (404, 20404)


def test_hanging_up_a_call(network: PracticeNetwork, client: Client, clock: FastClock) -> None:
    """«Call»: Status=completed ends a call in progress; error 21220 for one that is not."""
    sids: list[str] = []
    clock.after(4, lambda: client.calls(sids[0]).update(status="completed"))
    result = network.place_call(
        CallerPlan(LINE, talk_s=100), lambda event: sids.append(event.details.get("call_sid", ""))
    )
    assert result.status == "completed"
    assert result.duration_s in {4, 5}
    assert client.recordings(result.recording_sids[0]).fetch().status == "completed"
    error = refused(client.calls(result.call_sid).update, status="completed")
    assert (error.status, error.code) == (400, 21220)


def test_pages(client: Client, planted: list[str]) -> None:
    """«Recording: read multiple»: pages of PageSize, joined by next_page_uri."""
    newest_first = list(reversed(planted))
    assert [r.sid for r in client.recordings.list(page_size=2)] == newest_first
    assert [r.sid for r in client.recordings.list(limit=3)] == newest_first[:3]
    assert [r.sid for r in client.recordings.stream(page_size=3, call_sid=UNKNOWN)] == newest_first
    page = client.recordings.page(page_size=4)
    assert len(list(page)) == 4
    assert page.next_page() is not None
    assert page.previous_page_url is None


def test_recordings_by_date(client: Client, planted: list[str]) -> None:
    """«Recording: DateCreated»: a day, or from and to midnight, the boundary included."""
    assert [r.sid for r in client.recordings.list(date_created=date(2026, 10, 3))] == [planted[2]]
    assert len(client.recordings.list(date_created_after=datetime(2026, 10, 5, tzinfo=UTC))) == 3
    assert len(client.recordings.list(date_created_before=datetime(2026, 10, 5, 12, tzinfo=UTC))) == 5
    assert client.recordings.list(call_sid="CA" + "0" * 32) == []


def test_a_recording_of_a_call_that_nobody_knows(client: Client, server: PracticeServer, planted: list[str]) -> None:
    assert len(client.calls(UNKNOWN).recordings.list()) == 7
    assert client.calls(UNKNOWN).recordings(planted[0]).fetch().call_sid == UNKNOWN
    assert media(server, planted[0]).content == wav(3.0)
    assert refused(client.calls(UNKNOWN).fetch).status == 404


def test_delete(client: Client, server: PracticeServer, planted: list[str], clock: FastClock) -> None:
    """«Recording: delete»: 204; the metadata stays listed for 40 days on request."""
    sid = planted[0]
    assert client.recordings(sid).delete() is True
    assert refused(client.recordings(sid).fetch).code == 20404
    assert refused(client.recordings(sid).delete).status == 404
    gone = media(server, sid)
    assert gone.status_code == 404
    assert gone.headers["Content-Type"].startswith("application/xml")
    assert b"<Code>20404</Code>" in gone.content
    assert sid not in {r.sid for r in client.recordings.list()}
    assert client.recordings(sid).fetch(include_soft_deleted=True).status == "deleted"
    assert sid in {r.sid for r in client.recordings.list(include_soft_deleted=True)}
    clock.sleep(41 * 24 * 3600)
    assert sid not in {r.sid for r in client.recordings.list(include_soft_deleted=True)}


def test_pause_resume_stop_and_delete_during_a_call(
    network: PracticeNetwork, client: Client, server: PracticeServer, clock: FastClock, customer: Customer
) -> None:
    """«Recording: update»: paused, in-progress, stopped; a GET shows in-progress while paused; error 16108."""
    seen: dict[str, Any] = {}

    def current() -> Any:
        (call,) = client.calls.list(status="in-progress", to=LINE)
        return client.calls(call.sid).recordings

    def pause() -> None:
        (recording,) = current().list()
        seen["paused"] = current()("Twilio.CURRENT").update(status="paused").status
        seen["shown"] = client.recordings(recording.sid).fetch().status
        seen["early"] = refused(client.recordings(recording.sid).delete)
        seen["media"] = media(server, recording.sid)

    def resume() -> None:
        seen["resumed"] = current()("Twilio.CURRENT").update(status="in-progress").status

    def stop() -> None:
        (recording,) = current().list()
        seen["stopped"] = current()(recording.sid).update(status="stopped").status
        seen["again"] = refused(current()(recording.sid).update, status="stopped")

    # answered after two seconds of ringing
    clock.after(2 + 4, pause)
    clock.after(2 + 7, resume)
    clock.after(2 + 10, stop)
    (sid,) = network.place_call(CallerPlan(LINE, talk_s=20)).recording_sids
    assert (seen["paused"], seen["shown"], seen["resumed"]) == ("paused", "in-progress", "in-progress")
    assert (seen["early"].status, seen["early"].code) == (400, 20009)
    assert seen["media"].status_code == 404
    assert seen["stopped"] == "stopped"
    assert seen["again"].code == 21220
    assert [heard.form["RecordingStatus"] for heard in customer.all("/rec")] == ["completed"]
    heard = loud(channels(media(server, sid).content).max(axis=1))
    assert len(heard) == 100
    assert heard[:39].any()
    assert not heard[41:69].any()
    assert heard[71:].any()
    assert client.recordings(sid).delete() is True


def test_a_skipped_pause_is_left_out(network: PracticeNetwork, client: Client, clock: FastClock) -> None:
    """«Recording: PauseBehavior» skip."""

    def update(status: str) -> None:
        (call,) = client.calls.list(status="in-progress", to=LINE)
        client.calls(call.sid).recordings("Twilio.CURRENT").update(status=status, pause_behavior="skip")

    clock.after(2 + 4, lambda: update("paused"))
    clock.after(2 + 7, lambda: update("in-progress"))
    (sid,) = network.place_call(CallerPlan(LINE, talk_s=10)).recording_sids
    assert client.recordings(sid).fetch().duration == "7"


def test_several_recordings_have_no_current_one(
    network: PracticeNetwork, client: Client, clock: FastClock, customer: Customer
) -> None:
    """Error 16108: more than one active recording for the call."""
    customer.pages["/voice"] = "<Start><Recording/></Start>" + customer.pages["/voice"]
    errors: list[TwilioRestException] = []

    def pause() -> None:
        (call,) = client.calls.list(status="in-progress", to=LINE)
        errors.append(refused(client.calls(call.sid).recordings("Twilio.CURRENT").update, status="paused"))

    clock.after(4, pause)
    network.place_call(CallerPlan(LINE))
    assert errors[0].code == 16108


def test_numbers(network: PracticeNetwork, client: Client) -> None:
    """«IncomingPhoneNumber»: found by the number, set by its SID, read back."""
    (number,) = client.incoming_phone_numbers.list(phone_number=LINE)
    changed = client.incoming_phone_numbers(number.sid).update(
        voice_url="https://example.com/voice",
        voice_method="POST",
        voice_fallback_url="https://example.com/fallback",
        status_callback="https://example.com/status",
        status_callback_method="POST",
    )
    again = client.incoming_phone_numbers(number.sid).fetch()
    assert again.voice_url == changed.voice_url == "https://example.com/voice"
    assert again.voice_fallback_url == "https://example.com/fallback"
    assert again.status_callback == "https://example.com/status"
    made = client.incoming_phone_numbers.create(phone_number="+77172000009", friendly_name="side door")
    assert made.sid.startswith("PN")
    assert len(client.incoming_phone_numbers.list()) == 2
    assert refused(client.incoming_phone_numbers("PN" + "0" * 32).fetch).status == 404
    assert network.add_number(LINE) == number.sid


def test_notifications(network: PracticeNetwork, client: Client, customer: Customer) -> None:
    """«Notification»: what went wrong in a call, by error code; the request's URL without its query."""
    customer.pages["/voice"] = "<Play>/missing.wav?key=1</Play><Redirect>/broken?key=1</Redirect>"
    result = network.place_call(CallerPlan(LINE))
    entries = client.calls(result.call_sid).notifications.list()
    assert [entry.error_code for entry in entries] == ["11200", "11200"]
    assert {entry.log for entry in entries} == {"0"}
    assert not any("key" in (entry.request_url or "") for entry in entries)


def test_what_there_is_not(server: PracticeServer) -> None:
    base = f"{server.url}/2010-04-01/Accounts/{ACCOUNT}"
    for method, path, status in (
        ("GET", f"/Recordings/{UNKNOWN}.mp3", 404),
        ("PUT", "/Calls.json", 405),
        ("GET", "/Recordings.json?PageSize=many", 400),
        ("GET", "/Recordings.json?DateCreated=soon", 400),
        ("GET", "/Conferences.json", 404),
    ):
        assert requests.request(method, base + path, auth=(ACCOUNT, TOKEN), timeout=5).status_code == status


def test_a_long_recording_is_streamed(network: PracticeNetwork, server: PracticeServer, tmp_path: Path) -> None:
    """A stereo day is 1.4 GB; here a sparse file of that size is linked in, and its beginning read."""
    file = tmp_path / "long.wav"
    with file.open("wb") as out:
        out.truncate(1_400_000_000)
    sid = network.add_recording(UNKNOWN, file, channels=2, duration_s=43_200)
    url = f"{server.url}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}.wav"
    with requests.get(url, auth=(ACCOUNT, TOKEN), stream=True, timeout=5) as answer:
        assert answer.headers["Content-Length"] == "1400000000"
        assert next(answer.iter_content(1000)) == bytes(1000)
    os.truncate(file, 0)
