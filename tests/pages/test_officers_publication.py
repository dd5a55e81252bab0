"""An officer publishes a new notice, in a real browser: uploaded, heard, compared, dated; and then callers hear it."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from storage.notices import named
from tests.notices.sounds import as_wav, murmur
from tests.pages.conftest import LISTEN
from tests.pages.looking import complaints, findings, fits
from tests.pages.people import PASSWORD, Town

TEXTS = {
    "ru": "Этот разговор будет записан для обучения сотрудников. Если вы не согласны, положите трубку.",
    "kk": "Бұл әңгіме қызметкерлерді оқыту үшін жазылады. Келіспесеңіз, тұтқаны қойыңыз.",
}
PLACE = ZoneInfo("Asia/Almaty")
REFUSED = "Failed to load resource: the server responded with a status of 400 (BAD REQUEST)"


def looks_right(page: Page) -> None:
    assert fits(page)
    assert findings(page) == []


def heard_by_a_caller(town: Town, language: str) -> str:
    """The version that stands with a call of now; its sound, and no other notice's, was played to the caller."""
    call = town.house.call("stay", language)
    town.house.work()
    version = town.house.call_row(call.call_sid).notice_version
    assert version is not None
    sounds = [str(each.details["audio"]) for each in call.events if each.kind == "playing"]
    assert any(version.audio_sha256 in sound for sound in sounds)
    return version.version


@pytest.mark.parametrize(("language", "width"), [("ru", 360), ("kk", 1280)])
def test_the_publication_of_a_new_notice(
    town: Town, browser: Browser, tmp_path: Path, language: str, width: int
) -> None:
    good, silent, old, new = (
        tmp_path / "notice.wav",
        tmp_path / "silent.wav",
        f"stay-{language}-1",
        f"stay-{language}-2",
    )
    good.write_bytes(as_wav(murmur(4)))
    silent.write_bytes(as_wav(murmur(4, level=0.001)))
    window = browser.new_context(viewport={"width": width, "height": 900})
    page, said, base = window.new_page(), complaints(window), town.house.at.site.base_url
    page.goto(f"{base}/sign-in?next=/notices&lang=en")
    page.get_by_label("Email").fill("pavel@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=old).click()
    page.wait_for_url(f"**/notices/{old}")
    looks_right(page)

    # What could not be heard is refused, and what was typed stays.
    page.get_by_label("The words that are said").fill(TEXTS[language])
    page.get_by_label("Recording", exact=True).set_input_files(silent)
    page.get_by_role("button", name="Make a draft").click()
    expect(page.get_by_role("alert")).to_contain_text("is silent")
    assert page.get_by_label("The words that are said").input_value() == TEXTS[language]
    looks_right(page)
    assert said == [REFUSED]
    said.clear()
    page.get_by_label("Recording", exact=True).set_input_files(good)
    page.get_by_role("button", name="Make a draft").click()
    page.wait_for_url("**/notices/drafts/*")

    # The draft as callers will hear it, beside what they hear now.
    draft = page.locator("article").first
    expect(draft.locator(".words")).to_have_text(TEXTS[language])
    expect(draft.locator("ins").first).to_be_visible()
    expect(page.locator("article").nth(1)).to_contain_text(f"In force: {old}")
    expect(page.locator("main")).to_contain_text("It is heard on: Astana, stay.")
    assert "/notices/drafts/" in (draft.locator("audio").get_attribute("src") or "")
    heard = page.evaluate(LISTEN)
    assert heard["error"] is None
    assert heard["at"] > 0.5
    assert heard["loudest"] > 0.02
    looks_right(page)

    # From a day to come, in the time of the place; it takes the password once more.
    begins = datetime.combine(
        (town.house.clock.now() + timedelta(days=5)).astimezone(PLACE), datetime.min.time(), PLACE
    )
    town.house.clock.sleep(11 * 60)
    page.reload()
    page.get_by_label("From a moment to come").check()
    page.get_by_label("Day and time").fill(begins.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("Time zone").select_option("Asia/Almaty")
    page.locator("input[name=confirm_password]").fill(PASSWORD)
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(f"**/notices/{new}")
    expect(page.locator("article").first).to_contain_text("Scheduled")
    expect(page.locator("article").nth(1)).to_contain_text("In force")
    looks_right(page)
    version = town.house.ask(lambda s: named(s, new))
    assert version.effective_from == begins
    assert version.placeholder is False

    # Until then callers hear the old one, and from that moment on the new one; the public page says both.
    assert heard_by_a_caller(town, language) == old
    page.goto(f"{base}/n/ast/stay?lang=en")
    of_this = page.locator(f"section:has(blockquote[lang={language}])")
    expect(of_this.locator(".coming")).to_contain_text(f"{begins:%-d %b %Y}, 00:00")
    expect(of_this.locator("blockquote")).not_to_have_text(TEXTS[language])
    expect(of_this.locator(".coming ins").first).to_be_visible()
    looks_right(page)
    town.house.clock.sleep((begins - town.house.clock.now()).total_seconds())
    assert heard_by_a_caller(town, language) == new
    page.reload()
    expect(of_this.locator("blockquote")).to_have_text(TEXTS[language])
    expect(of_this.locator(".coming")).to_have_count(0)
    expect(page.locator("main")).to_contain_text(old)
    looks_right(page)
    assert said == []
    window.close()
