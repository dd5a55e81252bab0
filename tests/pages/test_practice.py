"""A newcomer's first practice calls in a real browser, and who may practise on which line."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.web.messages import catalogue
from storage.models import Line
from telephony.lines import add_line
from tests.astana import DESK
from tests.backend import MadeDatabases
from tests.house import House
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, Town
from tests.pages.practising import WallClock, connect_practice, working

if TYPE_CHECKING:
    from tests.seaweed import Seaweed

EN = catalogue("en")
CALL = re.compile(r"/practice/(CA[0-9a-f]{32})$")
# How loud the page's sound is for a moment, and how far it has come in it, for eight seconds at most: a busy machine
# takes its time, and one sound may follow upon another meanwhile.
METER = """
async () => {
  const audio = document.querySelector("#sound");
  if (!window.meter) {
    const context = new AudioContext();
    window.meter = context.createAnalyser();
    context.createMediaElementSource(audio).connect(window.meter);
  }
  const meter = window.meter;
  const samples = new Float32Array(meter.fftSize);
  let loudest = 0, moved = 0, last = audio.currentTime;
  const until = performance.now() + 8000;
  while (performance.now() < until && (moved < 0.6 || loudest < 0.02)) {
    meter.getFloatTimeDomainData(samples);
    for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
    await new Promise((resolve) => setTimeout(resolve, 50));
    moved += Math.max(0, audio.currentTime - last);
    last = audio.currentTime;
  }
  return { moved, loudest, source: audio.currentSrc };
}
"""


@pytest.fixture(scope="module")
def live(
    tmp_path_factory: pytest.TempPathFactory, store_server: "Seaweed", made_databases: MadeDatabases
) -> Iterator[Town]:
    """A town that lives by the wall's clock, with a line of Bob's centre, too."""
    from tests.seaweed import made_bucket

    clock = WallClock()
    with (
        made_databases() as databases,
        made_bucket(store_server, locked=True) as bucket,
        House(tmp_path_factory.mktemp("live"), store_server.store(bucket), databases, clock).open() as house,
    ):
        town = Town(house)
        centre = town.person("bob").centre
        assert centre is not None
        with house.at.database.begin() as session:
            add_line(
                session,
                code="desk",
                number="+77272000001",
                centre=centre,
                mode="opt_in",
                languages=["kk"],
                forward_to=DESK,
                now=clock.now(),
            )
        connect_practice(house)
        clock.started = True
        with working(house):
            yield town


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 360, "height": 740}, locale="en")
    yield opened
    opened.close()


def dialled(town: Town, page: Page, name: str, line: str, language: str = "en") -> None:
    """Sign in, and dial."""
    page.goto(f"{town.house.at.site.base_url}/practice?lang={language}")
    page.locator("#email").fill(f"{name}@example.com")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    option = page.locator("#line option", has_text=line).first
    page.locator("#line").select_option(str(option.get_attribute("value")))
    page.get_by_role("button", name=catalogue(language)["practice_dial"], exact=True).click()
    expect(page).to_have_url(CALL)


def step(page: Page, name: str) -> Any:
    return page.locator(f'#steps [data-step="{name}"]')


def test_a_newcomers_first_call_is_heard_answered_and_kept(live: Town, window: BrowserContext) -> None:
    page, said = window.new_page(), complaints(window)
    dialled(live, page, "alice", "Astana, stay")
    expect(step(page, "playing")).to_have_count(1)
    menu = page.evaluate(METER)
    assert menu["moved"] > 0.5
    assert menu["loudest"] > 0.02
    page.keyboard.press("3")
    expect(step(page, "pressed")).to_contain_text("3")
    notice = live.house.ask(lambda s: _notice(s, "stay", "en", live.house.clock.now()))
    expect(page.locator("#said")).to_have_text(notice.text)
    assert page.locator("#sound").evaluate("audio => audio.src").endswith(f"/{notice.audio_sha256}.wav")
    heard = page.evaluate(METER)
    assert heard["moved"] > 0.5
    assert heard["loudest"] > 0.02
    assert fits(page)
    assert findings(page) == []
    page.keyboard.press("1")
    expect(step(page, "pressed_in_vain")).to_contain_text("1")
    expect(step(page, "recording_started")).to_have_count(1, timeout=30_000)
    expect(step(page, "picked_up")).to_have_count(1)
    page.wait_for_timeout(2500)
    page.get_by_role("button", name=EN["practice_hang_up"]).click()
    expect(step(page, "hung_up")).to_have_count(1)
    expect(page.locator("[data-settled]")).to_contain_text(EN["practice_kept_recorded"], timeout=60_000)
    assert page.locator("#keys button:enabled").count() == 0
    assert fits(page)
    assert findings(page) == []
    page.get_by_role("link", name=EN["practice_hear"]).click()
    expect(page.locator("h1")).not_to_have_text(EN["practice_call"])
    expect(page.locator("audio").first).to_be_attached()
    assert said == []


def test_who_hangs_up_during_the_notice_leaves_nothing(live: Town, window: BrowserContext) -> None:
    page = window.new_page()
    dialled(live, page, "charlie", "Almaty, desk")
    expect(step(page, "playing")).to_have_count(1)
    page.get_by_role("button", name=EN["practice_hang_up"]).click()
    left = page.locator("[data-settled]")
    expect(left).to_contain_text(EN["practice_kept_declined_hangup_why"], timeout=60_000)
    expect(step(page, "recording_started")).to_have_count(0)
    found = CALL.search(page.url)
    assert found is not None
    call = live.house.call_row(found[1])
    assert (call.outcome, call.from_number) == ("declined_hangup", None)
    page.reload()
    expect(page.locator("[data-settled]")).to_contain_text(EN["practice_kept_declined_hangup"])
    assert findings(page) == []


def test_an_administrator_practises_and_may_not_listen(live: Town, window: BrowserContext) -> None:
    page = window.new_page()
    dialled(live, page, "charlie", "Almaty, desk")
    expect(step(page, "paused")).to_have_count(1, timeout=40_000)
    page.get_by_role("button", name="1", exact=True).click()
    expect(step(page, "picked_up")).to_have_count(1, timeout=20_000)
    page.wait_for_timeout(1500)
    page.get_by_role("button", name=EN["practice_hang_up"]).click()
    left = page.locator("[data-settled]")
    expect(left).to_contain_text(EN["practice_not_yours"], timeout=60_000)
    assert page.locator("[data-settled] a[href^='/recordings']").count() == 0


def test_a_call_is_its_callers_and_a_line_its_centres(live: Town) -> None:
    lines = {row.code: row.id for row in live.house.lines()}
    alice, bob = live.signed_in("alice"), live.signed_in("bob")
    form = {name: visitor.form("/practice") for name, visitor in (("alice", alice), ("bob", bob))}
    assert bob.post("/practice", form=form["bob"], line=lines["stay"]).status_code == 404
    assert alice.post("/practice", form=form["alice"], line=lines["desk"]).status_code == 404
    assert alice.post("/practice", form=form["alice"], line="").status_code == 404
    assert "Almaty" not in alice.get("/practice").text
    assert "Astana" not in bob.get("/practice").text
    begun = alice.post("/practice", form=form["alice"], line=lines["stay"])
    path = begun.headers["Location"]
    assert alice.get(path).status_code == 200
    for name in ("bob", "charlie", "mira", "pavel", "aidar"):
        other = live.signed_in(name)
        theirs = other.form("/practice")
        assert other.get(f"{path}/steps").status_code == 404
        assert other.post(f"{path}/keys", form=theirs, keys="1").status_code == 404
        assert other.post(f"{path}/hang-up", form=theirs).status_code == 404
        # what is left of it is known to whoever sees calls of the centre
        left = 404 if name in ("bob", "mira") else 200
        assert [other.get(path).status_code, other.get(f"{path}/kept").status_code] == [left, left]
    assert alice.post(f"{path}/keys", form=form["alice"], keys="x").status_code == 400
    assert alice.post(f"{path}/hang-up", form=form["alice"]).status_code == 204
    assert alice.get("/practice/none").status_code == 404


def test_there_is_no_practice_where_it_is_off(live: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    off = live.house.at.settings.model_copy(update={"practice": "off"})
    monkeypatch.setattr(live.house.at, "settings", off)
    page = live.signed_in("alice").get("/practice?lang=en").text
    assert EN["practice_off_why"] in page
    assert "<select" not in page


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_it_looks_right_everywhere(
    browser: Browser, live: Town, language: str, size: dict[str, int], scheme: str
) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said, page = complaints(window), window.new_page()
    dialled(live, page, "alice", "Astana, stay", language)
    expect(step(page, "playing")).to_have_count(1)
    assert fits(page)
    assert findings(page) == []
    page.get_by_role("button", name=catalogue(language)["practice_hang_up"]).click()
    expect(step(page, "hung_up")).to_have_count(1)
    page.goto(f"{live.house.at.site.base_url}/practice")
    assert fits(page)
    assert findings(page) == []
    assert said == []
    window.close()


def _notice(session: Any, mode: str, language: str, now: Any) -> Any:
    from storage.notices import NOTICE, current

    return current(session, NOTICE, mode, language, now)


def test_lines_are_named_with_what_their_keys_mean(live: Town) -> None:
    page = live.signed_in("pavel").get("/practice?lang=en").text
    rows = live.house.ask(lambda s: [(row.centre.name, row.code) for row in s.query(Line)])
    for centre, code in rows:
        assert f"{centre}, {code} (" in page
