"""Tokens on their page: made with the password once more, shown once, ended; never more than their person may."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from app.auth import tokens
from app.auth.people import end_access, set_password
from app.auth.policy import Viewer, scopes_of
from app.auth.sessions import CONFIRMED_FOR
from storage.errors import Refused
from storage.models import ApiToken, Person
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, Town, Visitor

MADE = re.compile(r'<code class="secret">(eskertu_[\w-]{43})</code>')


def make(visitor: Visitor, **fields: str) -> str:
    asked = {"name": "reports", "scope": "calls:read", "days": "30"} | fields
    answer = visitor.post("/tokens/make", form=visitor.form("/tokens"), more=asked)
    assert answer.status_code == 200, answer.text
    (token,) = MADE.findall(answer.text)
    return str(token)


def opens(visitor: Visitor, token: str) -> bool:
    answer = visitor.client.get("/api/v1/calls", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def test_a_token_is_shown_once_and_only_its_hash_is_kept(town: Town) -> None:
    alice = town.signed_in("alice")
    token = make(alice)
    assert opens(town.visitor(), token)
    page = alice.get("/tokens").text
    assert token not in page
    assert "reports" in page
    row = town.house.ask(lambda s: s.scalars(sa.select(ApiToken).order_by(ApiToken.made_at.desc())).first())
    assert row.token_sha256 != token
    assert row.last_used_at is not None
    assert token.encode() not in town.house.bytes_on_disk()
    told = town.leaves("token_made")[-1]
    assert (told["token"], told["scopes"]) == (row.id, ["calls:read"])
    assert "reports" not in repr(told)


def test_a_token_ends_by_hand_by_its_day_by_the_password_and_with_the_access(town: Town) -> None:
    alice = town.signed_in("alice")
    first, second = make(alice), make(alice, days="1")
    with town.house.at.database.read() as session:
        found = tokens.find(session, first, town.house.clock.now())
    assert found is not None
    last, ended, left = found.id, first, second
    assert alice.post("/tokens/end", form=alice.form("/tokens"), token=last).status_code == 303
    assert not opens(alice, ended)
    assert opens(alice, left)
    assert alice.post("/tokens/end", form=alice.form("/tokens"), token=last).status_code == 404
    bob = town.signed_in("bob")
    theirs = make(bob, days="1")
    assert bob.post("/tokens/end", form=bob.form("/tokens"), token=last).status_code == 404
    town.house.clock.sleep(timedelta(days=1).total_seconds() + 1)
    assert not opens(bob, theirs)
    fresh = make(town.signed_in("bob"))
    with town.house.at.database.begin() as session:
        person = session.get_one(Person, town.person("bob").id)
        set_password(session, person, person.password_hash or "", town.house.clock.now())
    assert not opens(bob, fresh)
    fresh = make(town.signed_in("bob"))
    with town.house.at.database.begin() as session:
        end_access(session, session.get_one(Person, town.person("bob").id), town.house.clock.now())
    assert not opens(bob, fresh)
    assert [each["how"] for each in town.leaves("token_ended")][-3:] == ["by_hand", "password", "access_ended"]


def test_it_takes_the_password_once_more(town: Town) -> None:
    pavel = town.signed_in("pavel")
    town.house.clock.sleep(CONFIRMED_FOR.total_seconds())
    asked = {"name": "x", "scope": "calls:read", "days": "1"}
    assert pavel.post("/tokens/make", form=pavel.form("/tokens"), more=asked).status_code == 403
    assert 'name="confirm_password"' in pavel.get("/tokens").text
    assert MADE.search(make_with(pavel, PASSWORD))


def make_with(visitor: Visitor, password: str) -> str:
    asked = {"name": "x", "scope": "calls:read", "days": "1", "confirm_password": password}
    return visitor.post("/tokens/make", form=visitor.form("/tokens"), more=asked).text


@pytest.mark.parametrize(
    "wrong", [{"scope": "people:write"}, {"scope": ""}, {"days": "2"}, {"days": "x"}, {"days": "9" * 9}, {"name": " "}]
)
def test_what_makes_no_sense_makes_no_token(town: Town, wrong: dict[str, str]) -> None:
    pavel = town.signed_in("pavel")
    asked = {"name": "x", "scope": "calls:read", "days": "1"} | wrong
    answer = pavel.post("/tokens/make", form=pavel.form("/tokens"), more=asked)
    assert answer.status_code == 400
    assert not MADE.search(answer.text)
    assert 'role="alert"' in answer.text


def test_nobody_gets_a_scope_that_is_not_theirs(town: Town) -> None:
    scopes = {}
    for name in ("alice", "charlie", "mira", "pavel", "aidar"):
        person = town.person(name)
        scopes[name] = set(scopes_of(Viewer(person.role, person.centre_id, person.active)))
    assert {name for name, theirs in scopes.items() if "media:read" in theirs} == {"alice"}
    assert {name for name, theirs in scopes.items() if "people:write" in theirs} == {"charlie"}
    assert {name for name, theirs in scopes.items() if "holds:write" in theirs} == {"mira", "pavel"}
    assert not any(scope.endswith(":write") for scope in scopes["aidar"])


def test_there_are_at_most_so_many(town: Town) -> None:
    now = town.house.clock.now()
    with town.house.at.database.begin() as session:
        person = session.get_one(Person, town.person("aidar").id)
        for _ in range(tokens.AT_MOST):
            tokens.make(session, person, "x", ["calls:read"], 1, now)
        with pytest.raises(Refused, match="already"):
            tokens.make(session, person, "x", ["calls:read"], 1, now)
    town.house.clock.sleep(timedelta(days=32).total_seconds())
    town.house.at.tokens.forget()
    assert town.house.ask(lambda s: s.scalars(sa.select(ApiToken).where(ApiToken.person_id == person.id)).all()) == []


@pytest.mark.looks
def test_the_page_of_tokens_can_be_read_by_everybody(town: Town, browser: Browser) -> None:
    charlie = town.signed_in("charlie")
    make(charlie, scope="objects:read", name="a program with quite a long name, that goes over several lines")
    for language, size, scheme in looks():
        window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        said = complaints(window)
        window.add_cookies([{"name": "eskertu_session", "value": charlie.token, "url": charlie.base}])
        page = window.new_page()
        page.goto(f"{charlie.base}/tokens?lang={language}")
        assert findings(page) == []
        assert fits(page), (language, size)
        if language == "kk":
            page.fill("#name", "new")
            page.check("input[value='objects:read']")
            page.click("form[action='/tokens/make'] button")
            expect(page.locator(".secret")).to_have_count(1)
            assert findings(page) == []
            assert fits(page)
        assert said == []
        window.close()
