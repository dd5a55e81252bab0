"""One call's evidence: the page, the PDF in three languages, the vCon that a stranger checks, and who gives it out."""

import base64
import hashlib
import json
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import RSAKey

from storage.ledger.checkpoint import check_proof
from storage.ledger.log import commitment
from storage.ledger.tree import leaf_hash
from storage.models import Call
from tests.house import CALLER
from tests.pages.officer import call_of, deleted, more_officers, placed, stored
from tests.pages.pdf import text_of
from tests.pages.people import Town, Visitor

REASON: dict[str, Any] = {"reason": "to the court, case 7"}
TITLES = {"kk": "Қоңырау туралы дәлелдемелер", "ru": "Доказательства по звонку", "en": "Evidence of a call"}


@pytest.fixture(scope="module", autouse=True)
def _officers(town: Town) -> None:
    more_officers(town)


@pytest.fixture(scope="module")
def path(town: Town) -> str:
    placed(town)
    return f"/calls/{call_of(town, town.kept.id)}/evidence"


def given(visitor: Visitor, path: str, form: str, language: str = "en") -> bytes:
    answer = visitor.post(f"{path}/{form}?lang={language}", form=visitor.form(path), **REASON)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return bytes(answer.data)


def opened(data: bytes) -> tuple[dict[str, Any], Any]:
    """A vCon, checked with nothing but the public key of its certificate."""
    signed = json.loads(data)
    (member,) = signed["signatures"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(member["header"]["x5c"][0]))
    public = certificate.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key = RSAKey.import_key(public)
    checked = jws.deserialize_json(signed, key, registry=jws.JWSRegistry(strict_check_header=False))
    return json.loads(checked.payload), key


def test_a_signed_vcon_is_what_a_stranger_can_check(town: Town, path: str) -> None:
    pavel = town.signed_in("pavel")
    data = given(pavel, path, "vcon")
    content, key = opened(data)
    assert content["vcon"] == "0.4.0"
    assert content["extensions"] == ["lawful_basis"]
    assert content["uuid"][14] == "8"
    assert content["parties"][0] == {"type": "person", "tel": CALLER}
    (dialog,) = content["dialog"]
    assert dialog["type"] == "recording"
    assert dialog["parties"] == [0, 1]
    assert "body" not in dialog
    digest = base64.urlsafe_b64decode(dialog["content_hash"].removeprefix("sha256-") + "=")
    assert digest == hashlib.sha256(town.house.plain(town.kept)).digest()
    for each in content["attachments"]:
        assert {"purpose", "start", "party", "dialog", "encoding", "body"} <= each.keys()
        assert each["party"] < len(content["parties"])
    basis = content["attachments"][0]
    assert (basis["type"], basis["purpose"], basis["encoding"]) == ("lawful_basis", "lawful_basis", "json")
    body = basis["body"]
    assert body["lawful_basis"] == "consent"
    assert body["expiration"] is not None
    assert {grant["purpose"]: grant["granted"] for grant in body["purpose_grants"]} == {
        "recording": True,
        "training": True,
        "quality": True,
    }
    for mechanism in body["proof_mechanisms"]:
        proof = mechanism["proof_data"]
        check_proof(proof["proof"], leaf_hash(proof["leaf"].encode()), proof["vkey"])
        assert json.loads(proof["leaf"])["commitment"] == commitment(proof["salt"], json.loads(proof["facts"]))
    assert {each["proof_data"]["kind"] for each in body["proof_mechanisms"]} == {"consent_given", "call_settled"}
    spoiled = json.loads(data)
    spoiled["payload"] = base64.urlsafe_b64encode(json.dumps(content | {"uuid": "x"}).encode()).rstrip(b"=").decode()
    with pytest.raises(BadSignatureError):
        jws.deserialize_json(spoiled, key, registry=jws.JWSRegistry(strict_check_header=False))


def test_of_a_declined_call_it_says_that_nothing_was_granted(town: Town) -> None:
    town.house.call("opt_out", "ru", "press:2")
    town.house.work_for(30)
    placed(town)
    query = sa.select(Call.id).where(Call.outcome == "declined_key")
    declined = town.house.ask(lambda s: s.scalars(query).first())
    pavel = town.signed_in("pavel")
    data = given(pavel, f"/calls/{declined}/evidence", "vcon")
    content, _ = opened(data)
    assert content["parties"][0] == {"type": "person", "name": "anonymous"}
    assert content["dialog"][0]["type"] == "incomplete"
    grants = content["attachments"][0]["body"]["purpose_grants"]
    assert {each["granted"] for each in grants} == {False}
    assert CALLER[1:] not in json.dumps(content)


def test_of_a_deleted_recording_it_has_the_receipt(town: Town) -> None:
    gone = stored(town)
    call = call_of(town, gone)
    deleted(town, gone)
    placed(town)
    content, _ = opened(given(town.signed_in("pavel"), f"/calls/{call}/evidence", "vcon"))
    (receipt,) = [each for each in content["attachments"] if each["purpose"] == "deletion_receipt"]
    assert receipt["body"]["object_id"] == gone


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_pdf_says_what_the_page_says(town: Town, path: str, language: str) -> None:
    pavel = town.signed_in("pavel")
    told = text_of(given(pavel, path, "pdf", language))
    page = pavel.get(f"{path}?lang={language}").text
    assert TITLES[language] in told
    assert TITLES[language] in page
    for known in (town.kept.id, "stay-ru-1", str(town.kept.sha256)[:16]):
        assert known in told
        assert known in page
    assert CALLER not in told
    assert CALLER not in page


def test_giving_it_out_is_a_leaf_with_its_hash(town: Town, path: str) -> None:
    pavel, before = town.signed_in("pavel"), len(town.leaves("given_out"))
    refused = pavel.post(f"{path}/pdf", form=pavel.form(path), reason=" ")
    assert refused.status_code == 400
    data = given(pavel, path, "pdf")
    (told,) = town.leaves("given_out")[before:]
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert (told["form"], told["given_by"]) == ("pdf", town.person("pavel").id)
    town.house.clock.sleep(11 * 60)
    assert pavel.post(f"{path}/pdf", form=pavel.form(path), **REASON).status_code == 403
    assert len(town.leaves("given_out")) == before + 1


def test_auditors_look_and_give_nothing_out(town: Town, path: str) -> None:
    aidar = town.signed_in("aidar")
    assert aidar.get(path).status_code == 200
    assert f"{path}/pdf" not in aidar.get(path).text
    assert aidar.post(f"{path}/pdf", form=aidar.form(path), **REASON).status_code == 404


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "mira", "there"])
def test_nobody_else_meets_it(town: Town, path: str, name: str) -> None:
    visitor = town.signed_in(name)
    assert visitor.get(path).status_code == 404
    for form in ("pdf", "vcon"):
        assert visitor.post(f"{path}/{form}", form=visitor.form("/sessions"), **REASON).status_code == 404
    assert town.signed_in("here").get(path).status_code == 200
