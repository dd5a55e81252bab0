"""The practice phone as a server of its own, and several calls at a time."""

import json
import threading
from collections import Counter

import pytest
import requests

from telephony.practice.caller import CallerPlan, CallResult
from telephony.practice.network import PracticeNetwork
from telephony.practice.server import PracticeServer, read_plan
from tests.practice.customer import ACCOUNT, DESK, LINE, TOKEN, Customer

AUTH = (ACCOUNT, TOKEN)


@pytest.fixture(autouse=True)
def _pages(customer: Customer) -> None:
    customer.pages |= {"/voice": f"<Dial record='record-from-answer-dual'>{DESK}</Dial>", "/status": ""}


def test_a_call_is_told_line_by_line(server: PracticeServer) -> None:
    plan = {"to": LINE, "talk_s": 2.0}
    with requests.post(f"{server.url}/practice/calls", json=plan, auth=AUTH, stream=True, timeout=5) as answer:
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert [line["kind"] for line in lines[:3]] == ["ringing", "fetched", "answered"]
    assert lines[-1]["kind"] == "result"
    assert lines[-1]["status"] == "completed"
    assert lines[-1]["recording_sids"][0].startswith("RE")
    assert all(line["text"] for line in lines)


def test_only_the_account_may_call(server: PracticeServer) -> None:
    assert requests.get(f"{server.url}/practice/health", auth=AUTH, timeout=5).status_code == 200
    for auth in (None, (ACCOUNT, "wrong")):
        assert requests.get(f"{server.url}/practice/health", auth=auth, timeout=5).status_code == 401
        assert requests.post(f"{server.url}/practice/calls", json={}, auth=auth, timeout=5).status_code == 401
    assert requests.get(f"{server.url}/practice/calls", auth=AUTH, timeout=5).status_code == 404


@pytest.mark.parametrize(
    "plan", [[], {}, {"to": LINE, "tone": 1}, {"to": "8800"}, {"to": LINE, "do": "sing"}, {"to": LINE, "do": "press:"}]
)
def test_plans_that_nobody_can_follow(server: PracticeServer, plan: object) -> None:
    answer = requests.post(f"{server.url}/practice/calls", json=plan, auth=AUTH, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_call_that_cannot_be_placed_ends_the_lines(server: PracticeServer) -> None:
    answer = requests.post(f"{server.url}/practice/calls", json={"to": "+15005550000"}, auth=AUTH, timeout=5)
    (line,) = [json.loads(line) for line in answer.text.splitlines()]
    assert line["kind"] == "error"
    assert "no number of this account" in line["text"]


def test_a_port_that_is_taken(server: PracticeServer, network: PracticeNetwork) -> None:
    with pytest.raises(OSError, match="in use"):
        PracticeServer(network, server.port)


def test_plans_are_read_whole() -> None:
    plan = read_plan(
        {"to": LINE, "language": "kk", "menu_digit": "1", "do": "press-early:1,press:1", "speech": "a.wav"}
    )
    assert plan.script == ("press-early:1", "press:1")
    assert str(plan.speech) == "a.wav"


def test_calls_at_the_same_time(network: PracticeNetwork, customer: Customer) -> None:
    """Each has its own SIDs, and nothing of one comes to another."""
    results: list[CallResult] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(network.place_call(CallerPlan(LINE, f"+7701555000{n}"))))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({result.call_sid for result in results}) == 8
    assert len({sid for result in results for sid in result.recording_sids}) == 8
    ends = Counter((heard.form["CallSid"], heard.form["From"]) for heard in customer.all("/status"))
    assert len(ends) == 8
    assert set(ends.values()) == {1}
