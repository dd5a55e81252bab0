"""A manager's day in a real browser: opens the day, plays over a segment change and a gap, looks for a moment, marks a
span and holds it; without a pointer, too."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from storage.ledger.log import sequence
from storage.models import Hold
from tests.house import House
from tests.pages.filmed import GAP, SECONDS, Filmed, filmed
from tests.pages.lively import enter
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import Town
from tests.video import footage

pytestmark = pytest.mark.day
CURRENT = "document.getElementById('video').currentTime"


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


@pytest.fixture
def here(town: Town) -> Filmed:
    """A camera of Mira's centre, with a whole minute recorded in three runs."""
    centre_id = town.person("mira").centre_id
    assert centre_id is not None
    return filmed(town.house, centre_id, runs=3)


@pytest.fixture
def window(browser: Browser, town: Town) -> Iterator[tuple[Page, list[str]]]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    said = complaints(context)
    page = context.new_page()
    enter(page, town.house.at.site.base_url, "mira")
    yield page, said
    context.close()


def until(page: Page, true: str) -> None:
    """Wait for a state. (Playwright's own way of waiting for one is forbidden by the pages' policy.)"""
    for _ in range(600):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"it did not come to that: {true}")


def opened(page: Page, town: Town, here: Filmed, more: str = "") -> None:
    page.goto(f"{town.house.at.site.base_url}/cameras/{here.camera_id}?lang=en{more}")
    # The playlist is there, and the player knows where it is on the clock.
    until(page, "document.getElementById('video').readyState >= 2")


def on_the_wall(page: Page) -> str:
    return page.locator("#clock").inner_text()


def test_it_plays_over_a_segment_change_and_a_gap(town: Town, here: Filmed, window: tuple[Page, list[str]]) -> None:
    page, said = window
    opened(page, town, here)
    page.evaluate("document.getElementById('video').muted = true")
    page.locator("#line").focus()
    for _ in range(3):
        page.keyboard.press("PageUp")  # to the first that there is
    until(page, f"{CURRENT} < 1 && !document.getElementById('video').seeking")
    first = on_the_wall(page)
    page.locator("#speed").select_option("4")
    page.locator("#line").press("Space")
    # Twelve seconds a run, in several segments, and the gaps between them take no time.
    until(page, f"{CURRENT} > {2 * SECONDS + 2}")
    assert page.evaluate("document.getElementById('video').error") is None
    assert page.locator("#says").inner_text() == ""
    last = on_the_wall(page)
    assert seconds(last) - seconds(first) >= 2 * GAP.total_seconds(), "the clock knows of the gaps"
    assert said == []
    assert len(town.leaves("media_shown")) >= 1


def seconds(text: str) -> int:
    hours, minutes, rest = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + rest


def test_a_span_is_marked_by_keys_and_held(town: Town, here: Filmed, window: tuple[Page, list[str]]) -> None:
    page, said = window
    opened(page, town, here)
    page.locator("#line").focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    until(page, f"{CURRENT} < 1 && !document.getElementById('video').seeking")
    begin = on_the_wall(page)
    page.keyboard.press("KeyI")
    page.keyboard.press("ArrowRight")
    until(page, f"{CURRENT} > 4 && !document.getElementById('video').seeking")
    # Somebody clicked on the picture meanwhile: it has the focus.
    page.locator("#video").focus()
    page.keyboard.press("KeyO")
    marked = [datetime.fromisoformat(page.locator(each).input_value()) for each in ("#from", "#to")]
    assert f"{marked[0]:%H:%M:%S}" == begin
    assert timedelta(seconds=4) <= marked[1] - marked[0] <= timedelta(seconds=6)
    page.locator("#span button").press("Enter")
    expect(page.locator("dl")).to_contain_text("segments")
    assert findings(page) == []
    page.locator("#case").fill("7/26")
    page.locator("#reason").fill("a fall at the door")
    page.locator("#review").fill("2026-11-30")
    page.get_by_role("button", name="Hold this span").press("Enter")
    expect(page.locator("[role=status]").first).to_contain_text("The span is held")
    (held,) = town.house.ask(lambda s: s.scalars(sa.select(Hold)).all())
    assert (held.source_id, held.case) == (here.camera_id, "7/26")
    assert timedelta(seconds=4) <= held.to_at - held.from_at <= timedelta(seconds=6)
    until(page, "document.getElementById('video').readyState >= 2")
    assert said == []


def test_a_span_is_taken_away_as_a_clip(town: Town, here: Filmed, window: tuple[Page, list[str]]) -> None:
    page, said = window
    zone = ZoneInfo("Asia/Almaty")
    page.goto(f"{town.house.at.site.base_url}/cameras/{here.camera_id}?lang=en")
    for field, moment in (("#from", here.runs[0]), ("#to", here.runs[2] + GAP)):
        page.locator(field).fill(moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S"))
    page.locator("#span button").press("Enter")
    page.get_by_role("button", name="Make a clip").press("Enter")
    expect(page.locator("progress")).to_be_visible()
    assert findings(page) == []
    with town.house.at.database.begin() as session:
        sequence(session)
    assert town.house.at.clips.run() == 1
    expect(page.get_by_role("link", name="Download the video")).to_be_visible()
    assert findings(page) == []
    with page.expect_download() as video:
        page.get_by_role("link", name="Download the video").click()
    assert footage.numbers(Path(video.value.path()).read_bytes()) == [*range(SECONDS * footage.FPS)] * 3
    with page.expect_download() as manifest:
        page.get_by_role("link", name="Download the manifest").click()
    assert len(json.loads(Path(manifest.value.path()).read_text())["gaps"]) == 3
    assert said == []


def test_the_line_is_clicked_dragged_and_shows_pictures(
    town: Town, here: Filmed, window: tuple[Page, list[str]]
) -> None:
    page, said = window
    opened(page, town, here)
    page.locator("#scale").select_option("60")
    box = page.locator("#drawn").bounding_box()
    recorded = page.locator("rect.recorded").first.bounding_box()
    assert box is not None
    assert recorded is not None
    middle = recorded["x"] + recorded["width"] / 2, box["y"] + 20
    page.mouse.move(*middle)
    expect(page.locator("#glance")).to_be_visible()
    page.mouse.click(*middle)
    until(page, f"Math.abs({CURRENT} - {SECONDS / 2}) < 4")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1], steps=4)
    page.mouse.up()
    assert page.locator("#from").input_value() < page.locator("#to").input_value()
    assert int(page.locator("#marked").get_attribute("width").split(".")[0]) >= 1  # type: ignore[union-attr]
    page.locator("#motion").click()
    assert said == []


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_how_it_looks(
    browser: Browser, town: Town, here: Filmed, language: str, size: dict[str, int], scheme: str
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said = complaints(context)
    page = context.new_page()
    base = town.house.at.site.base_url
    enter(page, base, "mira")
    page.goto(f"{base}/cameras/{here.camera_id}?lang={language}")
    until(page, "document.getElementById('video').readyState >= 2")
    assert findings(page) == []
    assert fits(page)
    page.locator("#from").fill((here.runs[0] + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S"))
    page.locator("#to").fill((here.runs[1] + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S"))
    page.locator("#span button").click()
    page.wait_for_selector("#case")
    assert findings(page) == []
    assert fits(page)
    page.locator("form[action$=clips] button").click()
    page.wait_for_selector("progress")
    assert fits(page)
    with town.house.at.database.begin() as session:
        sequence(session)
    assert town.house.at.clips.run() == 1
    page.wait_for_selector("a.button")
    assert findings(page) == []
    assert fits(page)
    assert said == []
    context.close()
