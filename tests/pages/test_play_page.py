"""The page on which a recording is heard, in a real browser: it plays, in three languages, wide and narrow."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, ConsoleMessage, Request

from app.auth.pass_link import Pass, Passes
from storage.models import Person
from tests.house import House
from tests.pages.conftest import LISTEN

TITLES = {"kk": "Қоңырау жазбасы", "ru": "Запись разговора", "en": "Call recording"}


@pytest.fixture
def address(house: House) -> str:
    """Where Alice, a reviewer, can hear a recorded call."""
    house.call("stay", "kk", "listen")
    house.work()
    (kept,) = house.objects()
    alice = house.ask(lambda s: s.scalars(sa.select(Person).where(Person.email == "alice@example.com")).one())
    return f"{house.at.site.base_url}/play/{Passes(house.at.home).issue(Pass(alice.id, kept.id, 'quality'))}"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_recording_plays_and_nothing_is_asked_of_strangers(
    browser: Browser, house: House, address: str, language: str, width: int
) -> None:
    troubles: list[str] = []
    asked: list[str] = []

    def note(message: ConsoleMessage) -> None:
        troubles.append(message.text)

    def record(request: Request) -> None:
        asked.append(request.url)

    page = browser.new_page(viewport={"width": width, "height": 800})
    page.on("console", note)
    page.on("request", record)
    page.goto(f"{address}?lang={language}")
    heard = page.evaluate(LISTEN)
    assert heard["error"] is None
    assert heard["at"] > 0.5
    assert heard["loudest"] > 0.02
    assert page.locator("h1").inner_text() == TITLES[language]
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert all(url.startswith(house.at.site.base_url) for url in asked)
    assert troubles == []
    page.close()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_an_address_that_is_not_valid_says_so_in_words(browser: Browser, house: House, language: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 640})
    answer = page.goto(f"{house.at.site.base_url}/play/nothing?lang={language}")
    assert answer is not None
    assert answer.status == 404
    assert len(page.locator("main p").inner_text()) > 20
    page.close()
