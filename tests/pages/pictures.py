"""`python -m tests.pages.pictures FOLDER [en-1280-light …]`: every page of every role as a picture, to be looked at.

In each language, narrow and wide, light and dark, or in the looks that are named. Beside the pictures stands one sheet
for each page, on which all its looks are seen at once.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from playwright.sync_api import Browser, Page, sync_playwright

from app.auth.policy import Viewer
from app.web.navigation import areas_of
from storage.models import Call
from tests.bench.ground import BUCKET, seaweed
from tests.house import House
from tests.pages.conftest import CHROMIUM, SWITCHES
from tests.pages.looking import all_looks
from tests.pages.people import PASSWORD, Town

CALLS = [
    ("stay", "kk", "listen"),
    ("stay", "ru", "hangup-during-notice"),
    ("opt_out", "en", "press:2"),
    ("opt_out", "kk", "listen"),
    ("opt_in", "ru", "press:1"),
    ("opt_in", "kk", "listen"),
]
# What is seen without an area of one's own: whose, under which name, where.
BESIDES = {
    "stranger": [("sign-in", "/sign-in"), ("public", "/n/ast/stay"), ("nothing", "/nothing")],
    "alice": [("recording", "/recordings/{recording}"), ("call", "/calls/{call}"), ("nothing", "/holds")],
    "pavel": [("call", "/calls/{call}")],
    "charlie": [("line", "/lines/{line}"), ("person", "/people/{person}")],
}
# What is seen after a button is pressed: whose, under which name, where, what is filled in, what is pressed.
PRESSED = {
    "alice": ("scored", "/calls", {"#score": "80"}, "form.search button"),
    "pavel": (
        "purge-preview",
        "/purges/new?object={recording}",
        {"[name=from]": "0:01", "[name=to]": "0:02", "#reason": "A card is heard."},
        "form.panel > button",
    ),
    "charlie": ("link", "/people/{person}", {}, "form[action$='/link'] button"),
}
NAMES = ("stranger", "alice", "pavel", "charlie", "aidar", "mira")


@contextmanager
def lively() -> Iterator[Town]:
    """A town in which there is something to see: calls of all outcomes and languages, over some days."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with seaweed(folder) as store, House(folder / "home", store.store(BUCKET)).open() as house:
            town = Town(house)
            for day in range(3):
                for mode, language, do in CALLS[day:]:
                    house.call(mode, language, do)
                    house.work()
                house.clock.sleep(24 * 3600)
            house.work()
            house.at.peaks.run()
            assert house.at.counting.run()
            yield town


def pages_of(town: Town, name: str) -> list[tuple[str, str]]:
    """Somebody's pages: the name of the picture, the address."""
    found = []
    if name != "stranger":
        person = town.person(name)
        areas = areas_of(Viewer(person.role, person.centre_id, person.active))
        found = [(area.name, area.path) for area in areas]
    call = town.house.ask(lambda s: s.scalars(sa.select(Call.id).where(Call.outcome == "recorded")).first())
    return found + [(what, path.format(recording=town.kept.id, call=call)) for what, path in BESIDES.get(name, [])]


def take(town: Town, browser: Browser, folder: Path, wanted: Sequence[str]) -> None:
    """Take them all."""
    for name in NAMES:
        seen: dict[str, list[Path]] = {}
        for language, size, scheme in all_looks():
            look = f"{language}-{size['width']}-{scheme}"
            if wanted and look not in wanted:
                continue
            window = browser.new_context(viewport=size, color_scheme=scheme, locale=language)  # type: ignore[arg-type]
            page = window.new_page()
            base = town.house.at.site.base_url
            if name != "stranger":
                enter(page, base, name)
            for what, path in pages_of(town, name):
                page.goto(f"{base}{path}{'&' if '?' in path else '?'}lang={language}")
                page.wait_for_load_state("networkidle")
                picture = folder / f"{name}-{what}-{look}.png"
                page.screenshot(path=picture, full_page=True)
                seen.setdefault(what, []).append(picture)
            window.close()
        for what, pictures in seen.items():
            sheet(browser, folder / f"sheet-{name}-{what}.png", pictures)


def enter(page: Page, base: str, name: str) -> None:
    """Sign in."""
    page.goto(f"{base}/sign-in")
    page.locator("#email").fill(f"{name}@example.com")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def sheet(browser: Browser, to: Path, pictures: Sequence[Path]) -> None:
    """All looks of a page beside one another."""
    page = browser.new_page(viewport={"width": 1800, "height": 600})
    images = "".join(f'<img src="{path.name}" height="900">' for path in pictures)
    (to.parent / "sheet.html").write_text(f"<body>{images}", encoding="utf-8")
    page.goto((to.parent / "sheet.html").as_uri())
    page.screenshot(path=to, full_page=True)
    page.close()


def main() -> None:
    """Take the pictures that the command line names."""
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with lively() as town, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        take(town, browser, folder, sys.argv[2:])
        browser.close()


if __name__ == "__main__":
    main()
