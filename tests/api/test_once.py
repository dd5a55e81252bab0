"""A request that comes again: the same answer word for word, and nothing done twice."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.api.once import KEPT_FOR
from storage.models import Hold, KeptAnswer, Person
from tests.api.programs import Program, program
from tests.pages.people import Town

ASKED = {"case": "2026-17", "reason": "court"}


def holds(town: Town) -> int:
    return int(town.house.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(Hold))))


def hold(town: Town, shown: Program, key: str, **other: Any) -> Any:
    return shown.post("/holds", ASKED | {"objects": [town.kept.id]} | other, Idempotency_Key=key)


def test_the_same_request_gets_the_same_answer(town: Town) -> None:
    pavel = program(town, "pavel")
    before = holds(town)
    first = hold(town, pavel, "one")
    town.house.work_for(30)
    again = hold(town, pavel, "one")
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert holds(town) == before + 1
    assert hold(town, pavel, "another").json["hold"] != first.json["hold"]


def test_another_request_with_that_key_is_a_conflict(town: Town) -> None:
    pavel = program(town, "pavel")
    made = hold(town, pavel, "two").json["hold"]
    before = holds(town)
    assert hold(town, pavel, "two", case="2026-18").status_code == 409
    assert pavel.post(f"/holds/{made}/lift", {"reason": "x"}, Idempotency_Key="two").status_code == 409
    assert holds(town) == before


def test_a_key_is_one_persons_and_lasts_a_day(town: Town) -> None:
    pavel = program(town, "pavel")
    first = hold(town, pavel, "three").json["hold"]
    town.house.clock.sleep((KEPT_FOR - timedelta(minutes=5)).total_seconds())
    shown = program(town, "pavel")
    assert hold(town, shown, "three").json["hold"] == first
    town.house.clock.sleep(timedelta(minutes=6).total_seconds())
    assert hold(town, program(town, "pavel"), "three").json["hold"] != first
    town.house.clock.sleep(KEPT_FOR.total_seconds() + 1)
    town.house.at.tokens.forget()
    assert town.house.ask(lambda s: s.scalars(sa.select(KeptAnswer)).all()) == []


def test_what_was_refused_is_asked_anew(town: Town) -> None:
    charlie = program(town, "charlie")
    asked = {"email": "dana@example.com", "role": "auditor", "centre": "none"}
    assert charlie.post("/people", asked, Idempotency_Key="four").status_code == 404
    right = asked | {"centre": None}
    made = charlie.post("/people", right, Idempotency_Key="four")
    assert made.status_code == 201
    assert charlie.post("/people", right).status_code == 409
    assert charlie.post(f"/people/{town.person('charlie').id}/end").status_code == 409, "nobody ends their own access"
    assert made.json is not None
    ended = charlie.post(f"/people/{made.json['person']}/end")
    assert ended.json is not None
    assert (ended.status_code, ended.json["active"]) == (200, False)
    assert (
        town.house.ask(lambda s: s.scalars(sa.select(Person.active).where(Person.email == asked["email"])).one())
        is False
    )


@pytest.mark.parametrize("key", ["", "é", "a b", "x" * 201])
def test_what_is_no_key_is_refused(town: Town, key: str) -> None:
    assert hold(town, program(town, "pavel"), key).status_code == 422


def test_two_at_once_do_it_once(town: Town) -> None:
    token = program(town, "pavel").token
    before = holds(town)
    answers = []
    begin = threading.Barrier(4)

    def send() -> None:
        shown = Program(town, token)
        begin.wait()
        answers.append(hold(town, shown, "at-once"))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert {each.status_code for each in answers} == {201}
    assert len({each.data for each in answers}) == 1
    assert holds(town) == before + 1
