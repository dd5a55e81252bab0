"""What administrators do on pages: centres, lines, people; and that the others cannot."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect
from sqlalchemy.orm import Session

from app.auth.sessions import CONFIRMED_FOR
from app.web.messages import catalogue
from storage.models import Centre, Line, Person
from telephony.lines import routing
from tests.house import NUMBERS
from tests.pages.joining import join, secret_in
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, Town, Visitor
from tests.pages.practising import connect_practice

EN = catalogue("en")
PATHS = ("/centres", "/lines", "/people", "/health")
CENTRE = {"code": "bish", "name": "Bishkek", "jurisdiction": "kg", "timezone": "Asia/Bishkek", "languages": "ru"}


@pytest.fixture(scope="module")
def charlie(town: Town) -> Visitor:
    connect_practice(town.house)
    return town.signed_in("charlie")


def posted(visitor: Visitor, path: str, page: str, **fields: str) -> int:
    return visitor.post(path, form=visitor.form(page), more=fields).status_code


def linked(visitor: Visitor, path: str, page: str, **fields: str) -> str:
    """What is secret in the link that came of it."""
    answer = visitor.post(path, form=visitor.form(page), more=fields)
    assert answer.status_code == 200
    return secret_in(answer.text)


def test_a_centre_and_a_line_are_made_and_connected(town: Town, charlie: Visitor) -> None:
    assert posted(charlie, "/centres", "/centres", **CENTRE) == 303
    made = town.house.ask(lambda s: s.scalars(sa.select(Centre).where(Centre.code == "bish")).one())
    assert (made.jurisdiction, made.languages) == ("KG", ["ru"])
    assert "Bishkek" in charlie.get("/centres").text
    assert posted(charlie, "/centres", "/centres", **CENTRE) == 400
    given = {
        "centre": made.id,
        "code": "desk",
        "number": "+996312000001",
        "mode": "stay",
        "languages": "ru",
        "forward_to": "+996312000002",
    }
    assert posted(charlie, "/lines", "/lines", **given | {"mode": "shout"}) == 400
    assert posted(charlie, "/lines", "/lines", **given) == 303
    line = town.house.ask(lambda s: s.scalars(sa.select(Line).where(Line.code == "desk")).one())
    page = f"/lines/{line.id}"
    assert EN["lines_carrier_none"] in charlie.get(f"{page}?lang=en").text
    assert posted(charlie, f"{page}/connect", page) == 303
    read = charlie.get(f"{page}?lang=en").text
    assert EN["lines_connected"] in read
    assert routing(town.house.at.site).voice_url.replace("&", "&amp;") in read


def test_what_the_carrier_has_otherwise_is_said(town: Town, charlie: Visitor) -> None:
    line = next(row for row in town.house.lines() if row.number == NUMBERS["opt_in"])
    town.house.network.add_number(line.number, voice_url="https://elsewhere.example/voice")
    page = f"/lines/{line.id}"
    read = charlie.get(f"{page}?lang=en").text
    assert EN["lines_not_connected"] in read
    assert "https://elsewhere.example/voice" in read
    assert posted(charlie, f"{page}/connect", page) == 303
    assert EN["lines_connected"] in charlie.get(f"{page}?lang=en").text
    town.house.faults.rest_down = True
    try:
        assert EN["lines_carrier_silent"] in charlie.get(f"{page}?lang=en").text
    finally:
        town.house.faults.rest_down = False


def test_somebody_comes_in_changes_and_goes(town: Town, charlie: Visitor) -> None:
    mine = {"email": "Dana@Example.com", "role": "qa_reviewer", "centre": str(town.person("alice").centre_id)}
    assert posted(charlie, "/people/add", "/people", **mine | {"role": "king"}) == 400
    secret = linked(charlie, "/people/add", "/people", **mine)
    assert posted(charlie, "/people/add", "/people", **mine) == 400
    assert town.visitor().sign_in("dana@example.com").status_code == 403
    assert join(town.visitor(), secret).status_code == 303
    dana, person = town.signed_in("dana"), town.person("dana")
    assert dana.get("/recordings").status_code == 200
    page = f"/people/{person.id}"
    given, ended = len(town.leaves("role_given")), len(town.leaves("role_ended"))
    assert posted(charlie, f"{page}/role", page, role="auditor", centre="") == 303
    assert posted(charlie, f"{page}/role", page, role="auditor", centre="") == 400
    assert town.leaves("role_ended")[ended:] == [{"person": person.id, "role": "qa_reviewer", "centre": mine["centre"]}]
    assert town.leaves("role_given")[given:] == [{"person": person.id, "role": "auditor", "centre": None}]
    assert dana.get("/recordings").status_code == 404
    secret = linked(charlie, f"{page}/link", page)
    assert dana.is_in(), "until it is used"
    assert join(town.visitor(), secret, "another long one").status_code == 303
    assert not dana.is_in()
    assert town.visitor().sign_in("dana@example.com").status_code == 403
    assert town.visitor().sign_in("dana@example.com", "another long one").status_code == 303
    assert posted(charlie, f"{page}/end", page) == 303
    assert town.visitor().sign_in("dana@example.com", "another long one").status_code == 403
    assert posted(charlie, f"{page}/role", "/people", role="auditor", centre="") == 400


def test_nobody_takes_their_own_access_away(town: Town, charlie: Visitor) -> None:
    page = f"/people/{town.person('charlie').id}"
    assert EN["people_self"] in charlie.get(f"{page}?lang=en").text
    assert posted(charlie, f"{page}/end", "/people") == 400
    assert posted(charlie, f"{page}/role", "/people", role="auditor", centre="") == 400
    assert posted(charlie, f"{page}/link", "/people") == 400
    assert charlie.is_in()


def test_access_takes_the_password_once_more(town: Town) -> None:
    other = town.signed_in("charlie")
    town.house.clock.sleep(CONFIRMED_FOR.total_seconds() + 1)
    mine = {"email": "erlan@example.com", "role": "auditor", "centre": ""}
    assert EN["confirm_password"] in other.get("/people?lang=en").text
    assert posted(other, "/people/add", "/people", **mine) == 403
    assert posted(other, "/people/add", "/people", **mine, confirm_password=PASSWORD) == 200
    town.house.clock.sleep(timedelta(minutes=20).total_seconds())


@pytest.mark.parametrize("name", ["alice", "bob", "mira", "pavel", "aidar"])
def test_the_others_change_nothing(town: Town, name: str) -> None:
    visitor = town.signed_in(name)
    form, before = visitor.form("/sessions"), town.house.ask(_everything)
    person, line = town.person("charlie").id, town.house.lines()[0].id
    for path in (*PATHS, f"/people/{person}", f"/lines/{line}"):
        assert visitor.get(path).status_code == 404
    for path in (
        *("/centres", "/lines", "/people/add", f"/lines/{line}/connect"),
        *(f"/people/{person}/{what}" for what in ("role", "link", "end")),
    ):
        sent = CENTRE | {"code": "new", "email": "x@example.com", "role": "administrator", "password": PASSWORD}
        assert visitor.post(path, form=form, more=sent).status_code == 404
    assert town.house.ask(_everything) == before


def test_an_administrator_of_one_centre_administers_nothing(town: Town) -> None:
    with town.house.at.database.begin() as session:
        row = session.scalars(sa.select(Person).where(Person.email == "mira@example.com")).one()
        row.role = "administrator"
    visitor = town.signed_in("mira")
    assert [visitor.get(path).status_code for path in PATHS] == [404] * len(PATHS)
    with town.house.at.database.begin() as session:
        session.get_one(Person, row.id).role = "centre_manager"


def test_health_says_what_doctor_says_and_what_is_used(town: Town, charlie: Visitor) -> None:
    assert EN["overview_being_counted"] in charlie.get("/health?lang=en").text
    town.house.at.counting.run()
    page = charlie.get("/health?lang=en").text
    for part in ("database", "store", "carrier_accounts", "notices", "ledger"):
        assert f"<strong>{EN[f'looked_at_{part}']}</strong>" in page
    assert "<strong>Line <code>ast/stay</code></strong>" in page
    assert "placeholders spoken by a machine" in page
    assert "Astana" in page
    assert "kB" in page


@pytest.mark.parametrize(
    ("referrer", "leads"),
    [
        ("{base}/centres?lang=kk", "/centres?lang=ru"),
        ("{base}/purges/new?lang=en&object=1", "/purges/new?object=1&amp;lang=ru"),
        ("https://elsewhere.example/centres", "/?lang=ru"),
        ("{base}//elsewhere.example/x", "/?lang=ru"),
        (None, "/?lang=ru"),
    ],
)
def test_the_answer_to_a_form_leads_to_a_page_in_another_language(
    town: Town, charlie: Visitor, referrer: str | None, leads: str
) -> None:
    """The form's own address shows nothing."""
    headers = {"Referer": referrer.format(base=town.house.at.site.base_url)} if referrer else {}
    answer = charlie.post("/centres", form=charlie.form("/centres"), headers=headers, code="NO", name="x")
    assert answer.status_code == 400
    assert f'href="{leads}"' in answer.text


def _everything(session: Session) -> list[object]:
    people = session.execute(sa.select(Person.id, Person.role, Person.active, Person.password_hash).order_by(Person.id))
    return [*people.all(), *session.scalars(sa.select(Centre.code).order_by(Centre.code))]


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_it_looks_right_everywhere(
    browser: Browser, town: Town, charlie: Visitor, language: str, size: dict[str, int], scheme: str
) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said, page, base = complaints(window), window.new_page(), town.house.at.site.base_url
    page.goto(f"{base}/health?lang={language}")
    page.locator("#email").fill("charlie@example.com")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(catalogue(language)["health_title"])
    town.house.clock.sleep(CONFIRMED_FOR.total_seconds() + 1)
    line, person = town.house.lines()[0].id, town.person("alice").id
    for path in (*PATHS, f"/lines/{line}", f"/people/{person}"):
        page.goto(base + path)
        assert page.locator("h1").inner_text()
        assert fits(page), path
        assert findings(page) == [], path
    page.locator("form[action$='/link'] input[name=confirm_password]").fill(PASSWORD)
    page.locator("form[action$='/link'] button").click()
    expect(page.locator("#link")).to_be_visible()
    assert fits(page)
    assert findings(page) == []
    assert said == []
    window.close()
