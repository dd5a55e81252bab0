"""What reviewers do, by programs: scores, notes, heard and taken back; and what is given out of a call."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from storage.models import Call, CardDataPurge, KeptAnswer, Review, ReviewNote, StoredObject
from tests.api.programs import answers, program, recording_of
from tests.pages.people import Town

NOTE = {"at_s": 1.25, "text": "says her name"}
WHY = {"reason": "Court of Astana, 2026-17"}


@pytest.fixture(scope="module")
def sid(town: Town) -> str:
    return recording_of(town).recording_sid


def heard(town: Town) -> Any:
    return town.house.ask(lambda s: s.get(StoredObject, town.kept.id)).heard_by


def count(town: Town, table: type[Any]) -> int:
    return int(town.house.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(table))))


def test_a_review_is_written_once_told_and_counts(town: Town, sid: str) -> None:
    alice = program(town, "alice")
    sent = answers(alice, sid)
    made = alice.post(f"/recordings/{sid}/review", sent, Idempotency_Key="r")
    again = alice.post(f"/recordings/{sid}/review", sent, Idempotency_Key="r")
    assert (made.status_code, again.data) == (201, made.data)
    assert made.json is not None
    assert (made.json["number"], made.json["by"], made.json["media_gone"]) == (1, "alice@example.com", False)
    assert alice.post(f"/recordings/{sid}/review", sent).status_code == 409, "somebody has reviewed since"
    assert alice.post(f"/recordings/{sid}/review", sent | {"seen": 1, "answers": {}}).status_code == 409
    assert count(town, Review) == 1
    assert town.leaves("review_submitted")[-1]["review"] == made.json["review"]
    said = alice.get(f"/recordings/{sid}/review").json
    assert said is not None
    assert (said["heard"], said["seen"], said["reviews"]) == (True, 1, [made.json])
    assert alice.listed("/reviews") == [made.json]
    score = made.json["score"]
    assert town.house.ask(lambda s: s.get(Call, town.recorded.id)).score == score
    assert alice.listed_at(f"/calls?score_at_least={score}") == [town.recorded.call_sid]
    assert alice.listed_at("/calls?score_at_most=100&score_at_least=100") == (
        [town.recorded.call_sid] if score == 100 else []
    )


def test_a_note_is_written_once_and_its_words_are_kept_nowhere_else(town: Town, sid: str) -> None:
    alice = program(town, "alice")
    made = alice.post(f"/recordings/{sid}/notes", NOTE, Idempotency_Key="n")
    assert alice.post(f"/recordings/{sid}/notes", NOTE, Idempotency_Key="n").data == made.data
    assert made.json is not None
    assert count(town, ReviewNote) == 1
    said = alice.get(f"/recordings/{sid}/review").json
    assert said is not None
    (note,) = said["notes"]
    assert (note["note"], note["at_s"], note["text"]) == (made.json["note"], 1.25, NOTE["text"])
    kept = town.house.ask(lambda s: s.scalars(sa.select(KeptAnswer.body)).all())
    assert not any(NOTE["text"] in body for body in kept)
    assert alice.post(f"/recordings/{sid}/notes", NOTE | {"at_s": 9000}).status_code == 409


def test_heard_is_marked_and_taken_back_by_who_marked_it(town: Town, sid: str) -> None:
    alice = program(town, "alice")
    path = f"/recordings/{sid}/heard"
    for wanted in (True, True, False, False):
        answer = alice.post(path, {"heard": wanted})
        assert (answer.status_code, answer.json["heard"]) == (200, wanted)  # type: ignore[index]
        assert heard(town) == (town.person("alice").id if wanted else None)
    with town.house.at.database.begin() as session:
        row = session.get_one(StoredObject, town.kept.id)
        row.heard_at, row.heard_by = town.house.clock.now(), town.person("bob").id
    assert alice.post(path, {"heard": False}).status_code == 409
    assert heard(town) == town.person("bob").id


@pytest.mark.parametrize("name", ["bob", "mira", "charlie", "pavel", "aidar"])
def test_nobody_else_reviews(town: Town, sid: str, name: str) -> None:
    shown = program(town, name)
    sent = answers(program(town, "alice"), sid)
    for path, body in (("review", sent), ("notes", NOTE), ("heard", {"heard": True})):
        assert shown.post(f"/recordings/{sid}/{path}", body).status_code == 404
    assert shown.get(f"/recordings/{sid}/review").status_code == 404
    assert name == "bob" or shown.get("/calls?score_at_least=0").status_code in (403, 404)
    assert name != "bob" or shown.listed_at("/calls?score_at_least=0") == []


def test_a_score_is_searched_for_with_its_scope_alone(town: Town) -> None:
    assert program(town, "alice", ["calls:read"]).get("/calls?score_at_most=50").status_code == 403
    alice = program(town, "alice")
    for wrong in ("-1", "101", "x"):
        assert alice.get(f"/calls?score_at_most={wrong}").status_code == 422


def test_the_evidence_of_a_call_is_what_its_sheet_says(town: Town) -> None:
    path = f"/calls/{town.recorded.call_sid}/evidence"
    told = program(town, "aidar").get(path).json
    assert told is not None
    assert (told["call_sid"], told["outcome"]) == (town.recorded.call_sid, "recorded")
    assert told["notice"]["version"].startswith("stay-ru")
    assert told["recordings"][0]["sha256"] == town.kept.sha256
    assert {"consent_given", "call_settled"} <= {each["kind"] for each in told["leaves"]}
    assert "+77015550123" not in json.dumps(told)
    for name in ("alice", "bob", "charlie", "mira"):
        assert program(town, name).get(path).status_code == 404


def test_what_is_given_out_is_told_each_time(town: Town) -> None:
    path, before = f"/calls/{town.recorded.call_sid}/evidence", len(town.leaves("given_out"))
    pavel, aidar = program(town, "pavel"), program(town, "aidar")
    for form, kind, begins in (("pdf", "application/pdf", b"%PDF-"), ("vcon", "application/vcon+json", b"{")):
        sent = WHY | ({"language": "kk"} if form == "pdf" else {})
        for _ in range(2):
            answer = pavel.post(f"{path}/{form}", sent, Idempotency_Key="g")
            assert (answer.status_code, answer.mimetype) == (200, kind)
            assert answer.data.startswith(begins)
        assert aidar.post(f"{path}/{form}", sent).status_code == 404
        assert pavel.post(f"/calls/nothing/evidence/{form}", sent).status_code == 404
        assert pavel.post(f"{path}/{form}", sent | {"reason": " "}).status_code == 409
    assert len(town.leaves("given_out")) == before + 4
    assert town.leaves("given_out")[-1]["reason"] == WHY["reason"]


def test_card_data_is_purged_by_two_people(town: Town) -> None:
    alice, pavel = program(town, "alice"), program(town, "pavel")
    sent = {"object_id": town.kept.id, "spans": [{"from": 0.5, "to": 0.7501}], "reason": "a card number is heard"}
    assert program(town, "bob").post("/purges", sent).status_code == 404
    assert alice.post("/purges", sent | {"spans": [{"from": 1, "to": 9000}]}).status_code == 409
    first = alice.post("/purges", sent, Idempotency_Key="p")
    assert first.json is not None
    assert (first.json["state"], first.json["spans"]) == ("asked", [{"from": 0.5, "to": 0.751}])
    purge, sha256 = first.json["purge"], {"hash": first.json["hash"]}
    assert alice.post(f"/purges/{purge}/approve", sha256).status_code == 404
    assert pavel.post(f"/purges/{purge}/approve", {"hash": "0" * 64}).status_code == 409
    assert pavel.post(f"/purges/{purge}/approve", sha256).json["state"] == "approved"  # type: ignore[index]
    town.house.work()
    assert town.house.ask(lambda s: s.get(CardDataPurge, purge)).state == "done"
    assert alice.post("/purges", sent, Idempotency_Key="p").data == first.data, "though its object is gone"
    assert pavel.post(f"/purges/{purge}/withdraw", {"reason": "too late"}).status_code == 409
    (listed,) = pavel.listed("/purges")
    assert listed["copy_id"] is not None
