"""Pages of cameras: who sees which, how they stand, setting one up with a test of its address, switching it off."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from storage.models import Camera
from tests.house import House
from tests.pages.filmed import Filmed, filmed
from tests.pages.lively import enter
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, Town, Visitor
from tests.video import footage
from video.addresses import file_address


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


@pytest.fixture
def here(town: Town) -> Filmed:
    """A camera of Mira's centre, with pictures."""
    centre_id = town.person("mira").centre_id
    assert centre_id is not None
    return filmed(town.house, centre_id)


@pytest.fixture
def file(town: Town) -> Path:
    """What a camera can be, where there is no network."""
    folder = town.house.at.settings.camera_folder
    folder.mkdir(parents=True)
    return footage.make(folder / "a.mp4", 50)


def english(town: Town, name: str) -> Visitor:
    """Signed in, and reading English."""
    visitor = town.signed_in(name)
    visitor.get("/sessions?lang=en")
    return visitor


def zone_of(town: Town, here: Filmed) -> str:
    found: str = town.house.ask(lambda s: s.get_one(Camera, here.camera_id).zone_id)
    return found


def form_for(town: Town, here: Filmed, url: str, code: str = "lift") -> dict[str, str]:
    return {"zone": zone_of(town, here), "code": code, "url": url, "username": "", "password": ""}


def test_its_manager_sees_pictures_an_administrator_how_it_stands_another_centre_nothing(
    town: Town, here: Filmed
) -> None:
    mira = english(town, "mira").get("/cameras")
    assert f'src="/cameras/{here.camera_id}/thumbnails/' in mira.text
    assert "no sign" in mira.text
    to_sign = f'href="/signs/{zone_of(town, here)}"'
    assert to_sign in mira.text
    assert to_sign not in english(town, "charlie").get("/cameras").text
    for name in ("charlie", "pavel", "aidar"):
        page = english(town, name).get("/cameras")
        assert page.status_code == 200
        assert "Almaty, door" in page.text
        assert "/thumbnails/" not in page.text
    assert english(town, "alice").get("/cameras").status_code == 404
    with town.house.at.database.begin() as session:
        session.execute(sa.text("UPDATE person SET role = 'centre_manager' WHERE email LIKE 'bob@%'"))
        astana = session.scalar(sa.text("SELECT id FROM centre WHERE code = 'ast'"))
        session.execute(sa.text("UPDATE person SET centre_id = :c WHERE email LIKE 'bob@%'"), {"c": astana})
    bob = english(town, "bob")
    assert "door" not in bob.get("/cameras").text
    assert bob.get(f"/cameras/{here.camera_id}/settings").status_code == 404
    form = bob.form("/sessions")
    for path in ("off", "on", "try", "settings"):
        given = {"url": "rtsp://10.1.0.7/x", "confirm_password": PASSWORD}
        assert bob.post(f"/cameras/{here.camera_id}/{path}", form=form, more=given).status_code == 404
    assert bob.post("/cameras/try", form=form, more=form_for(town, here, "rtsp://10.1.0.7/x")).status_code == 404


def test_a_sentence_that_ends_with_a_day_has_one_full_stop(town: Town, here: Filmed) -> None:
    mira = town.signed_in("mira")
    span = {"from": here.runs[0].isoformat(), "to": here.runs[1].isoformat(), "lang": "ru"}
    page = mira.get(f"/cameras/{here.camera_id}/span?{urlencode(span)}").text
    assert "дата пересмотра — не позднее чем" in page
    assert ".." not in page.partition('id="review-why">')[2].partition("</p>")[0]


def test_an_address_is_tried_before_a_camera_is_added(town: Town, here: Filmed, file: Path) -> None:
    mira = english(town, "mira")
    form = mira.form("/cameras/new")
    shown = mira.post("/cameras/try", form=form, more=form_for(town, here, file_address(file)))
    assert "data:image/jpeg;base64," in shown.text
    assert "H.264, 160 × 64" in shown.text
    assert "img-src 'self' data:" in shown.headers["Content-Security-Policy"]
    assert "data:" not in mira.get("/cameras/new").headers["Content-Security-Policy"]
    (leaf,) = town.leaves("camera_tried")
    assert (leaf["by"], leaf["looked"]) == (town.person("mira").id, True)
    away = mira.post("/cameras/try", form=form, more=form_for(town, here, "rtsp://127.0.0.1:9/live"))
    assert "outside the networks of the centre" in away.text
    assert "--url" not in mira.post("/cameras/try", form=form, more=form_for(town, here, "gopher://x")).text
    charlie = english(town, "charlie")
    shown = charlie.post(
        "/cameras/try", form=charlie.form("/cameras/new"), more=form_for(town, here, file_address(file))
    )
    assert "H.264, 160 × 64" in shown.text
    assert "data:image" not in shown.text
    added = mira.post("/cameras/new", form=form, more=form_for(town, here, file_address(file)))
    assert added.status_code == 303
    again = mira.post("/cameras/new", form=form, more=form_for(town, here, file_address(file)))
    assert (again.status_code, "already" in again.text) == (400, True)
    assert "Almaty, lift" in mira.get("/cameras").text


def test_a_password_is_never_shown_and_goes_with_its_address(town: Town, here: Filmed) -> None:
    mira, path = english(town, "mira"), f"/cameras/{here.camera_id}/settings"
    form = mira.form(path)
    given = {"url": "rtsp://127.0.0.1/live", "username": "operator", "password": "pa55 w0rd"}
    assert mira.post(path, form=form, more=given).status_code == 303
    assert "pa55" not in mira.get(path).text
    kept = "One is kept."
    assert kept in mira.get(path).text
    alone = mira.post(path, form=form, more=given | {"password": ""})
    assert (alone.status_code, "belong together" in alone.text) == (400, True)
    mira.post(path, form=form, url="rtsp://10.1.0.9/live")
    assert kept not in mira.get(path).text


def test_switching_off_takes_the_password_and_leaves_a_leaf(town: Town, here: Filmed) -> None:
    mira, base = english(town, "mira"), f"/cameras/{here.camera_id}"
    town.house.clock.sleep(11 * 60)
    form = mira.form(f"{base}/settings")
    assert mira.post(f"{base}/off", form=form).status_code == 403
    assert mira.post(f"{base}/off", form=form, confirm_password=PASSWORD).status_code == 303
    assert "switched off" in mira.get("/cameras").text
    assert mira.post(f"{base}/on", form=form).status_code == 303
    assert "switched off" not in mira.get("/cameras").text
    told = {"camera": here.camera_id, "by": town.person("mira").id}
    assert (town.leaves("camera_off"), town.leaves("camera_on")) == ([told], [told])


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_how_the_pages_look(
    browser: Browser, town: Town, here: Filmed, file: Path, language: str, size: dict[str, int], scheme: str
) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme, locale=language)  # type: ignore[arg-type]
    said, page, base = complaints(window), window.new_page(), town.house.at.site.base_url
    enter(page, base, "mira")
    for path in ("/cameras", "/cameras/new", f"/cameras/{here.camera_id}/settings"):
        page.goto(f"{base}{path}?lang={language}")
        assert fits(page), path
        assert findings(page) == [], path
    page.locator("#url").fill(file_address(file))
    page.locator("button[formaction]").click()
    assert page.locator(".trial img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    assert fits(page)
    assert findings(page) == []
    assert said == []
    window.close()
