"""The public page of a zone: layered, in three languages, without a cookie, and it says what is so now."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from config.sign_texts import shipped_sign_texts
from storage.models import Centre
from storage.retention.publish import set_policy
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import Town
from tests.pages.signing import Signs

PATH = "/n/ast/lobby"


@pytest.fixture(scope="module")
def signs(town: Town) -> Signs:
    signs = Signs(town.house)
    signs.zone("lobby", centre="ast")
    return signs


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_it_says_in_each_language_what_the_sign_says(town: Town, signs: Signs, language: str) -> None:
    answer = town.visitor().get(f"{PATH}?lang={language}")
    assert "Set-Cookie" not in answer.headers
    said = shipped_sign_texts()[language]
    assert f'<html lang="{language}">' in answer.text
    for field in ("headline", "who", "unnamed", "interest", "rights"):
        assert said[field] in answer.text
    assert answer.text.index(said["kept_label"]) < answer.text.index(said["rights"]), "first what matters"
    assert "{period}" not in answer.text


def test_a_line_is_still_a_line(town: Town, signs: Signs) -> None:
    assert town.visitor().get("/n/ast/stay").status_code == 200
    assert town.visitor().get("/n/alm/lobby").status_code == 404
    assert town.visitor().get("/n/ast/nothing").status_code == 404


def test_an_outdated_sign_says_so_to_who_scans_it(town: Town, signs: Signs) -> None:
    zone = signs.zone("gate", centre="ast")
    old = signs.sheet(zone).code
    path, warning = "/n/ast/gate?lang=en&sign=", "The sign that you scanned is outdated"
    assert warning not in town.visitor().get(path + old).text
    signs.publish("Who comes in")
    new = signs.sheet(zone).code
    assert warning in town.visitor().get(path + old).text
    for code in (new, "", "nothing", "%00", old + old):
        assert warning not in town.visitor().get(path + code).text, code
    other = f"/n/ast/lobby?lang=en&sign={old}"
    assert warning not in town.visitor().get(other).text, "it is another zone's"


def test_versions_before_and_to_come_with_what_changes(town: Town, signs: Signs) -> None:
    signs.publish("Who goes out", effective_from=town.house.clock.now() + timedelta(days=3))
    page = town.visitor().get(f"{PATH}?lang=en").text
    assert "To come. In force from:" in page
    assert "{period}" not in page
    assert "<ins>" in page
    shown_now = page[: page.index('class="versions"')]
    assert "Who goes out" not in shown_now
    town.house.clock.sleep(timedelta(days=3).total_seconds())
    page = town.visitor().get(f"{PATH}?lang=en").text
    assert "Who goes out (en)" in page[: page.index('class="versions"')]
    assert "To come" not in page


def test_how_long_is_what_the_centre_has_now(town: Town, signs: Signs) -> None:
    assert "30 days" in town.visitor().get(f"{PATH}?lang=en").text
    with town.house.at.database.begin() as session:
        centre = session.scalars(sa.select(Centre).where(Centre.code == "ast")).one()
        set_policy(
            session,
            purpose="security",
            window="P7D",
            reason="incidents are seen within a week",
            centre=centre,
            now=town.house.clock.now(),
            dry_run=False,
        )
    page = town.visitor().get(f"{PATH}?lang=en").text
    assert "7 days" in page
    assert "incidents are seen within a week" in page


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_every_look(
    town: Town, signs: Signs, browser: Browser, language: str, size: dict[str, int], scheme: str
) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said = complaints(window)
    page = window.new_page()
    page.goto(f"{town.house.at.site.base_url}{PATH}?lang={language}")
    assert findings(page) == []
    assert fits(page)
    assert (said, window.cookies()) == ([], [])
    window.close()
