"""What `doctor` can find is said on pages in each language, with what to do about it."""

import re

import pytest

from app.examination import VERDICTS, Found, examine
from app.web.examined import told
from app.web.messages import LANGUAGES, catalogue
from tests.docs.pages import ROOT
from tests.house import House

FINE = {
    *("fine", "accounts_there", "line_complete", "notices_by_people", "findings_none"),
    *("holds_mirrored", "ledger_given", "recorder_records", "clock_agrees", "signs_agree"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_has_its_words_and_what_is_wrong_has_a_hint(language: str) -> None:
    texts = catalogue(language)
    wrong = VERDICTS.keys() - FINE
    seen = {f"seen_{each}" for each in VERDICTS} | {f"seen_{each}_do" for each in wrong}
    assert {key for key in texts if key.startswith("seen_")} == seen


def test_the_code_finds_every_verdict_and_looks_at_what_has_a_name() -> None:
    code = (ROOT / "app" / "examination.py").read_text("utf-8")
    parts = set(re.findall(r'(?:Found|_counted)\(\s*"([\w ]+)"', code)) | {"database", "migrations", "keys", "store"}
    assert {f"looked_at_{part.replace(' ', '_')}" for part in parts} == {
        key for key in catalogue("en") if key.startswith("looked_at_")
    }
    below = code.partition("class Found")[2]
    named = set(re.findall(r'"(\w+)"', below)) | {
        f"{part}_wrong" for part in ("database", "migrations", "keys", "store")
    }
    assert VERDICTS.keys() <= named


def test_the_command_says_it_in_english_and_pages_in_their_language() -> None:
    lacking = Found("line", "line_lacking", fine=False, facts={"lacking": ["notice stay kk"]}, subject="ast/front")
    assert f"{lacking.name}: {lacking}" == "line ast/front: not in force: notice stay kk"
    assert told(lacking, "kk").verdict == "Күшіне енбегені: ескерту (желіде қалу – келісу, қазақ тілі)."
    spoken = Found("notices", "notices_by_machine", fine=False, facts={"n": 5})
    assert str(spoken).startswith("5 are placeholders")
    assert told(spoken, "ru").verdict == "5 уведомлений пока произносит машина."
    away = Found("store", "store_wrong", fine=False, facts={"error": "no route {to} host"})
    assert str(away) == "no route {to} host"
    shown = told(away, "ru")
    assert (shown.part, shown.verdict) == ("Хранилище объектов", "Хранилище объектов недоступно.")
    assert (shown.detail, shown.hint is not None) == ("no route {to} host", True)


def test_a_house_is_looked_at_in_every_language(house: House) -> None:
    found = examine(house.at)
    assert {each.part for each in found} >= {"database", "migrations", "keys", "store", "line", "ledger"}
    for language in LANGUAGES:
        assert all(told(each, language).verdict for each in found)
