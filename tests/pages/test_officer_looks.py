"""The officer's pages as they look: axe finds nothing, nothing goes over the edge, the browser does not complain."""

import os

import pytest
from playwright.sync_api import Browser

from tests.pages.looking import all_looks, complaints, findings, fits
from tests.pages.officer import (
    asked_purge,
    call_of,
    deleted,
    draft,
    found,
    hold,
    lifted,
    more_officers,
    placed,
    stored,
    waits,
)
from tests.pages.people import Town

# axe takes seconds a page; what it finds differs by colours and by width, hardly by language.
SHOTS = os.environ.get("SHOTS")
THOROUGHLY = {("kk", 360, "light"), ("ru", 360, "dark"), ("en", 1280, "light"), ("ru", 1280, "dark")}


@pytest.fixture(scope="module")
def paths(town: Town) -> list[str]:
    """Every page of the officer, with something on it."""
    more_officers(town)
    gone, other = stored(town), stored(town, "opt_out", "kk")
    town.house.call("stay", "kk", "hangup-during-notice")
    town.house.call("opt_out", "ru", "press:2")
    town.house.work_for(30)
    deleted(town, gone)
    held = hold(town, town.kept.id, "A-17/2026")
    before = hold(town, other, "A-12/2026", "olga")
    lifted(town, before)
    waiting = waits(town, "olga")
    found(town)
    gone_before, asked_for = asked_purge(town, done=True), asked_purge(town, by="olga")
    town.house.work()
    placed(town)
    return [
        f"/calls/{call_of(town, town.kept.id)}/evidence",
        "/holds",
        "/holds/new",
        f"/holds/{held}",
        f"/holds/{before}",
        "/purges",
        f"/purges/new?object={town.kept.id}",
        f"/purges/{gone_before}",
        f"/purges/{asked_for}",
        "/policies",
        "/policies/new",
        f"/policies/{waiting}",
        "/receipts",
        f"/receipts/{gone}",
        "/ledger",
        "/ledger/0",
        "/notices",
        "/notices/stay-ru-2",
        "/notices/new?kind=notice&mode=stay&language=ru",
        f"/notices/drafts/{draft(town)}",
        "/findings",
        "/declined",
    ]


@pytest.fixture(scope="module")
def token(town: Town, paths: list[str]) -> str:
    return town.signed_in("pavel").token


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), all_looks())
def test_every_page_in_every_look(
    town: Town, browser: Browser, paths: list[str], token: str, language: str, size: dict[str, int], scheme: str
) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    window.add_cookies([{"name": "eskertu_session", "value": token, "url": town.house.at.site.base_url}])
    said = complaints(window)
    page = window.new_page()
    for path in paths:
        answer = page.goto(f"{town.house.at.site.base_url}{path}{'&' if '?' in path else '?'}lang={language}")
        assert answer is not None
        assert answer.status == 200, path
        if (language, size["width"], scheme) in THOROUGHLY:
            assert findings(page) == [], path
        if SHOTS:
            page.screenshot(
                path=f"{SHOTS}/{path.replace('/', '_')[:14]}-{language}-{size['width']}-{scheme}.png", full_page=True
            )
        assert fits(page), path
    assert said == []
    window.close()
