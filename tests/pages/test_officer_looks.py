"""The officer's pages as they look: axe finds nothing, nothing goes over the edge, the browser does not complain."""

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.officer import Shown, more_officers, pages_with_something
from tests.pages.people import Town


@pytest.fixture(scope="module")
def pages(town: Town) -> list[Shown]:
    more_officers(town)
    return pages_with_something(town)


@pytest.fixture(scope="module")
def token(town: Town, pages: list[Shown]) -> str:
    return town.signed_in("pavel").token


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_every_page_in_every_look(
    town: Town, browser: Browser, pages: list[Shown], token: str, language: str, size: dict[str, int], scheme: str
) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    window.add_cookies([{"name": "eskertu_session", "value": token, "url": town.house.at.site.base_url}])
    said = complaints(window)
    page = window.new_page()
    for _, path in pages:
        answer = page.goto(f"{town.house.at.site.base_url}{path}{'&' if '?' in path else '?'}lang={language}")
        assert answer is not None
        assert answer.status == 200, path
        assert findings(page) == [], path
        assert fits(page), path
    page.goto(f"{town.house.at.site.base_url}/purges/new?object={town.kept.id}")
    page.locator("[name=from]").first.fill("0:01")
    page.locator("[name=to]").first.fill("0:02")
    page.locator("#reason").fill("A card is heard.")
    page.locator("form.panel > button").click()
    expect(page.locator("form[action='/purges/ask']")).to_be_visible()
    assert findings(page) == []
    assert fits(page)
    assert said == []
    window.close()
