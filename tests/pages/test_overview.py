"""The page that one lands on: its numbers are the rows', each sees their own, and it can be read everywhere."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from app.auth.policy import Viewer
from app.overview.calls import DAYS, calls
from app.overview.needs import Need, needs
from app.overview.stored import Stored, stored
from app.web.messages import catalogue
from app.web.sessions import NOWHERE
from storage.counting import EVERY, WEEKS
from storage.models import Call, Finding, StoredObject
from storage.models.columns import random_id
from storage.retention.holds import Why, hold_objects
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, Town

EN = catalogue("en")


@pytest.fixture(scope="module", autouse=True)
def _lived(town: Town) -> None:
    """Calls of several days and outcomes, one older than is counted, one at Bob's centre."""
    house = town.house
    house.clock.sleep(timedelta(days=3).total_seconds())
    house.call("stay", "kk", "hangup-during-notice")
    house.call("opt_out", "ru", "press:2")
    house.clock.sleep(timedelta(days=2).total_seconds())
    house.call("stay", "en")
    house.work_for(60)
    assert EN["overview_being_counted"] in town.signed_in("alice").get("/?lang=en").text
    assert house.at.counting.run()
    with house.at.database.begin() as session:
        row = session.scalars(sa.select(Call).where(Call.outcome == "declined_key")).one()
        values = {column.key: getattr(row, column.key) for column in sa.inspect(Call).column_attrs}
        old = values | {"id": random_id(), "call_sid": "CA-old", "ringing_at": house.clock.now() - timedelta(days=31)}
        session.execute(sa.insert(Call).values(**old))


def seen(town: Town, name: str) -> Any:
    person = town.person(name)
    viewer = Viewer(person.role, person.centre_id, person.active)
    with town.house.at.database.read() as session:
        return calls(session, viewer, town.house.clock.now(), NOWHERE), stored(session, viewer)


def counted_again(town: Town, name: str) -> Stored:
    """What somebody sees of what is stored, counted anew."""
    assert not town.house.at.counting.run()
    town.house.clock.sleep(EVERY.total_seconds())
    assert town.house.at.counting.run()
    kept: Stored = seen(town, name)[1]
    assert kept.counted_at == town.house.clock.now()
    return kept


@pytest.mark.parametrize("name", ["alice", "charlie", "pavel", "aidar"])
def test_calls_are_counted_by_day_and_outcome(town: Town, name: str) -> None:
    came, _ = seen(town, name)
    assert dict(came.by_outcome) == {"recorded": 2, "declined_hangup": 1, "declined_key": 1}
    assert len(came.days) == DAYS
    numbers = {day.isoformat(): dict(counts) for day, counts in came.days if counts}
    today = town.house.clock.now().date()
    assert numbers == {
        (today - timedelta(days=5)).isoformat(): {"recorded": 1},
        (today - timedelta(days=2)).isoformat(): {"declined_hangup": 1, "declined_key": 1},
        today.isoformat(): {"recorded": 1},
    }
    assert came.busiest == 2
    assert [(each.name, each.number) for each in came.by_line] == [("Astana, stay", 3), ("Astana, opt-out", 1)]
    assert {each.name: each.number for each in came.by_language} == {"ru": 2, "kk": 1, "en": 1}
    rates = {each.version: (each.declined, each.settled) for each in came.by_version}
    assert rates == {"stay-ru-1": (0, 1), "stay-en-1": (0, 1), "stay-kk-1": (1, 1), "opt_out-ru-1": (1, 1)}


@pytest.mark.parametrize("name", ["bob", "mira"])
def test_another_centre_has_other_numbers(town: Town, name: str) -> None:
    came, kept = seen(town, name)
    assert (came.all, kept.objects, kept.size) == (0, 0, 0)
    page = town.signed_in(name).get("/?lang=en").text
    assert EN["overview_no_calls"] in page
    assert EN["overview_nothing_stored"] in page
    assert "Astana" not in page


def test_what_is_stored_goes_in_its_week(town: Town) -> None:
    _, kept = seen(town, "alice")
    rows = town.house.ask(lambda s: s.scalars(sa.select(StoredObject).where(StoredObject.state == "stored")).all())
    whole = [row for row in rows if row.parent_id is None]
    assert kept.objects == len(whole) > 0
    assert kept.size == sum(row.cipher_bytes for row in rows)
    now = town.house.clock.now()
    for row in rows:
        week = (row.delete_after - now) // timedelta(days=7)
        assert week < WEEKS
        assert kept.weeks[week].objects >= 1
    with town.house.at.database.begin() as session:
        hold_objects(session, [whole[0].id], Why("1", "a test", "operator", now + timedelta(days=1)), now)
    held = counted_again(town, "alice")
    assert (held.held, held.objects, held.size) == (1, kept.objects, kept.size)


def test_what_needs_whom(town: Town) -> None:
    now, house = town.house.clock.now(), town.house
    with house.at.database.begin() as session:
        session.add(
            Finding(id=random_id(), kind="a_test", subject="x", explanation="x", first_seen_at=now, last_seen_at=now)
        )
        row = session.scalars(sa.select(StoredObject).where(StoredObject.state == "stored")).first()
        assert row is not None
        hold_objects(session, [row.id], Why("2", "due", "operator", now + timedelta(days=1)), now)

    town.house.clock.sleep(timedelta(days=2).total_seconds())

    def found(role: str, centre_id: str | None) -> dict[str, int]:
        told: list[Need] = list(needs(house.at, Viewer(role, centre_id, True), house.clock.now()))
        assert all(need.number for need in told)
        return {need.name: need.number for need in told}

    here, there = town.person("alice").centre_id, town.person("bob").centre_id
    assert found("qa_reviewer", here)["need_hear"] == len([row for row in house.objects() if row.kind == "recording"])
    assert found("qa_reviewer", there) == {}
    officer = found("privacy_officer", None)
    assert officer["need_findings"] >= 1
    assert officer["need_holds"] >= 1
    assert officer["need_placeholders"] == 21
    assert "need_findings" not in found("privacy_officer", here)
    assert found("centre_manager", here)["need_holds"] >= 1
    assert found("centre_manager", there) == {}
    assert found("administrator", None)["need_health"] >= 2
    assert set(found("auditor", None)) == {"need_findings", "need_holds"}


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_it_looks_right_everywhere(
    browser: Browser, town: Town, language: str, size: dict[str, int], scheme: str
) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said, page = complaints(window), window.new_page()
    page.goto(f"{town.house.at.site.base_url}/?lang={language}")
    page.locator("#email").fill("pavel@example.com" if scheme == "light" else "alice@example.com")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(catalogue(language)["overview_title"])
    page.locator("main summary").click()
    assert fits(page)
    assert findings(page) == []
    bars = page.locator(".days rect")
    assert bars.count() == 4
    assert all(box["width"] > 3 and box["height"] > 3 for box in (bar.bounding_box() for bar in bars.all()) if box)
    colours = {bar.evaluate("bar => getComputedStyle(bar).fill") for bar in bars.all()}
    assert len(colours) == 3
    assert said == []
    window.close()
