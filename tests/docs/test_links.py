"""Links lead somewhere, and names of files are names of files."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, inline_code, links, name

FLOORS = ("app", "telephony", "video", "storage", "config", "tests", "docs")
FILE = re.compile(rf"(?:{'|'.join(FLOORS)})/[\w./-]*")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for link in links(page):
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or not path.is_relative_to(ROOT):
            lost.append(link)
        elif anchor and anchor not in anchors(path):
            lost.append(f"{link}: no such heading")
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_are_named_exist(page: Path) -> None:
    named = [code for code in inline_code(page) if FILE.fullmatch(code)]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_architecture_names_every_file_on_the_way_of_a_call() -> None:
    named = set(inline_code(ROOT / "docs" / "architecture.md"))
    steps = ["webhooks", "steps", "callflow", "consent", "events", "closing", "recordings", "carrier_copy"]
    assert {f"telephony/{step}.py" for step in steps} <= named
    assert {"storage/intake.py", "storage/playback.py", "storage/retention/deletion.py"} <= named


def test_pages_that_the_code_names_exist() -> None:
    named = {
        page: path
        for floor in FLOORS[:-2]
        for path in (ROOT / floor).rglob("*.py")
        for page in re.findall(r"(?<![/\w.])docs/[\w-]+/[\w-]+", path.read_text("utf-8"))
    }
    assert named
    assert [f"{path}: {page}" for page, path in named.items() if not list(ROOT.glob(f"{page}*"))] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        waiting += [
            (page.parent / link.partition("#")[0]).resolve() for link in links(page) if not link.startswith("#")
        ]
    assert set(PAGES) <= reached
