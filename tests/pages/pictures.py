"""`python -m tests.pages.pictures FOLDER [en-1280-light …]`: every page of every role as a picture, to be looked at.

In each language, narrow and wide, light and dark, or in the looks that are named. Beside the pictures stands one sheet
for each page, on which all its looks are seen at once.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.pages.conftest import CHROMIUM, SWITCHES
from tests.pages.lively import NAMES, Lively, enter, lively
from tests.pages.looking import all_looks

# What is seen after a button is pressed: whose, under which name, where, what is filled in, what is pressed.
PRESSED: dict[str, list[tuple[str, str, dict[str, str], str]]] = {
    "pavel": [
        (
            "purge-preview",
            "/purges/new?object={recording}",
            {"[name=from] >> nth=0": "0:01", "[name=to] >> nth=0": "0:02", "#reason": "A card is heard."},
            "form.panel > button",
        ),
        (
            "sign-texts-draft",
            "/signs/texts/new",
            {"#en-purpose": "To watch over the car park."},
            "main > form > button",
        ),
    ],
    "charlie": [("person-link", "/people/{person}", {}, "form[action$='/link'] button")],
}


def take(there: Lively, browser: Browser, folder: Path, wanted: Sequence[str]) -> None:
    """Take them all."""
    base = there.town.house.at.site.base_url
    for name in NAMES:
        seen: dict[str, list[Path]] = {}
        for language, size, scheme in all_looks():
            look = f"{language}-{size['width']}-{scheme}"
            if wanted and look not in wanted:
                continue
            window = browser.new_context(viewport=size, color_scheme=scheme, locale=language)  # type: ignore[arg-type]
            page = window.new_page()
            if name != "stranger":
                enter(page, base, name)
            for what in opened(there, page, name, language):
                page.wait_for_load_state("networkidle")
                path = folder / f"{name}-{what}-{look}.png"
                page.screenshot(path=path, full_page=True)
                seen.setdefault(what, []).append(path)
            window.close()
        for what, pictures in seen.items():
            sheet(browser, folder / f"sheet-{name}-{what}.png", pictures)


def opened(there: Lively, page: Page, name: str, language: str) -> Iterator[str]:
    """Open one page of somebody after the other; tells which."""
    base = there.town.house.at.site.base_url
    for what, path in there.pages_of(name):
        page.goto(f"{base}{path}{'&' if '?' in path else '?'}lang={language}")
        yield what
    for what, path, filled, button in PRESSED.get(name, []):
        page.goto(base + there.path(path))
        for where, value in filled.items():
            page.locator(where).fill(value)
        page.locator(button).click()
        yield what


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
    with lively() as there, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        take(there, browser, folder, sys.argv[2:])
        browser.close()


if __name__ == "__main__":
    main()
