"""What the API answers: the words of the commands, to those who may know, and to nobody else."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.auth.roles import ByToken
from app.auth.routes import ROUTES
from app.listings.calls import CALLS, OBJECTS, RECEIPTS, RECORDINGS
from app.listings.house import CENTRES, FINDINGS, LEAVES, LINES, PEOPLE
from app.listings.listing import everything
from app.listings.notices import DRAFTS, notices_at
from app.listings.reviews import PURGES, REVIEWS
from app.listings.rules import HOLDS, POLICIES
from storage.findings import note_finding
from storage.models import Person, RetentionPolicy, StoredObject
from tests.api.programs import Program, answers, program, recording_of
from tests.pages.people import Town

LISTS: dict[str, Any] = {
    "/calls": CALLS,
    "/recordings": RECORDINGS,
    "/objects": OBJECTS,
    "/holds": HOLDS,
    "/policies": POLICIES,
    "/receipts": RECEIPTS,
    "/notices": notices_at,
    "/notices/drafts": DRAFTS,
    "/centres": CENTRES,
    "/lines": LINES,
    "/ledger/leaves": LEAVES,
    "/findings": FINDINGS,
    "/people": PEOPLE,
    "/reviews": REVIEWS,
    "/purges": PURGES,
}
OF_ONE = {"/people": "charlie", "/reviews": "alice"}
NEWEST_FIRST = {"/calls", "/reviews"}


@pytest.fixture(scope="module")
def grown(town: Town) -> Town:
    """With a hold, a deletion, a finding, and a policy that waits."""
    house = town.house
    house.call("opt_in", "kk", "press:1")
    house.work()
    with house.at.database.begin() as session:
        note_finding(session, "unasked_recording", "RE1", "seen", house.clock.now())
        gone = session.scalars(_another(town)).one()
        gone.delete_after = house.clock.now() - timedelta(seconds=1)
        for each in gone.purposes:
            each.until = gone.delete_after
    house.work_for(10)
    pavel = program(town, "pavel")
    asked = {"case": "1", "reason": "court", "objects": [town.kept.id]}
    assert pavel.post("/holds", asked).status_code == 201
    longer = {"purpose": "training", "window": "P900D", "reason": "longer"}
    assert pavel.post("/policies", longer).json["waits_for_approval"]  # type: ignore[index]
    sid = recording_of(town).recording_sid
    alice = program(town, "alice")
    for seen in range(3):
        assert alice.post(f"/recordings/{sid}/review", answers(alice, sid) | {"seen": seen}).status_code == 201
    drafted = {"kind": "menu", "language": "en", "text": "For English, press three.", "voice": "machine"}
    assert pavel.post("/notices/drafts", drafted).status_code == 201
    stretch = {"object_id": town.kept.id, "spans": [{"from": 0.5, "to": 0.75}], "reason": "a card is heard"}
    assert alice.post("/purges", stretch).status_code == 201
    house.work()
    return town


def _another(town: Town) -> sa.Select[StoredObject]:
    return sa.select(StoredObject).where(StoredObject.id != town.kept.id, StoredObject.kind == "recording")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_what_the_command_lists(grown: Town, path: str) -> None:
    listing = LISTS[path](grown.house.clock.now()) if path == "/notices" else LISTS[path]
    listed = program(grown, OF_ONE.get(path, "pavel")).listed(path)
    with grown.house.at.database.read() as session:
        told = list(everything(session, listing, *listing.order))
    assert listed == (told[::-1] if path in NEWEST_FIRST else told)
    assert listed


def path_of(town: Town, rule: str) -> str:
    recording = recording_of(town)
    policy = town.house.ask(lambda s: s.scalars(sa.select(RetentionPolicy.id)).first())
    return (
        rule.removeprefix("/api/v1")
        .replace("<call_sid>", town.recorded.call_sid)
        .replace("<recording_sid>", recording.recording_sid)
        .replace("<object_id>", town.kept.id)
        .replace("<hold_id>", "0" * 32)
        .replace("<policy_id>", policy)
        .replace("<version>", "stay-kk-1")
        .replace("<index>", "0")
        .replace("<draft_id>", "0" * 32)
        .replace("<person_id>", "0" * 32)
        .replace("<purge_id>", "0" * 32)
    )


FOR_PROGRAMS = sorted(rule for rule, who in ROUTES.items() if isinstance(who, ByToken))


def statuses(town: Town, shown: Program) -> dict[tuple[str, str], int]:
    found = {}
    for rule in FOR_PROGRAMS:
        who = ROUTES[rule]
        assert isinstance(who, ByToken)
        for method in ("GET", "POST"):
            if who.takes(method)[0] is not None:
                query = "?purpose=quality" if "recordings" in rule and rule.endswith("audio.wav") else ""
                body: object = {} if method == "POST" else None
                found[rule, method] = shown.ask(method, path_of(town, rule) + query, body).status_code
    return found


def test_without_a_token_nothing_is_open(grown: Town) -> None:
    for token in (None, "", "x", "eskertu_" + "x" * 43):
        assert set(statuses(grown, Program(grown, token)).values()) == {401}


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "mira", "pavel", "aidar"])
def test_what_a_role_may_not_is_not_there(grown: Town, name: str) -> None:
    person = grown.person(name)
    for (rule, method), status in statuses(grown, program(grown, name)).items():
        who = ROUTES[rule]
        assert isinstance(who, ByToken)
        access, _ = who.takes(method)
        assert access is not None
        if person.role not in access.roles or (access.within == "everywhere" and person.centre_id is not None):
            assert status == 404, (rule, method)
        elif method == "POST" and not rule.endswith(("/end", "/discard", "/pause", "/resume")):
            # The right is there: what was sent is not.
            assert status == 422, (rule, method)
        elif (
            "<call_sid>" in rule
            or rule.endswith(("<recording_sid>", "<recording_sid>/review"))
            or rule == "/api/v1/objects/<object_id>"
        ):
            assert status == (404 if name in ("bob", "mira") else 200), (rule, method)
        elif rule.endswith("<recording_sid>/audio.wav"):
            # A token of who may hear nothing is for no media: refused, and in the ledger.
            assert status == {"alice": 200, "bob": 404}.get(name, 403), (rule, method)
        elif "<" in rule and "<version>" not in rule and "<index>" not in rule:
            assert status == 404, (rule, method)
        else:
            assert status == 200, (rule, method)


def test_a_token_is_for_its_scopes_alone(grown: Town) -> None:
    pavel = program(grown, "pavel", ["calls:read"])
    for (rule, method), status in statuses(grown, pavel).items():
        who = ROUTES[rule]
        assert isinstance(who, ByToken)
        access, scope = who.takes(method)
        assert access is not None
        may = "privacy_officer" in access.roles
        assert status == (404 if not may else 200 if scope == "calls:read" else 403), rule
    refused = pavel.get("/holds")
    assert 'scope="holds:read"' in refused.headers["WWW-Authenticate"]


def test_lists_of_another_centre_are_empty(grown: Town) -> None:
    for name, paths in {
        "bob": ["/calls", "/recordings", "/lines"],
        "mira": ["/objects", "/holds", "/receipts"],
    }.items():
        shown = program(grown, name)
        assert [shown.listed(path) for path in paths] == [[], [], []]
        assert [each["centre"] for each in shown.listed("/centres")] == ["alm"]
    assert len(program(grown, "alice").listed("/calls")) == 2


def items(shown: Program, path: str) -> list[dict[str, Any]]:
    answer = shown.get(path)
    assert answer.json is not None
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_filters_of_calls(grown: Town) -> None:
    alice = program(grown, "alice")
    assert [each["language"] for each in items(alice, "/calls?language=kk")] == ["kk"]
    assert [each["line"] for each in items(alice, "/calls?line=ast/opt-in")] == ["ast/opt-in"]
    assert items(alice, "/calls?outcome=declined_key&from=2020-01-01T00:00:00Z") == []
    assert alice.get("/calls?from=yesterday").status_code == 422
    assert alice.get("/calls?lin=ast/opt-in").status_code == 422
    assert alice.get("/calls?line=ast/none").status_code == 404
    assert alice.get("/calls?cursor=x").status_code == 404


def test_everybody_has_a_person_behind_it(grown: Town) -> None:
    """A token can never more than its person can now."""
    alice = program(grown, "alice")
    assert alice.get("/calls").status_code == 200
    with grown.house.at.database.begin() as session:
        session.execute(sa.update(Person).where(Person.email == "alice@example.com").values(role="administrator"))
    try:
        assert alice.get("/calls").status_code == 404
    finally:
        with grown.house.at.database.begin() as session:
            session.execute(sa.update(Person).where(Person.email == "alice@example.com").values(role="qa_reviewer"))


def test_a_receipt_and_the_ledger_are_given_out(grown: Town) -> None:
    aidar = program(grown, "aidar")
    (receipt,) = aidar.listed("/receipts")
    files: dict[str, Any] = aidar.get(f"/receipts/{receipt['object_id']}").json["files"]  # type: ignore[index]
    assert {"receipt.json", "leaf.tlog-proof", "checkpoint.txt", "README.kk.md"} <= files.keys()
    assert aidar.get(f"/ledger/leaves/{receipt['leaf']}/proof").text == files["leaf.tlog-proof"]
    assert aidar.get("/ledger/checkpoint").text == files["checkpoint.txt"]
    for index in ("x", "-1", "9" * 18, "9" * 40, "١"):
        assert aidar.get(f"/ledger/leaves/{index}/proof").status_code == 404
    sound = aidar.get("/notices/stay-kk-1/audio.wav")
    assert (sound.mimetype, sound.data[:4]) == ("audio/wav", b"RIFF")
    assert aidar.get("/notices/none/audio.wav").status_code == 404
