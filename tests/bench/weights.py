"""What a page weighs in a real browser, everything it fetches counted, and how long the server takes for it.

In a small installation, beside the page of signing in, which is the plainest. Bytes are as the web sends them; a proxy
in front of it that compresses makes them fewer.
"""

import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

from tests.bench.measure import in_turn, say_bytes, say_times
from tests.pages.conftest import CHROMIUM, SWITCHES
from tests.pages.lively import NAMES, Lively, enter, lively
from tests.pages.people import Visitor

ROUNDS = 5
PLAINEST = "/sign-in"
# Of the page itself and of all that it fetched by itself; sound is fetched when it is played.
FETCHED = """() => {
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const weight = all.filter((each) => each.initiatorType !== "audio");
  return [weight.reduce((sum, each) => sum + each.encodedBodySize, 0), weight.length];
}"""


def weight_of(window: BrowserContext, url: str) -> tuple[int, int]:
    """(bytes, requests) of a page that is opened for the first time."""
    page = window.new_page()
    page.goto(url)
    page.wait_for_load_state("networkidle")
    found: list[int] = page.evaluate(FETCHED)
    page.close()
    return found[0], found[1]


def asked(visitor: Visitor, path: str) -> Callable[[], None]:
    """Asking for a page."""

    def ask() -> None:
        assert visitor.get(path).status_code < 500

    return ask


def run(folder: Path) -> None:
    if not CHROMIUM.exists():
        sys.stdout.write("weights: not measured, there is no Chromium here (Debian's package chromium)\n")
        return
    with lively() as there, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        town = there.town
        base = town.house.at.site.base_url
        plainest, _ = weight_of(browser.new_context(), base + PLAINEST)
        stranger = town.visitor()
        for name, what, path in _pages(there):
            window = browser.new_context()
            if name != "stranger":
                page = window.new_page()
                enter(page, base, name)
                page.close()
            size, requests = weight_of(window, base + path)
            window.close()
            say_bytes(f"weight of {what} ({name}, {requests} requests)", size, PLAINEST, plainest)
            visitor = stranger if name == "stranger" else town.signed_in(name)
            ours, theirs = in_turn(asked(visitor, path), asked(stranger, PLAINEST), ROUNDS)
            say_times(f"server time of {what} ({name})", statistics.median(ours), PLAINEST, statistics.median(theirs))
        browser.close()


def _pages(there: Lively) -> list[tuple[str, str, str]]:
    """Every page once: for whoever meets it first."""
    found: dict[str, tuple[str, str, str]] = {}
    for name in NAMES:
        for what, path in there.pages_of(name):
            if path != PLAINEST:
                found.setdefault(what, (name, what, path))
    return list(found.values())
