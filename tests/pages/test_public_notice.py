"""The public page of a line: everybody may read it, nobody gets a cookie, and it says what is so now."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from app.changed_words import changed_words
from app.web.local import Local
from app.web.messages import catalogue
from config.settings import Settings
from storage.models import Centre, SignedCheckpoint
from storage.notices import current
from storage.publication import OPERATOR, Draft, publish, withdraw
from storage.retention.publish import set_policy
from tests.pages.conftest import LISTEN
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import Town
from tests.practice.customer import wav

PATH = "/n/ast/stay"


@pytest.mark.parametrize("path", [PATH, "/n/ast/nothing", "/n/nowhere/stay", f"{PATH}?lang=ru", "/n/ast/x?lang=ru"])
def test_no_cookie_is_set(town: Town, path: str) -> None:
    stranger, alice = town.visitor(), town.signed_in("alice")
    for visitor in (stranger, alice):
        assert "Set-Cookie" not in visitor.get(path).headers


def test_the_language_goes_by_the_address_alone(town: Town) -> None:
    visitor = town.visitor()
    assert visitor.get("/sign-in?lang=ru").status_code == 200
    assert '<html lang="ru">' in visitor.get("/sign-in").text
    assert '<html lang="en">' in visitor.get(PATH, Accept_Language="en").text
    for language in ("kk", "ru", "en"):
        page = visitor.get(f"{PATH}?lang={language}").text
        assert f'<html lang="{language}">' in page
        assert catalogue(language)["public_title"] in page


@pytest.mark.parametrize("path", ["/n/ast/nothing", "/n/nowhere/stay", "/n/alm/stay"])
def test_what_is_unknown_says_so(town: Town, path: str) -> None:
    answer = town.visitor().get(f"{path}?lang=en")
    assert answer.status_code == 404
    assert catalogue("en")["no_such_line_why"] in answer.text


def test_it_says_who_why_and_how_long(town: Town) -> None:
    page = town.visitor().get(f"{PATH}?lang=en").text
    for said in ("Astana", "the operator of this line", "90 days", "30 days", "3 years", "by the quarter"):
        assert said in page
    with town.house.at.database.begin() as session:
        centre = session.scalars(sa.select(Centre).where(Centre.code == "ast")).one()
        set_policy(
            session,
            purpose="training",
            window="P2M",
            reason="lessons are every other month",
            centre=centre,
            now=town.house.clock.now(),
            dry_run=False,
        )
    page = town.visitor().get(f"{PATH}?lang=en").text
    assert "2 months" in page
    assert "lessons are every other month" in page
    assert "90 days" not in page


def test_it_says_whom_to_ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert catalogue("en")["public_no_contact"] in town.visitor().get(f"{PATH}?lang=en").text
    known = town.house.at.settings.model_copy(update={"privacy_contact": "privacy@example.com, +7 7172 000 000"})
    monkeypatch.setattr(town.house.at, "settings", known)
    page = town.visitor().get(f"{PATH}?lang=en").text
    assert "privacy@example.com, +7 7172 000 000" in page
    assert catalogue("en")["public_no_contact"] not in page
    assert Settings(privacy_contact="a").privacy_contact == "a"


def test_it_says_what_was_heard_before_and_which_words_changed(town: Town) -> None:
    before = town.visitor().get("/n/ast/opt-in?lang=en").text
    assert "<ins>" not in before
    text = "This call is recorded only if you agree. We use it to train our staff. To agree, press one."
    with town.house.at.database.begin() as session:
        publish(session, Draft("notice", "opt_in", "en", text, wav(5.0), 5000, False), town.house.clock.now())
    page = town.visitor().get("/n/ast/opt-in?lang=en").text
    assert f'<blockquote lang="en">{text}</blockquote>' in page
    assert "opt_in-en-2" in page
    assert "opt_in-en-1" in page
    assert "<ins>We use it to train our staff.</ins>" in page
    # other lines hear their own
    assert "<ins>" not in town.visitor().get(f"{PATH}?lang=en").text


def test_it_says_what_is_to_come_until_that_is_what_is_heard(town: Town) -> None:
    text = "From next month this conversation is recorded to train our staff, and to control quality."
    now = town.house.clock.now()
    begins = datetime(2026, 12, 1, tzinfo=ZoneInfo("Asia/Almaty"))
    with town.house.at.database.begin() as session:
        before = current(session, "notice", "opt_out", "en", now).text
        publish(session, Draft("notice", "opt_out", "en", text, wav(4.0), 4000, False), now, begins)
        publish(session, Draft("notice", "opt_out", "ru", text, wav(4.0), 4000, False), now, begins)
        withdraw(session, "opt_out-ru-2", "not yet", now, OPERATOR)
    page = town.visitor().get("/n/ast/opt-out?lang=en").text
    assert f'<blockquote lang="en">{before}</blockquote>' in page
    assert "To come. In force from:" in page
    assert "1 Dec 2026, 00:00" in page
    assert "<ins>From next month" in page
    assert "opt_out-ru-2" not in page, "what was withdrawn will be heard by nobody"
    town.house.clock.sleep((begins - now).total_seconds())
    page = town.visitor().get("/n/ast/opt-out?lang=en").text
    assert f'<blockquote lang="en">{text}</blockquote>' in page
    assert "To come" not in page


def test_each_visitor_carries_a_checkpoint_away(town: Town) -> None:
    def of(page: str) -> str:
        return page.partition("<pre")[2].partition(">")[2].partition("</pre>")[0]

    town.house.work()
    first = of(town.visitor().get(PATH).text)
    lines = first.replace("&#34;", '"').splitlines()
    assert lines[0] == town.house.at.settings.ledger_origin
    with town.house.at.database.read() as session:
        row = session.get_one(SignedCheckpoint, int(lines[1]))
        assert row.given_at is not None
        assert town.house.at.ledger.open(row.note).root == row.root
    town.signed_in("alice")
    town.house.work()
    assert of(town.visitor().get(PATH).text) == first
    town.house.clock.sleep(timedelta(hours=1).total_seconds() + 1)
    newer = of(town.visitor().get(PATH).text)
    assert int(newer.splitlines()[1]) > int(lines[1])


def test_differences_are_of_words() -> None:
    told = changed_words("one two three four", "one 2 three five six")
    assert [(each.what, each.words) for each in told] == [
        ("kept", "one"),
        ("removed", "two"),
        ("added", "2"),
        ("kept", "three"),
        ("removed", "four"),
        ("added", "five six"),
    ]
    assert changed_words("same", "same")[0].what == "kept"


@pytest.mark.parametrize(
    ("duration", "kk", "ru", "en"),
    [
        ("P90D", "90 күн", "90 дней", "90 days"),
        ("P3Y", "3 жыл", "3 года", "3 years"),
        ("P1Y6M", "1 жыл және 6 ай", "1 год и 6 месяцев", "1 year and 6 months"),
        ("PT20S", "20 секунд", "20 секунд", "20 seconds"),
        ("PT36H", "1 күн және 12 сағат", "1 день и 12 часов", "1 day and 12 hours"),
    ],
)
def test_windows_in_words(duration: str, kk: str, ru: str, en: str) -> None:
    for language, wanted in (("kk", kk), ("ru", ru), ("en", en)):
        assert Local(language).window(duration).replace("\u00a0", " ") == wanted


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_it_looks_right_everywhere(
    browser: Browser, town: Town, language: str, size: dict[str, int], scheme: str, tmp_path: Path
) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said, page = complaints(window), window.new_page()
    page.goto(f"{town.house.at.site.base_url}{PATH}?lang={language}")
    expect(page.locator("h1")).to_have_text(catalogue(language)["public_title"])
    assert fits(page)
    assert findings(page) == []
    heard = page.evaluate(LISTEN)
    assert heard["at"] > 0.5
    assert heard["loudest"] > 0.02
    assert window.cookies() == []
    assert said == []
    window.close()
