"""Setting cameras up with nothing but pages: where they may be, a zone, a camera in it; and who may not."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from app.auth.sessions import CONFIRMED_FOR
from storage.models import Camera, Centre, Zone
from tests.pages.filmed import add_camera
from tests.pages.lively import enter
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, Town, Visitor

ADDRESS = "rtsp://127.0.0.1:9/live"


@pytest.fixture
def almaty(town: Town) -> str:
    """The centre that Mira manages, with no network yet."""
    with town.house.at.database.begin() as session:
        row = session.scalars(sa.select(Centre).where(Centre.code == "alm")).one()
        row.camera_networks = None
    return row.id


def english(town: Town, name: str) -> Visitor:
    visitor = town.signed_in(name)
    visitor.get("/sessions?lang=en")
    return visitor


def allow(visitor: Visitor, centre: str, networks: str) -> tuple[int, str]:
    page = f"/centres/{centre}"
    answer = visitor.post(f"{page}/networks", form=visitor.form(page), networks=networks)
    return answer.status_code, answer.text


def networks_of(town: Town, centre: str) -> list[str] | None:
    found: list[str] | None = town.house.ask(lambda s: s.get_one(Centre, centre).camera_networks)
    return found


def zone_in(town: Town, code: str) -> str:
    found: str = town.house.ask(lambda s: s.scalars(sa.select(Zone.id).where(Zone.code == code)).one())
    return found


def test_an_administrator_says_where_cameras_may_be(town: Town, almaty: str) -> None:
    charlie = english(town, "charlie")
    status, said = allow(charlie, almaty, "10.1.0.0/16, here")
    assert (status, "here is no network such as 10.1.0.0/16" in said) == (400, True)
    assert 'value="10.1.0.0/16, here"' in said, "nothing has to be typed again"
    assert networks_of(town, almaty) is None
    assert allow(charlie, almaty, " 10.1.0.0/16,10.2.0.0/16 10.1.0.0/16 ")[0] == 303
    assert networks_of(town, almaty) == ["10.1.0.0/16", "10.2.0.0/16"]
    (told,) = [each for each in town.leaves("networks_allowed") if each["centre"] == almaty]
    by = town.person("charlie").id
    assert told == {"centre": almaty, "before": [], "networks": ["10.1.0.0/16", "10.2.0.0/16"], "by": by}
    assert "10.1.0.0/16, 10.2.0.0/16" in charlie.get("/centres").text
    camera = add_camera(town.house, almaty, "roof")
    page = charlie.get(f"/centres/{almaty}").text
    assert "These cameras lie outside" in page
    assert f'href="/cameras/{camera}/settings"' in page
    assert allow(charlie, almaty, "127.0.0.1/32")[0] == 303
    assert "These cameras lie outside" not in charlie.get(f"/centres/{almaty}").text
    assert allow(charlie, almaty, "")[0] == 303
    assert networks_of(town, almaty) is None
    town.house.clock.sleep(CONFIRMED_FOR.total_seconds() + 1)
    assert allow(charlie, almaty, "0.0.0.0/0")[0] == 403
    assert networks_of(town, almaty) is None
    mira, form = english(town, "mira"), english(town, "mira").form("/sessions")
    assert mira.get(f"/centres/{almaty}").status_code == 404
    assert mira.post(f"/centres/{almaty}/networks", form=form, networks="0.0.0.0/0").status_code == 404
    assert networks_of(town, almaty) is None


def test_an_address_outside_says_what_is_allowed_and_who_can_change_it(town: Town, almaty: str) -> None:
    camera = add_camera(town.house, almaty, "side")
    given = {"zone": zone_in(town, "zside"), "code": "new", "url": ADDRESS}
    leads = f'href="/centres/{almaty}"'
    for name, changes in (("mira", False), ("charlie", True)):
        visitor = english(town, name)
        tried = visitor.post("/cameras/try", form=visitor.form("/cameras/new"), more=given).text
        for page in (tried, visitor.get(f"/cameras/{camera}/settings").text):
            assert "lies outside the networks of the centre" in page
            assert "No network is allowed for cameras of this centre yet." in page
            assert (leads in page, "An administrator can allow another network" in page) == (changes, not changes)
            assert "eskertu centre" not in page
    charlie = english(town, "charlie")
    assert allow(charlie, almaty, "10.1.0.0/16")[0] == 303
    mira = english(town, "mira")
    assert "<strong>10.1.0.0/16</strong>" in mira.post("/cameras/try", form=mira.form("/cameras/new"), more=given).text
    assert allow(charlie, almaty, "10.1.0.0/16, 127.0.0.0/8")[0] == 303
    tried = mira.post("/cameras/try", form=mira.form("/cameras/new"), more=given).text
    assert "There is no picture." in tried
    assert "Check address, port, cable and firewall." in tried, "it is asked, and nothing answers there"
    assert "lies outside" not in mira.get(f"/cameras/{camera}/settings").text


def test_a_file_that_may_not_be_one_says_so(town: Town, almaty: str) -> None:
    add_camera(town.house, almaty, "disk")
    mira = english(town, "mira")
    given = {"zone": zone_in(town, "zdisk"), "code": "new", "url": "file:///etc/passwd"}
    tried = mira.post("/cameras/try", form=mira.form("/cameras/new"), more=given).text
    assert "A file must lie in the folder for footage" in tried


def test_a_manager_makes_a_zone_and_a_camera_in_it(town: Town, almaty: str) -> None:
    mira = english(town, "mira")
    page, given = "/cameras/zones/new", {"centre": almaty, "name": " The yard ", "code": "yard"}
    assert 'href="/cameras/zones/new"' in mira.get("/cameras/new").text
    form = mira.form(page)
    made = mira.post(page, form=form, more=given)
    zone = town.house.ask(lambda s: s.scalars(sa.select(Zone).where(Zone.code == "yard")).one())
    assert (made.status_code, made.headers["Location"]) == (303, f"/cameras/new?zone={zone.id}")
    assert (zone.centre_id, zone.name) == (almaty, "The yard")
    assert f'<option value="{zone.id}" selected>' in mira.get(f"/cameras/new?zone={zone.id}").text
    again = mira.post(page, form=form, more=given)
    assert (again.status_code, "There is a zone with the short name “yard” already." in again.text) == (400, True)
    assert mira.post(page, form=form, more=given | {"code": "long", "name": "x" * 201}).status_code == 400
    camera = {"zone": zone.id, "code": "gate", "url": "rtsp://10.1.0.7/live"}
    assert mira.post("/cameras/new", form=form, more=camera).status_code == 303
    assert town.house.ask(lambda s: s.scalars(sa.select(Camera.zone_id).where(Camera.code == "gate")).one()) == zone.id
    assert "The yard" in mira.get("/signs").text


def test_nobody_makes_a_zone_in_another_centre(town: Town, almaty: str) -> None:
    astana = town.person("alice").centre_id
    given = {"centre": astana, "name": "Hall", "code": "hall"}
    mira = english(town, "mira")
    assert astana is not None
    assert astana not in mira.get("/cameras/zones/new").text
    assert mira.post("/cameras/zones/new", form=mira.form("/cameras/zones/new"), more=given).status_code == 404
    for name in ("alice", "pavel", "aidar"):
        visitor = english(town, name)
        assert visitor.get("/cameras/zones/new").status_code == 404
        assert visitor.post("/cameras/zones/new", form=visitor.form("/sessions"), more=given).status_code == 404
    assert town.house.ask(lambda s: s.scalar(sa.select(Zone.id).where(Zone.code == "hall"))) is None
    charlie = english(town, "charlie")
    assert charlie.post("/cameras/zones/new", form=charlie.form("/cameras/zones/new"), more=given).status_code == 303


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_how_the_pages_look(
    browser: Browser, town: Town, almaty: str, language: str, size: dict[str, int], scheme: str
) -> None:
    camera = add_camera(town.house, almaty, f"look-{language}-{size['width']}-{scheme}")
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said, page, base = complaints(window), window.new_page(), town.house.at.site.base_url
    enter(page, base, "charlie")
    town.house.clock.sleep(CONFIRMED_FOR.total_seconds() + 1)
    for path in (f"/centres/{almaty}", "/cameras/zones/new", f"/cameras/{camera}/settings"):
        page.goto(f"{base}{path}{'?' if '?' not in path else '&'}lang={language}")
        assert findings(page) == [], path
        assert fits(page), path
    page.goto(f"{base}/centres/{almaty}")
    page.locator("#networks").fill("10.1.0.0/16")
    page.locator("input[name=confirm_password]").fill(PASSWORD)
    page.locator("main button").click()
    page.locator("[role=status]").wait_for()
    assert findings(page) == []
    assert fits(page)
    page.goto(f"{base}/cameras/new")
    page.locator("#code").fill("outside")
    page.locator("#url").fill(ADDRESS)
    page.locator("#zone").select_option(zone_in(town, f"zlook-{language}-{size['width']}-{scheme}"))
    page.locator("button[formaction]").click()
    page.locator(".trial").wait_for()
    assert findings(page) == []
    assert fits(page)
    assert said == []
    window.close()
