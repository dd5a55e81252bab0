"""Changing one's own password: with the one until now, counted as at sign-in; whatever else was open ends."""

import threading

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from app.auth.attempts import REFUSED_AT_MOST, WITHIN
from app.auth.people import end_access, give_access, set_password
from app.auth.sign_in import Confirmation
from app.web.messages import catalogue
from storage.models import Person
from storage.models.columns import random_id
from tests.api.programs import Program, token_of
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, PASSWORD_HASH, Town, Visitor

PATH = "/password"
NEW = "a password of my own"


@pytest.fixture
def email(town: Town) -> str:
    """The address of somebody with PASSWORD, whom no other test knows."""
    made = f"{random_id()[:8]}@example.com"
    with town.house.at.database.begin() as session:
        give_access(
            session, email=made, role="auditor", centre=None, password_hash=PASSWORD_HASH, now=town.house.clock.now()
        )
    return made


@pytest.fixture
def here(town: Town, email: str) -> Visitor:
    return signed_in(town, email)


@pytest.fixture(autouse=True)
def _moments_differ(town: Town) -> None:
    town.house.clock.sleep(1)


def signed_in(town: Town, email: str, password: str = PASSWORD) -> Visitor:
    visitor = town.visitor()
    assert visitor.sign_in(email, password).status_code == 303
    town.house.clock.sleep(1)
    return visitor


def change(visitor: Visitor, until_now: str = PASSWORD, password: str = NEW, repeated: str | None = None) -> int:
    again = password if repeated is None else repeated
    answer = visitor.post(PATH, form=visitor.form(PATH), until_now=until_now, password=password, repeated=again)
    return answer.status_code


def may_sign_in(town: Town, email: str, password: str) -> bool:
    return town.visitor().sign_in(email, password).status_code == 303


def test_it_changes_and_ends_all_else(town: Town, email: str, here: Visitor) -> None:
    others = [signed_in(town, email) for _ in range(2)]
    stolen = town.visitor()
    stolen.show(here.token)
    assert stolen.is_in()
    bystander = town.signed_in("alice")
    before = {kind: len(town.leaves(kind)) for kind in ("password_set", "signed_out", "signed_in")}
    assert change(here) == 303
    assert here.is_in()
    assert bystander.is_in()
    assert not any(each.is_in() for each in (*others, stolen))
    told = {kind: town.leaves(kind)[number:] for kind, number in before.items()}
    person = town.house.ask(lambda s: s.scalars(sa.select(Person.id).where(Person.email == email)).one())
    assert told["password_set"] == [{"person": person}]
    assert [(each["person"], each["how"]) for each in told["signed_out"]] == [(person, "password")] * 3
    assert len(told["signed_in"]) == 1
    page = here.get("/sessions?changed=1&lang=en").text
    assert "Your password is changed. 2 other sessions were ended." in page
    assert "Your password is changed" not in here.get("/sessions?lang=en").text
    assert may_sign_in(town, email, NEW)
    assert not may_sign_in(town, email, PASSWORD)
    assert NEW.encode() not in town.house.bytes_on_disk()


def test_where_nothing_else_was_open_it_says_so(town: Town, here: Visitor) -> None:
    assert change(here) == 303
    assert "No other session was open." in here.get("/sessions?changed=1&lang=en").text


def test_tokens_for_programs_end_with_it(town: Town) -> None:
    program, mira = Program(town, token_of(town, "mira")), town.signed_in("mira")
    assert program.get("/calls").status_code == 200
    assert change(mira) == 303
    assert program.get("/calls").status_code == 401
    assert change(mira, NEW, PASSWORD) == 303


@pytest.mark.parametrize(
    ("password", "repeated", "says"),
    [
        (NEW, "another one that long", "passwords_differ"),
        ("short", None, "password_unfit"),
        ("x" * 257, None, "password_unfit"),
        ("two\nlines of a password", None, "password_unfit"),
    ],
)
def test_what_cannot_be_a_password_changes_nothing(
    town: Town, email: str, here: Visitor, password: str, repeated: str | None, says: str
) -> None:
    refused = len(town.leaves("sign_in_refused"))
    again = password if repeated is None else repeated
    fields = {"until_now": "wrong wrong wrong", "password": password, "repeated": again}
    answer = here.post(PATH, form=here.form(PATH), more=fields)
    assert answer.status_code == 400
    assert catalogue("kk")[says] in answer.text
    assert password not in answer.text
    assert len(town.leaves("sign_in_refused")) == refused, "the other was not looked at"
    assert change(here, PASSWORD, email) == 400
    assert may_sign_in(town, email, PASSWORD)


def test_a_wrong_one_counts_as_at_sign_in(town: Town, email: str, here: Visitor) -> None:
    refused = len(town.leaves("sign_in_refused"))
    for _ in range(REFUSED_AT_MOST):
        assert change(here, "wrong wrong wrong") == 403
    assert len(town.leaves("sign_in_refused")) == refused + REFUSED_AT_MOST
    locked = here.post(PATH, form=here.form(PATH), until_now=PASSWORD, password=NEW, repeated=NEW)
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    assert town.visitor().sign_in(email, PASSWORD).status_code == 429
    assert here.is_in()
    town.house.clock.sleep(WITHIN.total_seconds() + 1)
    assert change(here) == 303


@pytest.mark.parametrize("how", ["password", "access_ended", "signed_out"])
def test_what_changed_meanwhile_stands(town: Town, email: str, here: Visitor, how: str) -> None:
    who = town.house.at.sign_in.signed_in(here.token)
    assert who is not None
    with town.house.at.database.begin() as session:
        person = session.scalars(sa.select(Person).where(Person.email == email)).one()
        if how == "password":
            set_password(session, person, "$argon2id$another", town.house.clock.now())
        elif how == "access_ended":
            end_access(session, person, town.house.clock.now())
    if how == "signed_out":
        town.house.at.sign_in.end(who, who.session_id)
    outcome = town.house.at.own_password.change(who, PASSWORD, NEW)
    assert (outcome.confirmation, outcome.token) == (Confirmation.WRONG, None)
    assert not may_sign_in(town, email, NEW)


def test_of_two_at_once_one_changes_it(town: Town, email: str, here: Visitor) -> None:
    who, found = town.house.at.sign_in.signed_in(here.token), []
    assert who is not None

    def come(password: str) -> None:
        found.append((town.house.at.own_password.change(who, PASSWORD, password).token, password))

    threads = [threading.Thread(target=come, args=(f"{NEW} {number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((_, password),) = [each for each in found if each[0] is not None]
    assert may_sign_in(town, email, password)


def test_it_takes_a_session_and_a_form_of_ours(town: Town, email: str, here: Visitor) -> None:
    fields = {"until_now": PASSWORD, "password": NEW, "repeated": NEW}
    stranger = town.visitor()
    assert stranger.get(PATH).headers["Location"].startswith("/sign-in")
    assert stranger.post(PATH, form=None, more=fields).status_code == 303
    assert here.post(PATH, form=None, more=fields).status_code == 403
    away = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert here.post(PATH, form=here.form(PATH), headers=away, more=fields).status_code == 403
    # Somebody else's form, and nobody but whose session it is: their own password is asked for, and theirs is changed.
    bob = town.signed_in("bob")
    assert bob.post(PATH, form=here.form(PATH), more=fields).status_code == 403
    assert may_sign_in(town, email, PASSWORD)
    assert may_sign_in(town, "bob@example.com", PASSWORD)


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "mira", "pavel", "aidar"])
def test_everybody_has_it(town: Town, name: str) -> None:
    visitor = town.signed_in(name)
    assert 'href="/password"' in visitor.get("/sessions").text
    assert visitor.get(PATH).status_code == 200


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_in_a_browser_in_every_look(
    town: Town, email: str, browser: Browser, language: str, size: dict[str, int], scheme: str
) -> None:
    elsewhere, t = signed_in(town, email), catalogue(language)
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said = complaints(window)
    page = window.new_page()
    page.goto(f"{town.house.at.site.base_url}/sign-in?next=/sessions&lang={language}")
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=t["password_change_title"]).click()
    for until_now, shows in (("wrong wrong wrong", "[role=alert]"), (PASSWORD, "[role=status]")):
        page.locator("#until_now").fill(until_now)
        page.keyboard.press("Tab")
        page.keyboard.type(NEW)
        page.keyboard.press("Tab")
        page.keyboard.type(NEW)
        page.keyboard.press("Enter")
        page.locator(shows).wait_for()
        assert findings(page) == []
        assert fits(page)
        if until_now != PASSWORD:
            assert page.locator("[role=alert]").inner_text() == t["password_until_now_wrong"]
            assert page.locator("#password").input_value() == ""
    assert t["password_is_changed"] in page.locator("[role=status]").inner_text()
    assert page.locator("tbody tr").count() == 1
    assert not elsewhere.is_in()
    # The answer is no page of its own: the browser says that it was refused.
    assert [each for each in said if "403" not in each] == []
    window.close()
