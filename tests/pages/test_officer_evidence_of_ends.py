"""Receipts, the ledger, findings, declined calls: who sees them, and what can be taken away and checked."""

import io
import json
import zipfile

import pytest
import sqlalchemy as sa

from app.examination import examine
from storage.findings import note_finding
from storage.ledger.checkpoint import check_proof, open_checkpoint
from storage.models import Finding, SignedCheckpoint
from tests.house import CALLER
from tests.pages.officer import deleted, found, more_officers, placed, stored
from tests.pages.people import Town


@pytest.fixture(scope="module", autouse=True)
def _officers(town: Town) -> None:
    more_officers(town)


@pytest.fixture(scope="module")
def gone(town: Town) -> str:
    object_id = stored(town)
    deleted(town, object_id)
    placed(town)
    return object_id


def fine(town: Town, part: str) -> bool:
    """What doctor says of it."""
    return {each.name: each.fine for each in examine(town.house.at)}[part]


@pytest.mark.parametrize("name", ["pavel", "aidar", "here"])
def test_a_receipt_is_taken_away_and_checked(town: Town, gone: str, name: str) -> None:
    visitor = town.signed_in(name)
    assert gone in visitor.get("/receipts").text
    answer = visitor.post(f"/receipts/{gone}/bundle", form=visitor.form(f"/receipts/{gone}"))
    assert answer.mimetype == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert json.loads(archive.read("receipt.json"))["object_id"] == gone
    open_checkpoint(archive.read("checkpoint.txt").decode(), archive.read("ledger.vkey").decode())


def test_a_receipt_of_another_centre_is_not_there(town: Town, gone: str) -> None:
    there = town.signed_in("there")
    assert gone not in there.get("/receipts").text
    assert there.get(f"/receipts/{gone}").status_code == 404
    assert there.post(f"/receipts/{gone}/bundle", form=there.form("/receipts")).status_code == 404


def test_the_ledger_is_not_evident_until_a_checkpoint_is_taken_away(town: Town) -> None:
    with town.house.at.database.begin() as session:
        session.execute(sa.update(SignedCheckpoint).values(given_at=None))
    placed(town)
    aidar = town.signed_in("aidar")
    assert "not yet tamper-evident" in aidar.get("/ledger?lang=en").text
    assert not fine(town, "ledger")
    answer = aidar.post("/ledger/checkpoint", form=aidar.form("/ledger"))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    told = open_checkpoint(answer.text, town.house.at.ledger.verifier())
    assert told.size > 0
    assert "not yet tamper-evident" not in aidar.get("/ledger?lang=en").text
    assert fine(town, "ledger")


def test_the_proof_of_one_leaf_leads_to_a_checkpoint(town: Town) -> None:
    placed(town)
    aidar = town.signed_in("aidar")
    page = aidar.get("/ledger/1?lang=en").text
    hashed = page.partition("Hash in the tree</dt><dd><code>")[2][:64]
    proof = aidar.post("/ledger/1/proof", form=aidar.form("/ledger/1")).text
    assert check_proof(proof, bytes.fromhex(hashed), town.house.at.ledger.verifier())[0] == 1
    for place in (999999, 10**30):
        assert aidar.get(f"/ledger/{place}").status_code == 404
        assert aidar.post(f"/ledger/{place}/proof", form=aidar.form("/ledger/1")).status_code == 404
    assert aidar.get(f"/ledger?before={10**30}").status_code == 200


def test_a_finding_is_closed_with_a_reason_and_opens_when_it_is_seen_again(town: Town) -> None:
    found(town, "RE11")
    pavel = town.signed_in("pavel")
    row = town.house.ask(lambda s: s.scalars(sa.select(Finding).where(Finding.subject == "RE11")).one())
    assert "RE11" in pavel.get("/findings").text
    form = pavel.form("/findings")
    assert pavel.post(f"/findings/{row.id}/close", form=form, reason=" ").status_code == 400
    assert pavel.post(f"/findings/{row.id}/close", form=form, reason="asked the carrier").status_code == 303
    assert pavel.post(f"/findings/{row.id}/close", form=form, reason="again").status_code == 400
    assert fine(town, "findings")
    told = town.leaves("finding_closed")[-1]
    assert (told["subject"], told["closed_by"]) == ("RE11", town.person("pavel").id)
    leaves = len(town.leaves("finding"))
    found(town, "RE11")
    assert not fine(town, "findings")
    assert len(town.leaves("finding")) == leaves + 1


def test_what_nobody_can_end_stays_closed_unless_there_is_news(town: Town) -> None:
    def see(told: str) -> Finding:
        with town.house.at.database.begin() as session:
            note_finding(session, "unanswered_recording", "RE12", told, town.house.clock.now())
            row: Finding = session.scalars(sa.select(Finding).where(Finding.subject == "RE12")).one()
        return row

    row = see("it is there")
    pavel = town.signed_in("pavel")
    assert pavel.post(f"/findings/{row.id}/close", form=pavel.form("/findings"), reason="known").status_code == 303
    assert see("it is there").closed_at is not None
    assert see("it is there twice").closed_at is None


def test_of_the_declined_there_is_a_count_and_no_number(town: Town) -> None:
    town.house.call("stay", "kk", "hangup-during-notice")
    town.house.call("opt_out", "ru", "press:2")
    town.house.work_for(30)
    pavel = town.signed_in("pavel")
    page = pavel.get("/declined?lang=en").text
    assert "pressed the key" in page
    assert "hung up" in page
    assert CALLER[1:] not in page
    assert "pressed the key" not in town.signed_in("there").get("/declined?lang=en").text


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "mira"])
def test_nobody_else_meets_any(town: Town, gone: str, name: str) -> None:
    visitor = town.signed_in(name)
    for path in ("/receipts", f"/receipts/{gone}", "/ledger", "/ledger/0", "/findings", "/declined"):
        assert visitor.get(path).status_code == 404
    assert [town.signed_in("here").get(path).status_code for path in ("/ledger", "/ledger/0", "/findings")] == [404] * 3
