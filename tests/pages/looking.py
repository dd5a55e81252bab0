"""Looking at pages in a browser: whether they fit, whether axe finds anything, whether the browser complained."""

from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

AXE = Path(__file__).parents[2] / "app" / "libraries" / "node_modules" / "axe-core" / "axe.min.js"
# WCAG 2.2 AA, and what axe counts as good practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def findings(page: Page) -> list[str]:
    """What axe finds, one line each. The page's own policy forbids foreign scripts, so axe comes by the debugger."""
    page.wait_for_load_state("load")
    page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    # Without preload: for one experimental rule axe would copy styles of shadow trees, which the policy forbids too.
    run = "tags => axe.run(document, {preload: false, runOnly: {type: 'tag', values: tags}})"
    found: dict[str, Any] = page.evaluate(run, TAGS)
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


def fits(page: Page) -> bool:
    """Whether nothing goes over the window's edge."""
    # A style sheet may still be on its way when the words are there.
    page.wait_for_load_state("load")
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def complaints(window: BrowserContext) -> list[str]:
    """Grows by whatever goes wrong in the pages of a window: refused by policy, errors of scripts, answers of 500."""
    said: list[str] = []
    window.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    window.on("weberror", lambda error: said.append(str(error.error)))
    window.on("response", lambda answer: said.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None)
    return said


def looks() -> list[tuple[str, dict[str, int], str]]:
    """Six looks, in which each language, width and scheme meets each of the others: what a fault takes is two of them.

    `python -m tests.pages.pictures` takes all twelve.
    """
    return [look for number, look in enumerate(all_looks()) if number in (0, 3, 5, 6, 8, 11)]


def all_looks() -> list[tuple[str, dict[str, int], str]]:
    """Every language, narrow and wide, light and dark."""
    sizes = [{"width": 360, "height": 800}, {"width": 1280, "height": 900}]
    return [
        (language, size, scheme) for language in ("kk", "ru", "en") for size in sizes for scheme in ("light", "dark")
    ]
