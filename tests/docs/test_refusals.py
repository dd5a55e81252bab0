"""Why something was refused is said in the language of whoever reads the page.

If a test here fails for a sentence of yours: add it to config/messages/kk/refusals.toml and ru/refusals.toml, and to
en/refusals.toml where a page says it otherwise than a command (by the words of its form, without options).
"""

import string
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.auth.roles import ROLES
from app.web.facts import WORDS, written
from app.web.messages import LANGUAGES, catalogue
from app.web.refusals import sentences, told
from storage.errors import NotFound, Refused
from storage.notices import LANGUAGES as SPOKEN
from storage.notices import MODES
from storage.retention.policy import PURPOSES
from tests.docs.refusals import BY_OTHER_WORDS, raised

ASTANA = ZoneInfo("Asia/Almaty")
RAISED = list(raised())
SENTENCES = {each.sentence for each in RAISED if each.sentence is not None}


def placeholders(sentence: str) -> set[str]:
    """The facts that a sentence names."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_refusal_is_a_sentence_that_can_be_looked_up() -> None:
    assert [each.where for each in RAISED if each.sentence is None] == []
    assert [each.where for each in RAISED if each.sentence and each.facts != placeholders(each.sentence)] == []
    assert len(RAISED) > 150


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_every_refusal_that_a_page_can_show_is_in_its_language(language: str) -> None:
    shown = SENTENCES - BY_OTHER_WORDS
    assert sorted(shown - sentences(language).keys()) == []
    assert sorted(sentences(language).keys() - shown) == []


def test_english_pages_say_otherwise_only_what_is_raised() -> None:
    assert sorted(sentences("en").keys() - SENTENCES) == []
    assert sorted(BY_OTHER_WORDS - SENTENCES) == []
    with_options = {each for each in sentences("kk") if "--" in each or "`" in each}
    assert sorted(with_options - sentences("en").keys()) == []
    assert [text for text in sentences("en").values() if "--" in text or "`" in text] == []


def test_all_languages_tell_the_same_facts() -> None:
    for sentence, in_kazakh in sentences("kk").items():
        in_english = sentences("en").get(sentence, sentence)
        assert placeholders(in_kazakh) == placeholders(sentences("ru")[sentence]), sentence
        assert placeholders(in_kazakh) == placeholders(in_english) <= placeholders(sentence), sentence


def test_every_sentence_can_be_said_in_every_language() -> None:
    for sentence in sorted(SENTENCES - BY_OTHER_WORDS):
        error = Refused(sentence, **dict.fromkeys(placeholders(sentence), 3))
        for language in LANGUAGES:
            said = told(error, language, ASTANA)
            assert said.language == language
            assert said.text[0] == said.text[0].upper()
            assert said.text.endswith((".", "?", "3")), said.text


def test_facts_are_written_as_each_language_writes_them() -> None:
    until = datetime(2026, 11, 22, 10, 5, tzinfo=UTC)
    error = Refused(
        "this preview was good until {until}. Make a new preview: `eskertu policy set` once more", until=until
    )
    assert (
        str(error)
        == "this preview was good until 2026-11-22 10:05 UTC. Make a new preview: `eskertu policy set` once more"
    )
    assert "15:05 (Asia/Almaty)" in told(error, "ru", ASTANA).text
    assert "қар" in told(error, "kk", ASTANA).text
    error = Refused("purpose {purpose!r}: choose one of {purposes}", purpose="fun", purposes=PURPOSES)
    assert str(error) == "purpose 'fun': choose one of training, quality, security, evidence"
    assert "обучение сотрудников, контроль качества" in told(error, "ru", ASTANA).text
    assert written("ru", "end", 12.5, ASTANA) == "12,5"
    assert written("ru", "lasts", 1200, ASTANA) == "1\u00a0200"
    assert written("kk", "lacking", ["notice stay ru", "menu kk"], ASTANA) == (
        "ескерту (желіде қалу – келісу, орыс тілі); тіл таңдау (қазақ тілі)"
    )
    assert written("kk", "error", "a timeout", ASTANA) == "a timeout"


def test_our_words_are_known_in_every_language() -> None:
    for language in LANGUAGES:
        texts = catalogue(language)
        for name, words in (("modes", MODES), ("roles", ROLES), ("purposes", PURPOSES), ("languages", SPOKEN)):
            assert {WORDS[name] + word for word in words} <= texts.keys()


def test_what_no_page_was_expected_to_meet_is_english_and_says_so() -> None:
    said = told(NotFound("there is nothing"), "kk", ASTANA)
    assert (said.text, said.language) == ("There is nothing.", "en")


def test_a_sentence_without_facts_may_have_braces() -> None:
    assert str(Refused('the carrier said {"code": 1}')) == 'the carrier said {"code": 1}'
