"""A link for one's first password: shown once, used once, for 72 hours; and nothing secret where it could be read."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from app.auth.attempts import REFUSED_AT_MOST, WITHIN
from app.auth.links import PATH, VALID_FOR, end_links, make_link
from app.auth.people import end_access, give_access, set_password
from storage.models import PasswordLink, Person
from storage.models.columns import random_id
from tests.pages.joining import join, secret_in
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, PASSWORD_HASH, Town

NEW = "a password of my own"


@pytest.fixture
def newcomer(town: Town) -> str:
    """The address of somebody new."""
    email = f"{random_id()[:8]}@example.com"
    with town.house.at.database.begin() as session:
        give_access(session, email=email, role="auditor", centre=None, password_hash=None, now=town.house.clock.now())
    return email


def made(town: Town, email: str) -> str:
    with town.house.at.database.begin() as session:
        person = session.scalars(sa.select(Person).where(Person.email == email)).one()
        return make_link(session, person, None, town.house.clock.now())


def id_of(town: Town, email: str) -> str:
    return str(town.house.ask(lambda s: s.scalars(sa.select(Person.id).where(Person.email == email)).one()))


def test_it_works_once(town: Town, newcomer: str) -> None:
    secret, visitor = made(town, newcomer), town.visitor()
    before = len(town.leaves("link_ended")), len(town.leaves("password_set"))
    assert join(visitor, secret, NEW).headers["Location"] == "/sign-in?set=1"
    assert visitor.sign_in(newcomer, NEW).status_code == 303
    assert join(town.visitor(), secret, "quite another one").status_code == 403
    assert town.visitor().sign_in(newcomer, "quite another one").status_code == 403
    (ended,) = town.leaves("link_ended")[before[0] :]
    assert (ended["person"], ended["how"]) == (id_of(town, newcomer), "used")
    assert len(town.leaves("password_set")) == before[1] + 1
    assert secret.encode() not in town.house.bytes_on_disk()


def test_of_two_at_once_one_sets_it(town: Town, newcomer: str) -> None:
    secret, found = made(town, newcomer), []

    def come(password: str) -> None:
        found.append((town.house.at.joining.join(secret, password).value, password))

    threads = [threading.Thread(target=come, args=(f"{NEW} {number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((_, password),) = [each for each in found if each[0] == "done"]
    assert town.visitor().sign_in(newcomer, password).status_code == 303


@pytest.mark.parametrize("how", ["late", "new_link", "password", "access_ended", "ended"])
def test_it_ends(town: Town, newcomer: str, how: str) -> None:
    secret, now = made(town, newcomer), town.house.clock.now()
    before = len(town.leaves("link_ended"))
    with town.house.at.database.begin() as session:
        person = session.scalars(sa.select(Person).where(Person.email == newcomer)).one()
        if how == "new_link":
            make_link(session, person, None, now)
        elif how == "password":
            set_password(session, person, PASSWORD_HASH, now)
        elif how == "access_ended":
            end_access(session, person, now)
        elif how == "ended":
            end_links(session, person.id, "password", now)
    if how == "late":
        town.house.clock.sleep((VALID_FOR - timedelta(seconds=1)).total_seconds())
        assert join(town.visitor(), secret, "short").status_code == 400, "it still goes on"
        town.house.clock.sleep(1)
    assert join(town.visitor(), secret, NEW).status_code == 403
    told = [each["how"] for each in town.leaves("link_ended")[before:]]
    assert told == {"late": [], "ended": ["password"]}.get(how, [how])


def test_a_password_that_cannot_be_one_leaves_the_link(town: Town, newcomer: str) -> None:
    secret, visitor = made(town, newcomer), town.visitor()
    for password, repeated in (("short", None), (newcomer, None), (NEW, "another one that long"), ("x" * 300, None)):
        answer = join(visitor, secret, password, repeated)
        assert answer.status_code == 400
        assert secret in answer.text, "it need not be opened again"
    assert join(visitor, secret, NEW).status_code == 303


def test_after_ten_tries_none_is_looked_at(town: Town, newcomer: str) -> None:
    secret, visitor = made(town, newcomer), town.visitor()
    for _ in range(REFUSED_AT_MOST):
        assert join(visitor, secret, "short").status_code == 400
    locked = join(visitor, secret, NEW)
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    assert join(visitor, "x" * 43, NEW).status_code == 403, "nobody else waits for it"
    town.house.clock.sleep(WITHIN.total_seconds() + 1)
    assert join(visitor, secret, NEW).status_code == 303


def test_it_takes_a_form_of_ours_and_no_address_of_its_own(town: Town, newcomer: str) -> None:
    secret, visitor = made(town, newcomer), town.visitor()
    fields = {"secret": secret, "password": NEW, "repeated": NEW}
    assert visitor.post(PATH, form=None, more=fields).status_code == 403
    away = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert visitor.post(PATH, form=visitor.form(PATH), headers=away, more=fields).status_code == 403
    assert visitor.get(f"{PATH}/{secret}").status_code == 404
    assert visitor.sign_in(newcomer, NEW).status_code == 403


def test_ended_links_are_forgotten_after_a_month(town: Town, newcomer: str) -> None:
    made(town, newcomer)
    town.house.clock.sleep((VALID_FOR + timedelta(days=31)).total_seconds())
    town.house.at.tokens.forget()
    query = sa.select(PasswordLink).where(PasswordLink.person_id == id_of(town, newcomer))
    assert town.house.ask(lambda s: s.scalars(query).all()) == []


def test_from_the_administrator_to_the_newcomers_first_page(town: Town, browser: Browser) -> None:
    admin, theirs = browser.new_context(), browser.new_context()
    said = [complaints(admin), complaints(theirs)]
    base, asked = town.house.at.site.base_url, []
    theirs.on("request", lambda request: asked.append(request.url))
    page = admin.new_page()
    page.goto(f"{base}/sign-in?next=/people&lang=en")
    page.get_by_label("Email").fill("charlie@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Email").fill("nurlan@example.com")
    page.get_by_label("Role").select_option("auditor")
    page.get_by_role("button", name="Add").click()
    link = page.locator("#link").inner_text()
    page.goto(f"{base}/people")
    assert page.locator("#link").count() == 0, "shown this once"

    opened = theirs.new_page()
    opened.goto(link.replace("#", "?lang=en#"))
    opened.get_by_label("Your new password").fill(NEW)
    assert secret_in(link) not in opened.url
    opened.locator("#secret").wait_for(state="hidden")
    opened.get_by_label("The same once more").fill(NEW)
    opened.get_by_role("button", name="Set the password").click()
    opened.get_by_text("Your password is set").wait_for()
    opened.get_by_label("Email").fill("nurlan@example.com")
    opened.get_by_label("Password").fill(NEW)
    opened.get_by_role("button", name="Sign in").click()
    opened.get_by_text("nurlan@example.com").wait_for()
    assert not any(secret_in(link) in url.partition("#")[0] for url in asked)
    assert said == [[], []]
    admin.close()
    theirs.close()


def test_without_scripts_the_end_of_the_link_is_copied(town: Town, browser: Browser, newcomer: str) -> None:
    secret = made(town, newcomer)
    window = browser.new_context(java_script_enabled=False)
    page = window.new_page()
    page.goto(f"{town.house.at.site.base_url}{PATH}?lang=en#{secret}")
    page.get_by_label("The end of the link").fill(secret)
    page.get_by_label("Your new password").fill(NEW)
    page.get_by_label("The same once more").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_text("Your password is set").wait_for()
    window.close()


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_its_page_in_every_look(town: Town, browser: Browser, language: str, size: dict[str, int], scheme: str) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said = complaints(window)
    page = window.new_page()
    for end in ("", f"#nothing-{language}-{size['width']}-{scheme}"):
        page.goto(f"{town.house.at.site.base_url}{PATH}?lang={language}{end}")
        assert findings(page) == []
        assert fits(page)
    page.locator("#secret").wait_for(state="hidden")
    for box in page.locator("input[type=password]").all():
        box.fill(NEW)
    page.get_by_role("button").last.click()
    page.locator("[role=alert]").wait_for()
    assert fits(page)
    # The answer is no page of its own: the browser says that it was refused.
    assert [each for each in said if "403" not in each] == []
    window.close()
