"""Every kind of finding is explained, in the reference and on pages in each language; and what receipts say remains."""

import re

import pytest

from app.web.messages import LANGUAGES, catalogue
from app.web.receipts import REMAINS
from storage.retention.restored import EXPLAINED
from tests.docs.pages import ROOT, section

REMAINS_SAID = re.compile(r'\{"what": "([^"]+)", "until": (?:"([^"]+)"|\()')
NOTED = re.compile(r'(?:\bnote_finding\(\s*session,|\bself\._tell\()\s*"(\w+)"')


def test_what_receipts_say_of_what_remains_is_said_on_their_page() -> None:
    said: set[str] = set()
    for floor in ("storage", "telephony"):
        for path in (ROOT / floor).rglob("*.py"):
            said |= {each for found in REMAINS_SAID.findall(path.read_text("utf-8")) for each in found if each}
    assert said == REMAINS.keys()


def kinds() -> set[str]:
    """What the reference has."""
    table = section(ROOT / "docs" / "reference" / "states.md", "## Findings")
    return set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


def test_the_reference_has_the_kinds_that_the_code_makes() -> None:
    made = set(EXPLAINED)
    for floor in ("storage", "telephony", "video", "app"):
        for path in (ROOT / floor).rglob("*.py"):
            made |= set(NOTED.findall(path.read_text("utf-8")))
    assert made == kinds()


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_say_what_each_kind_is_what_it_means_and_what_to_do(language: str) -> None:
    texts = catalogue(language)
    wanted = {f"found_{kind}{part}" for kind in kinds() for part in ("", "_means", "_do")}
    assert {key for key in texts if key.startswith("found_")} == wanted
    for kind in kinds():
        assert not texts[f"found_{kind}"].endswith(".")
        assert texts[f"found_{kind}_means"].endswith(".")
        assert texts[f"found_{kind}_do"].endswith(".")
