"""A reviewer's hour in a real browser: sign in, the next call, hear it, note, score, on to the next."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from storage.models import Review, ReviewNote
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, Town
from tests.pages.reviewing import reviewed

# Plays for a while through a splitter: how loud each channel was at most, and how far the player came.
HEAR = """
async (seconds) => {
  const audio = document.getElementById("sound");
  const context = new AudioContext();
  const parts = context.createChannelSplitter(2);
  context.createMediaElementSource(audio).connect(parts);
  const meters = [0, 1].map((channel) => {
    const meter = context.createAnalyser();
    parts.connect(meter, channel);
    return meter;
  });
  const began = audio.currentTime;
  await audio.play();
  const loudest = [0, 0];
  const samples = new Float32Array(meters[0].fftSize);
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until && !audio.ended) {
    meters.forEach((meter, channel) => {
      meter.getFloatTimeDomainData(samples);
      for (const sample of samples) loudest[channel] = Math.max(loudest[channel], Math.abs(sample));
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  audio.pause();
  return { moved: audio.currentTime - began, loudest, ended: audio.ended };
}
"""
NOW = "document.getElementById('sound').currentTime"
TITLES = {"kk": "Қоңырау жазбасы", "ru": "Запись разговора", "en": "Call recording"}


pytestmark = pytest.mark.day


@pytest.fixture(scope="module")
def busy(town: Town) -> Town:
    """Three calls to be heard."""
    for language in ("kk", "en"):
        town.house.call("stay", language, "listen")
        town.house.work()
    town.house.at.peaks.run(timedelta(minutes=1))
    return town


@pytest.fixture
def window(browser: Browser, busy: Town) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


def signed_in(window: BrowserContext, town: Town, language: str = "en") -> Page:
    page = window.new_page()
    base = town.house.at.site.base_url
    page.goto(f"{base}/sign-in?lang={language}")
    page.fill("#email", "alice@example.com")
    page.fill("#password", PASSWORD)
    page.click("form.panel button")
    page.goto(f"{base}/recordings")
    return page


def until(page: Page, expression: str) -> None:
    """Wait for something to become true. (Playwright's own way needs `eval`, which the pages forbid.)"""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never: {expression}")


def drawn(page: Page) -> None:
    """Wait until the waveform is there, in both channels, with something in each."""
    page.wait_for_selector("#waveform[data-drawn=yes]")
    until(
        page,
        """[...document.querySelector('#waveform > div').shadowRoot.querySelectorAll('.canvases canvas')]
             .filter((canvas) => canvas.width && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
               .data.some((value) => value > 0)).length >= 2""",
    )


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_reviewers_hour(browser: Browser, busy: Town, language: str, width: int) -> None:
    unheard(busy)
    window = browser.new_context(viewport={"width": width, "height": 900})
    said = complaints(window)
    page = signed_in(window, busy, language)
    page.click(".queue a.button")
    first = page.url
    expect(page.locator("h1")).to_have_text(TITLES[language])
    drawn(page)
    heard = page.evaluate(HEAR, 2.0)
    assert heard["moved"] > 0.5 or heard["ended"]
    assert min(heard["loudest"]) > 0.02, heard

    page.select_option("#speed", "1.5")
    assert page.evaluate("[sound.playbackRate, sound.preservesPitch]") == [1.5, True]
    page.evaluate("sound.currentTime = 0")
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    lasts = page.evaluate("sound.duration")
    assert page.evaluate(NOW) == pytest.approx(min(5, lasts), abs=0.6)
    page.keyboard.press("KeyJ")
    assert page.evaluate(NOW) == pytest.approx(0, abs=0.1)
    page.keyboard.press("Space")
    until(page, "!sound.paused")
    page.keyboard.press("KeyK")
    until(page, "sound.paused")

    page.evaluate("sound.currentTime = 1.2")
    page.keyboard.press("KeyN")
    until(page, "document.activeElement.name === 'text'")
    page.keyboard.type("k j l, space")  # in a text field they are letters
    assert page.evaluate("[sound.paused, sound.currentTime > 1]") == [True, True]
    for fieldset in page.locator("fieldset").all()[:2]:
        fieldset.locator("input").first.check()
    page.keyboard.press("Escape")
    page.click(".note button")
    expect(page.locator(".notes .said")).to_have_text("k j l, space")
    expect(page.locator(".notes a.moment")).to_have_text("0:01")
    assert page.locator("fieldset input:checked").count() == 2, "what was answered is still there"
    page.evaluate("sound.currentTime = 0")
    page.click(".notes a.moment")
    until(page, "sound.currentTime > 1")

    for fieldset in page.locator("fieldset").all():
        fieldset.locator("input").first.check()
    assert fits(page)
    page.locator(".ends button").first.click()
    page.wait_for_url(lambda url: url.partition("?")[0] != first and "/recordings/" in url)
    expect(page.locator("[role=status]")).to_be_visible()
    drawn(page)
    assert len(rows(busy, Review)) == 1
    assert said == []
    window.close()


def unheard(town: Town) -> None:
    from storage.models import StoredObject

    with town.house.at.database.begin() as session:
        session.execute(sa.delete(Review))
        session.execute(sa.delete(ReviewNote))
        session.execute(sa.update(StoredObject).values(heard_at=None, heard_by=None))


def rows(town: Town, table: Any) -> list[Any]:
    return list(town.house.ask(lambda s: s.scalars(sa.select(table)).all()))


def test_a_click_on_the_waveform_seeks(window: BrowserContext, busy: Town) -> None:
    page = signed_in(window, busy)
    page.goto(f"{busy.house.at.site.base_url}/recordings/{busy.kept.id}")
    drawn(page)
    box = page.locator("#waveform").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    half = page.evaluate("sound.duration") / 2
    until(page, f"Math.abs({NOW} - {half}) < {half} * 0.05")


def test_keys_can_be_switched_off_and_stay_so(window: BrowserContext, busy: Town) -> None:
    page = signed_in(window, busy)
    page.goto(f"{busy.house.at.site.base_url}/recordings/{busy.kept.id}")
    page.uncheck("#keys")
    page.reload()
    assert not page.is_checked("#keys")
    page.locator("h1").click()
    page.keyboard.press("KeyK")
    page.wait_for_timeout(200)
    assert page.evaluate("sound.paused")


def test_silence_is_skipped_and_sound_is_not(window: BrowserContext, busy: Town) -> None:
    page = signed_in(window, busy)
    # Five seconds of silence between two of sound, as the page is told of it.
    peaks = [500] * 40 + [0] * 100 + [500] * 40
    told = {"version": 1, "seconds": 9.0, "seconds_per_peak": 0.05, "full": 1000, "channels": [peaks, peaks]}
    page.route("**/peaks.json*", lambda route: route.fulfill(json=told))
    page.goto(f"{busy.house.at.site.base_url}/recordings/{busy.kept.id}")
    page.wait_for_selector("#waveform[data-drawn=yes]")
    # The recording itself is as long as it is: its player is asked where it is put.
    page.evaluate(
        """() => { window.asked = []; const sound = document.getElementById('sound');
          Object.defineProperty(sound, 'paused', { get: () => false });
          Object.defineProperty(sound, 'duration', { get: () => 9 });
          Object.defineProperty(sound, 'currentTime',
            { get: () => window.now, set: (to) => { window.asked.push(to); window.now = to; } }); }"""
    )
    for moment, lands in ((1.0, []), (2.1, []), (2.4, [6.75]), (6.9, []), (8.0, [])):
        page.evaluate("(now) => { window.now = now; window.asked.length = 0; }", moment)
        page.evaluate("sound.dispatchEvent(new Event('timeupdate'))")
        assert page.evaluate("window.asked") == [], "only when asked for"
        page.evaluate("document.getElementById('skip-silence').checked = true")
        page.evaluate("sound.dispatchEvent(new Event('timeupdate'))")
        assert page.evaluate("window.asked") == lands
        page.evaluate("document.getElementById('skip-silence').checked = false")


def test_without_scripts_it_plays_and_takes_notes_and_scores(browser: Browser, busy: Town) -> None:
    unheard(busy)
    window = browser.new_context(java_script_enabled=False)
    page = signed_in(window, busy)
    page.goto(f"{busy.house.at.site.base_url}/recordings/{busy.kept.id}")
    assert page.locator("audio#sound[controls][src]").is_visible()
    assert not page.locator(".controls").first.is_visible()
    page.fill(".note [name=at]", "0:01")
    page.fill(".note [name=text]", "by hand")
    page.click(".note button")
    expect(page.locator(".notes .said")).to_have_text("by hand")
    for fieldset in page.locator("fieldset").all():
        fieldset.locator("input").last.check()
    page.locator(".ends button").last.click()
    expect(page.locator("[role=status]")).to_be_visible()
    assert len(rows(busy, Review)) == 1
    window.close()


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_every_page_is_clean_in_every_look(
    browser: Browser, busy: Town, language: str, size: dict[str, int], scheme: Any
) -> None:
    reviewed(busy)
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said = complaints(window)
    page = signed_in(window, busy, language)
    base = busy.house.at.site.base_url
    for name, path in (("list", "/recordings"), ("one", f"/recordings/{busy.kept.id}"), ("reviews", "/reviews")):
        page.goto(base + path)
        if name == "one":
            drawn(page)
        assert findings(page) == [], path
        assert fits(page), path
    assert said == []
    window.close()
