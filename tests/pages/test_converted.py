"""Footage in H.265, converted to be watched by the manager of its centre, in a browser that cannot play it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from storage.ledger.log import sequence
from storage.models import Clip
from tests.house import House
from tests.pages.filmed import Filmed, filmed
from tests.pages.lively import enter
from tests.pages.looking import complaints, findings, fits
from tests.pages.people import Town
from tests.pages.test_managers_day import until


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


@pytest.fixture
def here(town: Town) -> Filmed:
    """A camera of Mira's centre that sends H.265."""
    centre_id = town.person("mira").centre_id
    assert centre_id is not None
    return filmed(town.house, centre_id, runs=1, codec="libx265", code="hevc")


@pytest.fixture
def window(browser: Browser, town: Town) -> Iterator[tuple[Page, list[str]]]:
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="en-GB")
    said = complaints(context)
    page = context.new_page()
    enter(page, town.house.at.site.base_url, "mira")
    yield page, said
    context.close()


def span(here: Filmed, **length: float) -> dict[str, str]:
    begin = here.runs[0]
    return {"from": begin.isoformat(), "to": (begin + timedelta(**length)).isoformat()}


def worked(town: Town) -> None:
    with town.house.at.database.begin() as session:
        while sequence(session):
            pass
    assert town.house.at.clips.run() == 1


def test_it_is_converted_and_plays(town: Town, here: Filmed, window: tuple[Page, list[str]]) -> None:
    page, said = window
    asked = "&".join(f"{name}={text.replace('+', '%2B')}" for name, text in span(here, minutes=2).items())
    page.goto(f"{town.house.at.site.base_url}/cameras/{here.camera_id}/span?lang=en&{asked}")
    page.get_by_role("button", name="Convert it").press("Enter")
    expect(page.locator("progress")).to_be_visible()
    worked(town)
    expect(page.locator("video")).to_be_visible(timeout=60_000)
    page.evaluate("document.querySelector('video').muted = true; document.querySelector('video').play()")
    until(page, "document.querySelector('video').currentTime > 1")
    assert page.evaluate("document.querySelector('video').videoWidth") == 160
    assert 11 < page.evaluate("document.querySelector('video').duration") < 13
    expect(page.locator("main")).to_contain_text("no evidence")
    assert page.get_by_role("link", name="Download").count() == 0
    assert findings(page) == []
    assert fits(page)
    assert said == []
    told = [each for each in town.leaves("media_shown") if "object" in each]
    assert [(each["how"], each["purpose"]) for each in told] == [("page", "security")], "watched, once"
    assert [each["converted"] for each in town.leaves("clip_asked")] == [True]


def test_what_is_too_long_or_too_many_is_refused(town: Town, here: Filmed) -> None:
    mira, base = town.signed_in("mira"), f"/cameras/{here.camera_id}"

    def shown(minutes: float) -> str:
        asked = span(here, minutes=minutes) | {"lang": "en"}
        return str(mira.client.get(f"{base}/span", query_string=asked, base_url=mira.base).text)

    assert f"{base}/converted" in shown(5)
    assert f"{base}/converted" not in shown(6)
    assert "Mark five minutes at most" in shown(6)
    form = mira.form("/sessions")
    long = mira.post(f"{base}/converted?lang=ru", form=form, more=span(here, minutes=6))
    assert long.status_code == 400
    assert "За раз преобразуется не больше 5 мин." in long.text
    assert mira.post(f"{base}/converted", form=form, more=span(here, minutes=1)).status_code == 303
    assert mira.post(f"{base}/converted", form=form, more=span(here, minutes=1)).status_code == 400
    worked(town)
    assert mira.post(f"{base}/converted", form=form, more=span(here, minutes=1)).status_code == 303
    assert len(town.house.ask(lambda s: s.scalars(sa.select(Clip)).all())) == 2


def test_i11_nobody_else_has_any_converted(town: Town, here: Filmed) -> None:
    mira = town.signed_in("mira")
    made = mira.post(f"/cameras/{here.camera_id}/converted", form=mira.form("/sessions"), more=span(here, minutes=1))
    worked(town)
    address = made.headers["Location"]
    assert "Content-Disposition" not in mira.get(f"{address}/video.mp4").headers
    for name in ("alice", "bob", "charlie", "pavel", "aidar"):
        visitor = town.signed_in(name)
        for path in (address, f"{address}/video.mp4"):
            assert visitor.get(path).status_code == 404, (name, path)
        sent = visitor.post(
            f"/cameras/{here.camera_id}/converted", form=visitor.form("/sessions"), more=span(here, minutes=1)
        )
        assert sent.status_code == 404


def test_of_what_browsers_play_nothing_is_converted(town: Town) -> None:
    centre_id = town.person("mira").centre_id
    assert centre_id is not None
    plain = filmed(town.house, centre_id, runs=1, code="plain")
    mira = town.signed_in("mira")
    asked = span(plain, minutes=1) | {"lang": "en"}
    page = mira.client.get(f"/cameras/{plain.camera_id}/span", query_string=asked, base_url=mira.base)
    assert "Convert it" not in page.text
    assert "Make a clip" in page.text
