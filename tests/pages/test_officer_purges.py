"""Purges of card data on the page: two people, bound to what was asked, and only of one's own centre."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from storage.models import CardDataPurge
from telephony.silence import silenced
from tests.pages.looking import complaints
from tests.pages.officer import asked_purge as asked
from tests.pages.officer import hold, more_officers, stored
from tests.pages.people import PASSWORD, Town, Visitor

TYPED: dict[str, Any] = {"from": ["0:00.5", "", "0.7"], "to": ["0:00,75", "", "1.25"]}


@pytest.fixture(scope="module", autouse=True)
def _officers(town: Town) -> None:
    more_officers(town)


def purge(town: Town, purge_id: str) -> CardDataPurge:
    row: CardDataPurge = town.house.ask(lambda s: s.get(CardDataPurge, purge_id))
    return row


def form_of(visitor: Visitor, path: str = "/sessions") -> str:
    return visitor.form(path)


def sign_in(page: Page, town: Town, name: str, then: str) -> None:
    page.goto(f"{town.house.at.site.base_url}/sign-in?next={then}&lang=en")
    page.get_by_label("Email").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_from_the_request_over_a_second_person_to_the_silenced_copy(town: Town, browser: Browser) -> None:
    """Alice drags over the waveform and types, sees what would be silent, asks; Pavel approves; she hears the copy."""
    caught = stored(town)
    plain = town.house.plain(next(row for row in town.house.objects() if row.id == caught))
    hold(town, caught, "A-9/2026")
    town.house.at.peaks.run()
    reviewer, officer = browser.new_context(), browser.new_context()
    said = [complaints(reviewer), complaints(officer)]
    page = reviewer.new_page()
    sign_in(page, town, "alice", f"/recordings/{caught}")
    page.get_by_role("link", name="Silence card data in this recording").click()
    page.wait_for_selector("#waveform[data-drawn=yes]")
    page.locator("[name=from]").first.fill("0:00.5")
    page.locator("[name=to]").first.fill("0:00.75")
    box = page.locator("#waveform").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20, steps=5)
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 20, steps=5)
    page.mouse.up()
    dragged = page.locator("[data-stretch]").nth(1)
    assert re.fullmatch(r"0:0\d(\.\d{1,3})?", dragged.locator("[name=from]").input_value())
    assert dragged.locator("[name=to]").input_value() > dragged.locator("[name=from]").input_value()
    page.get_by_label("Why").fill("a card number is heard")
    page.get_by_role("button", name="Show what would be silent").click()
    page.get_by_text("2 stretches").wait_for()
    assert page.get_by_text("1 hold keeps this recording").is_visible()
    assert "A-9/2026" not in page.content(), "whoever meets no holds meets no case"
    page.get_by_role("button", name="Ask for it").click()
    page.get_by_text("waits for a second person").wait_for()
    assert not page.get_by_role("button", name="for ever").is_visible()
    purge_id = page.url.rpartition("/")[2]
    spans = [(from_ms, to_ms) for from_ms, to_ms in purge(town, purge_id).spans]
    assert (len(spans), spans[0]) == (2, (500, 750))

    decides = officer.new_page()
    sign_in(decides, town, "pavel", "/")
    decides.get_by_role("link", name="1 purge of card data").click()
    decides.get_by_role("link").filter(has=decides.locator("time")).first.click()
    town.house.clock.sleep(11 * 60)
    decides.reload()
    decides.get_by_role("button", name="Silence 2 stretches for ever").wait_for()
    decides.locator("form.panel [name=confirm_password]").first.fill(PASSWORD)
    decides.get_by_role("button", name="Silence 2 stretches for ever").click()
    decides.get_by_text("approved, under way").wait_for()
    town.house.work()
    decides.reload()
    decides.get_by_role("link", name="Deletion receipt of the recording").click()
    decides.get_by_role("heading", name="Deletion receipt").wait_for()

    page.reload()
    page.get_by_role("link", name="Hear the silenced copy").click()
    page.locator("audio#sound").wait_for()
    copy_id = page.url.rpartition("/")[2].partition("?")[0]
    (copy,) = [row for row in town.house.objects() if row.id == copy_id]
    assert (copy.id == purge(town, purge_id).copy_id, copy.holds, copy.state) == (True, 1, "stored")
    assert town.house.plain(copy) == b"".join(silenced([plain], spans)) != plain
    assert said == [[], []]
    reviewer.close()
    officer.close()


def test_another_approves_what_was_asked(town: Town) -> None:
    waiting = asked(town)
    page = f"/purges/{waiting}"
    pavel, olga, there = town.signed_in("pavel"), town.signed_in("olga"), town.signed_in("there")
    assert f"{page}/approve" not in pavel.get(page).text
    assert waiting not in there.get("/purges").text
    assert there.get(page).status_code == 404
    assert waiting in olga.get("/purges").text
    sha256 = re.findall(r'name="hash" value="(\w{64})"', olga.get(page).text)[0]
    assert there.post(f"{page}/approve", form=form_of(there), hash=sha256).status_code == 404
    assert there.post(f"{page}/withdraw", form=form_of(there), reason="r").status_code == 404
    assert olga.post(f"{page}/approve", form=form_of(olga), hash="0" * 64).status_code == 400
    assert pavel.post(f"{page}/approve", form=form_of(pavel), hash=sha256).status_code == 400
    assert purge(town, waiting).state == "asked"
    town.house.clock.sleep(11 * 60)
    assert olga.post(f"{page}/approve", form=form_of(olga), hash=sha256).status_code == 403
    right: dict[str, Any] = {"hash": sha256, "confirm_password": PASSWORD}
    assert olga.post(f"{page}/approve", form=form_of(olga), **right).status_code == 303
    assert purge(town, waiting).state == "approved"
    town.house.work()
    assert purge(town, waiting).state == "done"


@pytest.mark.parametrize(("name", "word"), [("olga", "refused"), ("pavel", "withdrawn")])
def test_it_is_refused_by_another_and_withdrawn_by_who_asked(town: Town, name: str, word: str) -> None:
    waiting, visitor = asked(town), town.signed_in(name)
    page = f"/purges/{waiting}"
    assert visitor.post(f"{page}/withdraw", form=form_of(visitor), reason=" ").status_code == 400
    assert visitor.post(f"{page}/withdraw", form=form_of(visitor), reason="no card").status_code == 303
    assert purge(town, waiting).state == "withdrawn"
    told = visitor.get(f"{page}?lang=en").text
    assert word in told
    assert "no card" in told
    assert f"{page}/withdraw" not in told


def test_a_reviewer_asks_and_withdraws_and_decides_nothing(town: Town) -> None:
    caught, alice = stored(town), town.signed_in("alice")
    form = form_of(alice, f"/purges/new?object={caught}")
    sent = {"object": caught, "reason": "a card is heard"} | TYPED
    assert alice.post("/purges/preview", form=form, more=sent | {"reason": ""}).status_code == 200
    assert alice.post("/purges/ask", form=form, more=sent | {"reason": ""}).status_code == 400
    answer = alice.post("/purges/ask", form=form, more=sent)
    page = answer.headers["Location"]
    row = purge(town, page.rpartition("/")[2])
    assert (row.state, row.spans, row.object_id) == ("asked", [[500, 1250]], caught)
    assert alice.post(f"{page}/approve", form=form, hash=row.request_sha256).status_code == 404
    mine = asked(town)
    assert alice.post(f"/purges/{mine}/withdraw", form=form, reason="r").status_code == 400
    assert alice.post(f"{page}/withdraw", form=form, reason="misheard").status_code == 303
    assert purge(town, row.id).state == "withdrawn"


@pytest.mark.parametrize(
    ("begin", "end"), [("", ""), ("2", "1"), ("0", "5:00"), ("soon", "later"), ("", "1"), ("1" * 30, "2")]
)
def test_what_makes_no_sense_is_shown_again_as_it_was_typed(town: Town, begin: str, end: str) -> None:
    alice = town.signed_in("alice")
    sent = {"object": town.kept.id, "reason": "r", "from": begin, "to": end}
    answer = alice.post("/purges/preview", form=form_of(alice), more=sent)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert f'value="{begin}"' in answer.text
    more = alice.post("/purges/preview", form=form_of(alice), more=sent | {"again": "1"})
    assert more.status_code == 200


def test_what_is_elsewhere_or_gone_is_not_there(town: Town) -> None:
    bob, alice = town.signed_in("bob"), town.signed_in("alice")
    sent: dict[str, Any] = {"object": town.kept.id, "reason": "r"} | TYPED
    assert bob.get(f"/purges/new?object={town.kept.id}").status_code == 404
    for path in ("/purges/preview", "/purges/ask"):
        assert bob.post(path, form=form_of(bob), more=sent).status_code == 404
        assert alice.post(path, form=form_of(alice), more=sent | {"object": "0" * 32}).status_code == 404


def test_a_long_list_is_read_on_by_its_cursor(town: Town) -> None:
    now = town.house.clock.now()
    with town.house.at.database.begin() as session:
        for number in range(30):
            session.add(
                CardDataPurge(
                    id=f"{number:032x}",
                    object_id=town.kept.id,
                    sha256="0" * 64,
                    spans=[[0, 1]],
                    reason="r",
                    request_sha256="0" * 64,
                    state="withdrawn",
                    asked_by=town.person("alice").id,
                    asked_at=now,
                    withdrawn_by=town.person("alice").id,
                )
            )
    alice = town.signed_in("alice")
    first = alice.get("/purges").text
    seen = re.findall(r'href="/purges/(\w{32})"', first)
    (older,) = re.findall(r'href="/purges\?before=([\w-]+)"', first)
    second = alice.get(f"/purges?before={older}").text
    seen_then = re.findall(r'href="/purges/(\w{32})"', second)
    assert not set(seen) & set(seen_then)
    assert {f"{number:032x}" for number in range(30)} <= set(seen) | set(seen_then)
    assert alice.get("/purges?before=nonsense").status_code == 404
    with town.house.at.database.begin() as session:
        session.execute(sa.delete(CardDataPurge).where(CardDataPurge.sha256 == "0" * 64))


@pytest.mark.parametrize("name", ["charlie", "aidar"])
def test_administrators_and_auditors_meet_none(town: Town, name: str) -> None:
    visitor = town.signed_in(name)
    for path in ("/purges", f"/purges/new?object={town.kept.id}", f"/purges/{asked(town)}"):
        assert visitor.get(path).status_code == 404


@pytest.mark.parametrize("name", ["bob", "mira"])
def test_who_is_elsewhere_meets_none_of_ours(town: Town, name: str) -> None:
    waiting, visitor = asked(town), town.signed_in(name)
    assert waiting not in visitor.get("/purges").text
    assert visitor.get(f"/purges/{waiting}").status_code == 404
