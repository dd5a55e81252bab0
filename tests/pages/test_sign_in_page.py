"""Sign-in in a real browser: in, listen, out; and what is seen when it is refused, locked, or ended elsewhere."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from app.auth.attempts import REFUSED_AT_MOST, WITHIN
from app.web.messages import catalogue
from tests.pages.conftest import LISTEN
from tests.pages.looking import findings, fits
from tests.pages.people import PASSWORD, Town

EN = catalogue("en")


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody's browser, with cookies of its own."""
    opened = browser.new_context(viewport={"width": 360, "height": 740}, locale="en")
    yield opened
    opened.close()


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """By keyboard alone."""
    email = page.locator("#email")
    email.fill(f"{name}@example.com")
    email.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_in_listen_out_and_back_shows_nothing(browser: Browser, town: Town, language: str, width: int) -> None:
    texts, base = catalogue(language), town.house.at.site.base_url
    window = browser.new_context(viewport={"width": width, "height": 740})
    page = window.new_page()
    troubles: list[str] = []
    asked: list[str] = []

    def note(message: ConsoleMessage) -> None:
        troubles.append(message.text)

    def record(request: Request) -> None:
        asked.append(request.url)

    page.on("console", note)
    page.on("request", record)
    page.goto(f"{base}/?lang={language}")
    expect(page.locator("h1")).to_have_text(texts["sign_in_title"])
    assert fits(page)
    assert findings(page) == []
    sign_in(page, "alice")
    expect(page.locator("h1")).to_have_text(texts["overview_title"])
    assert fits(page)
    assert findings(page) == []
    if width < 640:
        page.locator(".areas summary").click()
        assert fits(page)
        assert findings(page) == []
    page.get_by_role("navigation").get_by_role("link", name=texts["recordings"]).click()
    expect(page.locator("h1")).to_have_text(texts["recordings_title"])
    assert page.locator("html").get_attribute("lang") == language
    assert fits(page)
    assert findings(page) == []
    page.locator("td a").first.click()
    expect(page.locator("h1")).to_have_text(texts["title"])
    heard = page.evaluate(LISTEN)
    assert heard["error"] is None
    assert heard["at"] > 0.5
    assert heard["loudest"] > 0.02
    assert fits(page)
    assert findings(page) == []
    if width < 640:
        page.locator(".areas summary").click()
    page.get_by_role("link", name=texts["sessions"]).click()
    expect(page.locator("tbody .mark")).to_have_text(texts["this_one"])
    assert fits(page)
    assert findings(page) == []
    page.get_by_role("button", name=texts["sign_out"]).click()
    expect(page.locator("h1")).to_have_text(texts["sign_in_title"])
    for _ in range(3):
        page.go_back()
        expect(page.locator("h1")).to_have_text(texts["sign_in_title"])
        assert page.locator("audio, table").count() == 0
    assert all(url.startswith(base) for url in asked)
    assert troubles == []
    window.close()


def test_wrong_and_then_locked_out(window: BrowserContext, town: Town) -> None:
    page = window.new_page()
    page.goto(f"{town.house.at.site.base_url}/sessions")
    for _ in range(REFUSED_AT_MOST):
        with page.expect_navigation():
            sign_in(page, "bob", "wrong wrong wrong")
        expect(page.get_by_role("alert")).to_have_text(EN["not_signed_in"])
        expect(page.locator("#email")).to_have_value("bob@example.com")
        expect(page.locator("#password")).to_have_value("")
        expect(page.locator("#password")).to_be_focused()
    sign_in(page, "bob")
    expect(page.get_by_role("alert")).to_have_text(EN["locked_out"])
    assert fits(page)
    town.house.clock.sleep(WITHIN.total_seconds())
    sign_in(page, "bob")
    expect(page.locator("h1")).to_have_text(EN["sessions_title"])


def test_a_session_that_was_ended_elsewhere_says_so(browser: Browser, window: BrowserContext, town: Town) -> None:
    base = town.house.at.site.base_url
    here, other = window.new_page(), browser.new_context(locale="en")
    there = other.new_page()
    for page in (here, there):
        page.goto(f"{base}/recordings")
        sign_in(page, "alice")
        expect(page.locator("h1")).to_have_text(EN["recordings_title"])
    here.locator("td a").first.click()
    expect(here.locator("h1")).to_have_text(EN["title"])
    there.goto(f"{base}/sessions")
    there.get_by_role("button", name=EN["end_others"]).click()
    expect(there.locator("tbody tr")).to_have_count(1)
    here.reload()
    expect(here.get_by_role("alert")).to_have_text(EN["session_over"])
    assert here.locator("audio").count() == 0
    sign_in(here, "alice")
    expect(here.locator("audio").first).to_be_visible()
    other.close()


def test_a_form_that_is_not_ours_says_so(window: BrowserContext, town: Town) -> None:
    page = window.new_page()
    page.goto(f"{town.house.at.site.base_url}/sign-in")
    window.clear_cookies()
    sign_in(page, "alice")
    expect(page.locator("h1")).to_have_text(EN["form_refused"])
