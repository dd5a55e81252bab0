"""A hold from request to release, in a browser; who sees whose; what is too late."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from app.auth.people import give_access
from storage.models import Camera, Centre, Hold, Person, StoredObject, Zone
from storage.models.columns import random_id
from tests.api.programs import program
from tests.pages.looking import complaints
from tests.pages.officer import deleted, hold, more_officers, stored
from tests.pages.people import PASSWORD, PASSWORD_HASH, Town

SPAN: dict[str, Any] = {"from": "2026-01-01T05:00", "to": "2030-01-01T05:00"}


@pytest.fixture(scope="module", autouse=True)
def _officers(town: Town) -> None:
    more_officers(town)


def state(town: Town, object_id: str) -> tuple[str, int]:
    row = town.house.ask(lambda s: s.get(StoredObject, object_id))
    return row.state, row.holds


def camera(town: Town) -> str:
    """The id of a camera in the same centre as what is kept."""
    now = town.house.clock.now()
    centre_id = town.kept.centre_id
    with town.house.at.database.begin() as session:
        zone = Zone(id=random_id(), centre_id=centre_id, code="lobby", name="Lobby", created_at=now)
        session.add(zone)
        session.flush()
        made = Camera(
            id=random_id(),
            centre_id=centre_id,
            zone_id=zone.id,
            code="door",
            address="rtsp://10.1.0.9/",
            created_at=now,
        )
        session.add(made)
    return made.id


def test_a_hold_from_request_to_release(town: Town, browser: Browser) -> None:
    """Set before the date, it outlives the date; lifted, with the password once more, it goes; the count is said."""
    wanted = stored(town)
    window = browser.new_context()
    said = complaints(window)
    page = window.new_page()
    base = town.house.at.site.base_url
    page.goto(f"{base}/sign-in?next=/holds/new&lang=en")
    page.get_by_label("Email").fill("pavel@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Ids of the objects").fill(wanted)
    page.get_by_label("Case").fill("A-1/2026")
    page.get_by_label("Reason").fill("a complaint came in")
    page.get_by_role("button", name="Set the hold").click()
    page.get_by_role("heading", name="Hold: A-1/2026").wait_for()
    assert "not everywhere yet" in page.content()
    assert state(town, wanted) == ("stored", 1)
    town.house.work()
    page.reload()
    assert "not everywhere yet" not in page.content()
    past = town.house.clock.now() - timedelta(seconds=1)
    with town.house.at.database.begin() as session:
        session.execute(sa.update(StoredObject).where(StoredObject.id == wanted).values(delete_after=past))
    town.house.work()
    assert state(town, wanted) == ("stored", 1)
    town.house.clock.sleep(11 * 60)
    page.reload()
    assert page.get_by_text("1 object goes at once").is_visible()
    page.get_by_label("Why it is lifted").fill("settled")
    page.get_by_label("Your password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Lift the hold and delete 1 object").click()
    page.get_by_text("lifted", exact=False).first.wait_for()
    town.house.work()
    assert state(town, wanted) == ("deleted", 0)
    page.goto(f"{base}/receipts/{wanted}?lang=en")
    assert page.get_by_role("heading", name="Deletion receipt").is_visible()
    assert said == []
    window.close()


def test_without_the_password_nothing_is_lifted(town: Town) -> None:
    held = hold(town, town.kept.id, "A-2/2026")
    pavel = town.signed_in("pavel")
    page = pavel.get(f"/holds/{held}").text
    shown = re.findall(r'name="shown" value="(\w{64})"', page)[0]
    town.house.clock.sleep(11 * 60)
    form = pavel.form(f"/holds/{held}")
    assert pavel.post(f"/holds/{held}/lift", form=form, reason="r", shown=shown).status_code == 403
    wrong: dict[str, Any] = {"reason": "r", "shown": "0" * 64, "confirm_password": PASSWORD}
    assert pavel.post(f"/holds/{held}/lift", form=form, **wrong).status_code == 400
    assert town.house.ask(lambda s: s.get(Hold, held)).lifted_at is None
    assert pavel.post(f"/holds/{held}/lift", form=form, reason=" ", shown=shown).status_code == 400
    assert pavel.post(f"/holds/{held}/lift", form=form, reason="r", shown=shown).status_code == 303
    assert town.house.ask(lambda s: s.get(Hold, held)).lifted_at is not None


def test_too_late_says_what_is_gone(town: Town) -> None:
    gone = stored(town)
    deleted(town, gone)
    pavel = town.signed_in("pavel")
    fields: dict[str, Any] = {
        "by": "object",
        "objects": f"{gone} {town.kept.id}",
        "case": "A-3",
        "reason": "r",
        "review": "2030-01-01",
    }
    answer = pavel.post("/holds/set", form=pavel.form("/holds/new"), **fields)
    assert answer.status_code == 409
    alert = answer.text.partition('role="alert"')[2].partition("</div>")[0]
    assert gone in alert
    assert town.kept.id not in alert
    assert "A-3" not in pavel.get("/holds").text


def test_a_line_is_held_for_a_span_of_its_own_time(town: Town) -> None:
    line = next(each for each in town.house.lines() if each.mode == "stay")
    pavel = town.signed_in("pavel")
    fields: dict[str, Any] = {"by": "span", "source": line.id, "case": "A-4", "reason": "r", "review": "2030-01-01"}
    answer = pavel.post("/holds/set", form=pavel.form("/holds/new"), **fields | SPAN)
    assert answer.status_code == 303
    made = town.house.ask(lambda s: s.scalars(sa.select(Hold).where(Hold.case == "A-4")).one())
    assert made.from_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert state(town, town.kept.id)[1] >= 1
    without = pavel.post("/holds/set", form=pavel.form("/holds/new"), **fields)
    assert without.status_code == 400


def test_a_camera_is_held_for_a_span_like_a_line(town: Town) -> None:
    camera_id = camera(town)
    pavel = town.signed_in("pavel")
    assert f'<option value="{camera_id}">Astana, door</option>' in pavel.get("/holds/new").text
    fields: dict[str, Any] = {"by": "span", "source": camera_id, "case": "A-11", "reason": "r", "review": "2030-01-01"}
    answer = pavel.post("/holds/set", form=pavel.form("/holds/new"), **fields | SPAN)
    assert answer.status_code == 303
    assert "Astana, door" in pavel.get(answer.headers["Location"]).text
    assert "A-11" in town.signed_in("here").get("/holds").text
    assert "A-11" not in town.signed_in("there").get("/holds").text


def test_an_officer_of_a_centre_meets_its_holds_alone(town: Town) -> None:
    held = hold(town, town.kept.id, "A-5")
    here, there = town.signed_in("here"), town.signed_in("there")
    assert "A-5" in here.get("/holds").text
    assert "A-5" not in there.get("/holds").text
    assert here.get(f"/holds/{held}").status_code == 200
    assert there.get(f"/holds/{held}").status_code == 404
    shown = re.findall(r'name="shown" value="(\w{64})"', here.get(f"/holds/{held}").text)[0]
    form = there.form("/holds/new")
    assert there.post(f"/holds/{held}/lift", form=form, reason="r", shown=shown).status_code == 404
    fields: dict[str, Any] = {
        "by": "object",
        "objects": town.kept.id,
        "case": "A-6",
        "reason": "r",
        "review": "2030-01-01",
    }
    assert there.post("/holds/set", form=form, **fields).status_code == 409
    line = town.house.lines()[0]
    span: dict[str, Any] = {"by": "span", "source": line.id, "from": "2026-01-01T05:00", "to": "2030-01-01T05:00"}
    assert there.post("/holds/set", form=form, **fields | span).status_code == 400
    assert here.post("/holds/set", form=here.form("/holds/new"), **fields).status_code == 303


def test_a_manager_holds_what_is_of_their_centre_and_lifts_nothing(town: Town) -> None:
    held = hold(town, town.kept.id, "A-8")
    mira = town.signed_in("mira")
    assert "A-8" not in mira.get("/holds").text
    assert mira.get(f"/holds/{held}").status_code == 404
    fields: dict[str, Any] = {
        "by": "object",
        "objects": town.kept.id,
        "case": "A-9",
        "reason": "r",
        "review": "2026-11-30",
    }
    assert mira.post("/holds/set", form=mira.form("/holds/new"), **fields).status_code == 409
    with town.house.at.database.begin() as session:
        give_access(
            session,
            email="dana@example.com",
            role="centre_manager",
            centre=session.get_one(Centre, town.kept.centre_id),
            password_hash=PASSWORD_HASH,
            now=town.house.clock.now(),
        )
    dana = town.signed_in("dana")
    assert "A-8" in dana.get("/holds").text
    assert dana.post("/holds/set", form=dana.form("/holds/new"), **fields).status_code == 303
    assert "/lift" not in dana.get(f"/holds/{held}").text
    assert dana.post(f"/holds/{held}/lift", form=dana.form("/holds/new"), reason="r", shown="").status_code == 404


def test_an_auditor_sees_holds_and_sets_none(town: Town) -> None:
    held = hold(town, town.kept.id, "A-10")
    aidar = town.signed_in("aidar")
    assert "A-10" in (page := aidar.get("/holds").text)
    assert "/holds/new" not in page
    assert aidar.get(f"/holds/{held}").status_code == 200
    assert aidar.get("/holds/new").status_code == 404


@pytest.mark.parametrize("name", ["alice", "bob", "charlie"])
def test_nobody_else_meets_any(town: Town, name: str) -> None:
    held = hold(town, town.kept.id, "A-7")
    visitor = town.signed_in(name)
    for path in ("/holds", "/holds/new", f"/holds/{held}"):
        assert visitor.get(path).status_code == 404


SPANS = {
    "from": "2026-11-01T00:00",
    "to": "2026-11-08T00:00",
    "reason": "r",
    "review": "2026-12-01",
    "by": "span",
}
BEYOND: list[tuple[dict[str, str], str]] = [
    ({"to": "2026-11-08T00:01"}, "hold less"),
    ({"review": "2026-12-03"}, "within 30 days"),
    ({"review": "2099-01-01"}, "within 30 days"),
    ({"from": "2026-11-28T00:00", "to": "2026-12-02T00:00"}, "before its review"),
]


@pytest.mark.parametrize(("asked", "said"), BEYOND)
def test_a_manager_holds_little_and_for_a_while(town: Town, asked: dict[str, str], said: str) -> None:
    with town.house.at.database.begin() as session:
        session.execute(sa.update(Person).where(Person.email == "mira@example.com").values(centre_id=None))
    mira, pavel = town.signed_in("mira"), town.signed_in("pavel")
    line = next(each for each in town.house.lines() if each.mode == "stay")
    case = "B-" + "/".join(asked.values())
    fields: dict[str, Any] = SPANS | {"source": line.id, "case": case}
    refused = mira.post("/holds/set?lang=en", form=mira.form("/holds/new"), **fields | asked)
    assert refused.status_code == 400
    assert said in refused.text
    assert case not in pavel.get("/holds").text
    assert 'max="2026-12-02"' in refused.text
    assert 'max="' not in pavel.get("/holds/new").text
    assert pavel.post("/holds/set", form=pavel.form("/holds/new"), **fields | asked).status_code == 303
    assert mira.post("/holds/set", form=mira.form("/holds/new"), **fields).status_code == 303
    sent = {"case": "A-13", "reason": "r", "line": "ast/stay"}
    span = {each: f"{(fields | asked)[each]}:00Z" for each in ("from", "to")}
    review = {"review_at": f"{(fields | asked)['review']}T00:00:00Z"}
    assert program(town, "mira").post("/holds", sent | span | review).status_code == 409
    assert program(town, "pavel").post("/holds", sent | span | review).status_code == 201
    ancient = {each: f"1969-01-0{number}T00:00:00Z" for number, each in enumerate(span, 1)}
    assert program(town, "pavel").post("/holds", sent | ancient | review).status_code == 409
