"""Why a form was refused is said in the language of whoever filled it in."""

import pytest

from app.web.messages import LANGUAGES, catalogue
from app.web.refusals import sentences
from tests.pages.people import PASSWORD, Town, Visitor


def asked(visitor: Visitor, page: str, path: str, language: str, **fields: str) -> tuple[int, str]:
    """What a form gets for an answer, in a language."""
    answer = visitor.post(f"{path}?lang={language}", form=visitor.form(page), more=fields)
    return answer.status_code, answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_of_form_says_why_in_its_language(town: Town, language: str) -> None:
    charlie, pavel, alice = (town.signed_in(name) for name in ("charlie", "pavel", "alice"))
    centre = {"code": "Big City", "name": "x", "jurisdiction": "KZ", "timezone": "Asia/Almaty", "languages": "kk"}
    hold = {"by": "span", "from": "soon", "to": "2026-11-22T10:00", "review": "2030-01-01", "case": "1", "reason": "r"}
    terms = {"purpose": "training", "window": "90 days", "reason": "law"}
    token = {"name": " ", "days": "30", "confirm_password": PASSWORD}
    said = sentences(language)
    answers = [
        (
            asked(charlie, "/centres", "/centres", language, **centre),
            said["code {code!r}: use small letters, digits and hyphens, at most 32, such as ast"].format(
                code="Big City"
            ),
        ),
        (
            asked(pavel, "/holds/new", "/holds/set", language, **hold),
            {"kk": "«Басы»", "ru": "Поле «С»", "en": "From: give day and time."}[language],
        ),
        (
            asked(pavel, "/policies/new", "/policies/preview", language, **terms),
            said["window {window!r}: give an ISO 8601 duration longer than nothing, such as P90D or PT20S"].format(
                window="90 days"
            ),
        ),
        (asked(alice, "/tokens", "/tokens/make", language, **token), said["name: say what it is for"]),
    ]
    for (status, text), expected in answers:
        assert status == 400
        assert expected in text
        assert 'lang="' not in text.partition("<main")[2]


def test_a_page_that_only_says_why_says_that_nothing_was_changed(town: Town) -> None:
    status, text = asked(town.signed_in("charlie"), "/centres", "/centres", "ru", code="x", name="x")
    assert status == 400
    assert catalogue("ru")["refused"] in text
    assert catalogue("ru")["refused_why"] in text
    assert catalogue("ru")["wrong_request"] not in text
    assert sentences("ru")["jurisdiction {jurisdiction!r}: give two capital letters, such as KZ"][-20:] in text


def test_what_is_not_there_is_said_too(town: Town) -> None:
    answer = town.signed_in("charlie").get("/centres/none?lang=kk")
    assert answer.status_code == 404
    answer = town.signed_in("pavel").get("/holds/none?lang=kk")
    assert answer.status_code == 404
    assert "Мұндай тоқтату жоқ немесе оны көруге құқығыңыз жоқ." in answer.text
    assert catalogue("kk")["not_found_why"] not in answer.text


@pytest.mark.parametrize("field", ["from", "to", "review"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hold_of_another_age_is_refused_by_its_field(town: Town, field: str, language: str) -> None:
    pavel = town.signed_in("pavel")
    hold = {"by": "span", "from": "2026-11-22T09:00", "to": "2026-11-22T10:00", "review": "2030-01-01"}
    for year in ("0001", "2100"):
        late = f"{year}-01-01" if field == "review" else f"{year}-01-01T00:00"
        status, text = asked(pavel, "/holds/new", "/holds/set", language, **hold | {field: late}, case="1", reason="r")
        assert status == 400
        said = sentences(language)["{field}: give a year from {first} to {last}"]
        expected = said.format(field=catalogue(language)[f"hold_{field}"], first="1970", last="2099")
        assert expected.lower() in text.lower()
