"""Calls that somebody lives through: by whose hand, with which keys, and how many at once."""

import time
from typing import Any

import pytest
import requests

from telephony.practice import live
from telephony.practice.caller import CallerPlan
from telephony.practice.line import Line
from telephony.practice.network import PracticeNetwork
from telephony.practice.server import PracticeServer
from tests.practice.customer import ACCOUNT, DESK, LINE, TOKEN, Customer

AUTH = (ACCOUNT, TOKEN)
GATHER = "<Gather numDigits='1' timeout='5' action='/key'><Play>/menu.wav</Play></Gather><Hangup/>"


@pytest.fixture(autouse=True)
def _pages(customer: Customer) -> None:
    from tests.practice.customer import wav

    customer.pages |= {"/voice": GATHER, "/menu.wav": wav(3.0), "/key": "<Hangup/>", "/status": ""}


def asked(server: PracticeServer, method: str, path: str = "", **given: Any) -> requests.Response:
    sent: dict[str, Any] = {"params": given} if method == "GET" else {"json": given}
    return requests.request(method, f"{server.url}/practice/live{path}", auth=AUTH, timeout=5, **sent)


def all_steps(server: PracticeServer, call_sid: str, owner: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    while True:
        told = asked(server, "GET", f"/{call_sid}", owner=owner, after=len(steps), wait=1).json()
        steps += told["steps"]
        if told["over"]:
            return steps


def test_a_call_is_told_to_who_lives_through_it_alone(server: PracticeServer) -> None:
    begun = asked(server, "POST", owner="somebody", plan={"to": LINE})
    assert begun.status_code == 201
    call_sid = begun.json()["call_sid"]
    steps = all_steps(server, call_sid, "somebody")
    assert [step["kind"] for step in steps][:1] == ["ringing"]
    assert steps[-1]["kind"] == "result"
    for method, path in (("GET", ""), ("POST", "/keys"), ("POST", "/hang-up")):
        assert asked(server, method, f"/{call_sid}{path}", owner="another", keys="1").status_code == 404
        assert asked(server, method, "/CA" + "0" * 32 + path, owner="somebody", keys="1").status_code == 404
    # what has ended takes no more, and that is no mistake
    assert asked(server, "POST", f"/{call_sid}/keys", owner="somebody", keys="1").status_code == 204
    assert asked(server, "POST", f"/{call_sid}/hang-up", owner="somebody").status_code == 204


@pytest.mark.parametrize("keys", ["", "x", "1a"])
def test_what_is_on_no_keypad_is_refused(server: PracticeServer, keys: str) -> None:
    call_sid = asked(server, "POST", owner="a", plan={"to": LINE}).json()["call_sid"]
    assert asked(server, "POST", f"/{call_sid}/keys", owner="a", keys=keys).status_code == 400


@pytest.mark.parametrize("given", [{}, {"owner": "a"}, {"owner": "a", "plan": {"to": "8"}}, {"owner": "a", "plan": []}])
def test_what_is_no_call_is_refused(server: PracticeServer, given: dict[str, Any]) -> None:
    assert asked(server, "POST", **given).status_code == 400


def test_a_number_of_nobody_is_refused(server: PracticeServer) -> None:
    answer = asked(server, "POST", owner="a", plan={"to": "+15005550000"})
    assert answer.status_code == 400
    assert "no number of this account" in answer.json()["error"]


def test_a_key_goes_into_the_running_call(network: PracticeNetwork, customer: Customer) -> None:
    """Pressed while the menu plays, it ends it there and then; pressed where none counts, it is told as lost."""
    pressed: list[str] = []

    def press(event: Any) -> None:
        if event.kind == "playing" and not pressed:
            pressed.append("2")
            assert network.press(event_sid[0], "2")

    event_sid: list[str] = []

    def heard(event: Any) -> None:
        event_sid.extend([event.details["call_sid"]] if event.kind == "ringing" else [])
        press(event)

    result = network.place_call(CallerPlan(to=LINE, live=True), heard)
    assert customer.got("/key").form["Digits"] == "2"
    assert "heard-to-end" not in [event.kind for event in result.events]
    assert not network.press(result.call_sid, "1")


def test_one_who_calls_again_puts_down_the_first_call_and_not_too_many_go_on(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch, customer: Customer
) -> None:
    customer.pages["/voice"] = f"<Dial>{DESK}</Dial>"
    monkeypatch.setattr(live, "MOST_AT_ONCE", 1)
    sleeps = Line._sleep_until

    def slowly(line: Line, end: float, *, keys_count: bool) -> str:
        # the test's clock runs away: the call has to wait for somebody
        until = time.monotonic() + 3
        while time.monotonic() < until and not line._cut.is_set():
            time.sleep(0.01)
        return sleeps(line, end, keys_count=keys_count)

    monkeypatch.setattr(Line, "_sleep_until", slowly)
    first = asked(server, "POST", owner="a", plan={"to": LINE}).json()["call_sid"]
    refused = asked(server, "POST", owner="b", plan={"to": LINE})
    assert refused.status_code == 400
    assert "wait until one has ended" in refused.json()["error"]
    second = asked(server, "POST", owner="a", plan={"to": LINE}).json()["call_sid"]
    ends = [step for step in all_steps(server, first, "a") if step["kind"] == "hung-up"]
    assert ends[0]["details"] == {"by": "caller"}
    assert asked(server, "POST", f"/{second}/hang-up", owner="a").status_code == 204
    assert all_steps(server, second, "a")[-1]["kind"] == "result"
