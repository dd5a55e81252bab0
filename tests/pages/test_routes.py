"""Every address that there is against the table of who may open it: none is forgotten, and the table is obeyed."""

import pytest

from app.auth.roles import CARRIER, EVERYWHERE, HOLDER, OWN, PUBLIC, ROLES, Access
from app.auth.routes import ROUTES
from app.factory import create_app
from app.web.gate import SIGN_IN
from tests.pages.people import Town, Visitor

NAMES = {
    "qa_reviewer": "alice",
    "administrator": "charlie",
    "centre_manager": "mira",
    "privacy_officer": "pavel",
    "auditor": "aidar",
}
PARTS = {
    "<path:filename>": "page.css",
    "<sha256>": "0" * 64,
    "<token>": "0" * 32,
    "<any(end, key):arm>": "end",
    "<text>": "nothing",
    "<call_sid>": "CA" + "0" * 32,
    "<centre>": "ast",
    "<line>": "stay",
    "<camera_id>": "nothing",
    "<clip_id>": "nothing",
    "<hold_id>": "nothing",
    "<policy_id>": "nothing",
    "<purge_id>": "nothing",
    "<finding_id>": "nothing",
    "<version>": "stay-ru-1",
    "<draft_id>": "nothing",
    "<int:position>": "0",
    "<zone_id>": "nothing",
    "<any(pdf, png):form>": "pdf",
    "<any(kk, ru, en, all):which>": "all",
}
# Pages of what the town has not.
OF_NOTHING = {
    *(
        rule
        for rule in ROUTES
        if rule.startswith("/cameras/<camera_id>")
        and not rule.endswith(("/hold", "/clips", "/converted", "/off", "/on", "/try"))
    ),
    *(rule for rule in ROUTES if rule.startswith("/clips/<clip_id>")),
    "/notices/drafts/<draft_id>",
    "/notices/drafts/<draft_id>/audio.wav",
    "/holds/<hold_id>",
    "/policies/<policy_id>",
    "/purges/new",
    "/purges/<purge_id>",
    "/receipts/<object_id>",
    "/signs/texts/drafts/<draft_id>",
    "/signs/texts/drafts/<draft_id>/<any(kk, ru, en, all):which>.png",
    "/signs/<zone_id>",
    "/signs/<zone_id>/photo",
    "/signs/<zone_id>/sign.<any(pdf, png):form>",
}
FOR_ROLES = sorted(rule for rule, who in ROUTES.items() if isinstance(who, Access))


def methods(town: Town) -> dict[str, set[str]]:
    """Every address that the application knows, and what it takes there."""
    found: dict[str, set[str]] = {}
    for rule in town.house.app.url_map.iter_rules():
        found.setdefault(rule.rule, set()).update(rule.methods or ())
    return found


def asked(town: Town, visitor: Visitor, rule: str) -> int:
    """How an address of that rule answers: to GET where it takes that, else to a form that is not one of ours."""
    path = rule.replace("<object_id>", town.kept.id).replace("<call_id>", town.recorded.id)
    path = path.replace("<person_id>", town.person("alice").id).replace("<line_id>", town.house.lines()[0].id)
    path = path.replace("<centre_id>", str(town.person("alice").centre_id))
    for part, value in PARTS.items():
        path = path.replace(part, value)
    answer = visitor.get(path) if "GET" in methods(town)[rule] else visitor.post(path, form=None)
    if answer.status_code == 303 and rule != "/recordings/next":
        assert answer.headers["Location"].partition("?")[0] == SIGN_IN
    return answer.status_code


def test_every_address_is_in_the_table_and_no_other(town: Town) -> None:
    assert set(methods(town)) == set(ROUTES)
    assert set(NAMES) == set(ROLES)


def test_an_address_that_is_in_no_table_is_opened_by_nobody(town: Town) -> None:
    # Another than the town's: that one has answered, and takes no address any more.
    app = create_app(town.house.at)
    app.add_url_rule("/forgotten", view_func=lambda: "secret")
    answer = app.test_client().get("/forgotten")
    assert (answer.status_code, "secret" in answer.text) == (404, False)


@pytest.mark.parametrize("rule", sorted(rule for rule, who in ROUTES.items() if who == PUBLIC))
def test_what_is_public_asks_nobody_who_they_are(town: Town, rule: str) -> None:
    assert asked(town, town.visitor(), rule) == (404 if rule == "/twilio/audio/<sha256>.wav" else 200)


@pytest.mark.parametrize("rule", sorted(rule for rule, who in ROUTES.items() if who == CARRIER))
def test_what_is_the_carriers_takes_nothing_that_is_unsigned(town: Town, rule: str) -> None:
    assert asked(town, town.visitor(), rule) == 403
    assert asked(town, town.signed_in("charlie"), rule) == 403


@pytest.mark.parametrize("rule", sorted(rule for rule, who in ROUTES.items() if who == HOLDER))
def test_what_takes_a_pass_takes_no_session_instead(town: Town, rule: str) -> None:
    assert asked(town, town.visitor(), rule) == 404
    assert asked(town, town.signed_in("alice"), rule) == 404


@pytest.mark.parametrize("rule", FOR_ROLES)
def test_what_is_for_roles_sends_strangers_to_sign_in(town: Town, rule: str) -> None:
    assert asked(town, town.visitor(), rule) == 303


@pytest.mark.parametrize("role", ROLES)
def test_who_may_open_what(town: Town, role: str) -> None:
    visitor = town.signed_in(NAMES[role])
    # What ends the session comes last, and is not one of our forms.
    found = {rule: asked(town, visitor, rule) for rule in FOR_ROLES}
    assert found == {rule: expected(town, role, rule) for rule in FOR_ROLES}


def expected(town: Town, role: str, rule: str) -> int:
    access = ROUTES[rule]
    assert isinstance(access, Access)
    if role not in access.roles or (access.within == EVERYWHERE and town.person(NAMES[role]).centre_id is not None):
        return 404
    if rule == "/recordings/next":
        return 303
    if rule.startswith("/recordings/") and "GET" in methods(town)[rule]:
        return 200 if role == "qa_reviewer" else 404
    if "<call_id>" in rule and role == "centre_manager":
        # Mira's is another centre.
        return 404
    if rule.startswith("/practice/<call_sid>") and "GET" in methods(town)[rule]:
        # There is no practice phone in this town: what would be asked of it says so.
        return 400 if rule.endswith("/steps") else 404
    if rule in OF_NOTHING:
        return 404
    if rule == "/notices/new":
        # A new one of what, nobody said.
        return 400
    # A form that is not one of ours is refused, whoever sends it.
    return 200 if "GET" in methods(town)[rule] else 403


def test_the_table_is_what_decides(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, aidar = town.signed_in("alice"), town.signed_in("aidar")
    monkeypatch.setitem(ROUTES, "/sessions", Access(frozenset({"auditor"}), OWN))
    assert alice.get("/sessions").status_code == 404
    assert aidar.get("/sessions").status_code == 200


def test_what_belongs_to_no_centre_is_opened_by_whoever_belongs_to_none(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROUTES, "/sessions", Access(frozenset(ROLES), EVERYWHERE))
    assert town.signed_in("bob").get("/sessions").status_code == 404
    assert town.signed_in("pavel").get("/sessions").status_code == 200
