"""A desk's own program pauses the recording of its call: by the least right, once, and told the truth."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.auth.people import give_access
from storage.models import Call, Centre
from tests.api.programs import Program, program
from tests.calls.talking import open_call, pauses, talk
from tests.pages.people import PASSWORD_HASH, Town

Said = list[tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def desk(town: Town) -> Program:
    """The program of the manager of the centre whose desk it is."""
    with town.house.at.database.begin() as session:
        centre = session.scalars(sa.select(Centre).where(Centre.code == "ast")).one()
        give_access(
            session,
            email="nurlan@example.com",
            role="centre_manager",
            centre=centre,
            password_hash=PASSWORD_HASH,
            now=town.house.clock.now(),
        )
    return program(town, "nurlan", ["calls:read", "pauses:read", "pauses:write"])


@pytest.fixture(autouse=True)
def _good_days(town: Town) -> Iterator[None]:
    yield
    town.house.faults.update_times_out = town.house.faults.update_refused = 0


def sent(shown: Program, said: Said, what: str, **headers: str) -> Any:
    def send(call: Call) -> None:
        answer = shown.post(f"/calls/{call.call_sid}/{what}", **headers)
        said.append((answer.status_code, json.loads(answer.text)))

    return send


def test_a_desk_finds_its_call_pauses_it_and_lets_it_go_on(town: Town, desk: Program) -> None:
    said: Said = []
    found: list[str] = []
    result = talk(
        town.house,
        (4.0, lambda _: found.extend(desk.listed_at("/calls?line=ast/stay&outcome=open"))),
        (4.0, sent(desk, said, "pause")),
        (9.0, sent(desk, said, "resume")),
    )
    assert found == [result.call_sid]
    (paused, first), (resumed, second) = said
    assert (paused, first["state"], first["paused"], first["silent_until"]) == (200, "paused", True, None)
    assert first["paused_at"] is not None
    assert (resumed, second["state"], second["paused"]) == (200, "resumed", False)
    assert (first["pause"], first["recording_sid"]) == (second["pause"], result.recording_sids[0])
    assert first["asked_by"] == town.person("nurlan").id
    assert desk.listed(f"/calls/{result.call_sid}/pauses") == [second]
    for name in ("alice", "pavel", "aidar"):
        assert program(town, name).listed(f"/calls/{result.call_sid}/pauses") == [second]
    assert program(town, "bob").get(f"/calls/{result.call_sid}/pauses").status_code == 404
    assert town.leaves("recording_paused")[-1]["token"] is not None


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "mira", "pavel", "aidar"])
def test_whoever_does_not_answer_for_that_desk_pauses_nothing(town: Town, name: str) -> None:
    """Alice reviews there, Bob elsewhere, Charlie administers; Mira manages another centre."""
    said: Said = []
    shown = program(town, name)
    talk(town.house, (4.0, sent(shown, said, "pause")), (6.0, sent(shown, said, "resume")))
    assert [status for status, _ in said] == [404, 404]
    assert pauses(town.house) == []


def test_a_token_for_less_pauses_nothing(town: Town, desk: Program) -> None:
    said: Said = []
    less = program(town, "nurlan", ["calls:read", "pauses:read"])
    talk(town.house, (4.0, sent(less, said, "pause")), (4.0, sent(Program(town, None), said, "pause")))
    assert [status for status, _ in said] == [403, 401]
    assert pauses(town.house) == []
    desk.token = program(town, "nurlan").token


def test_a_repeat_gets_the_same_answer_while_it_is_true(town: Town, desk: Program) -> None:
    said: Said = []
    pause, resume = sent(desk, said, "pause", Idempotency_Key="p1"), sent(desk, said, "resume", Idempotency_Key="r1")
    again = sent(desk, said, "pause")
    talk(town.house, (4.0, pause), (5.0, pause), (6.0, again), (8.0, resume), (9.0, resume), (10.0, pause))
    (first, *same), (went_on, over), last = said[:3], said[3:5], said[5]
    assert same == [first, first]
    assert went_on == over
    assert (went_on[0], went_on[1]["state"]) == (200, "resumed")
    assert (last[0], last[1]["why"]) == (409, "over")
    assert "NOT paused" in last[1]["detail"], "the same answer again would not be true"
    assert len(pauses(town.house)) == 1


def test_a_pause_that_the_carrier_did_not_confirm_is_no_pause(town: Town, desk: Program) -> None:
    said: Said = []
    town.house.faults.update_times_out = 1000
    talk(town.house, (4.0, sent(desk, said, "pause", Idempotency_Key="p2")), talk_s=30)
    ((status, problem),) = said
    assert status == 503
    assert "NOT known to be paused" in problem["detail"]
    assert "408" in problem["detail"]


def test_a_desk_is_told_that_a_call_is_not_recorded(town: Town, desk: Program) -> None:
    said: Said = []

    def ask() -> None:
        call = open_call(town.house)
        sent(desk, said, "pause")(call)

    town.house.clock.after(20, ask)
    town.house.call("opt_out", "ru", "press:2", talk_s=60)
    ((status, problem),) = said
    assert (status, problem["why"]) == (409, "not_recorded")


def test_a_pause_that_the_carrier_refused_is_no_pause(town: Town, desk: Program) -> None:
    said: Said = []
    town.house.faults.update_refused = 1
    talk(town.house, (4.0, sent(desk, said, "pause", Idempotency_Key="p3")))
    ((status, problem),) = said
    assert (status, problem["why"]) == (409, "refused")
    assert "NOT paused" in problem["detail"]


def test_what_cannot_be_paused_says_why(town: Town, desk: Program) -> None:
    over = desk.post(f"/calls/{town.recorded.call_sid}/pause")
    assert (over.status_code, over.json and over.json["detail"]) == (
        409,
        "this call is over: nothing more of it is recorded",
    )
    assert over.json is not None
    assert over.json["why"] == "over"
    assert desk.post("/calls/CAnone/pause").status_code == 404
    assert desk.post(f"/calls/{town.recorded.call_sid}/pause", Idempotency_Key="a b").status_code == 422
