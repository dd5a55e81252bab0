"""The manager's pages of signs: printed, photographed, confirmed, outdated, gone; and nothing of another centre's."""

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.auth.policy import Viewer
from app.overview.needs import needs
from storage.models import SignPosting, StoredObject
from tests.pages.lively import enter
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, Town, Visitor
from tests.pages.signing import Signs
from video.photos import READERS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def signs(town: Town) -> Signs:
    return Signs(town.house)


@pytest.fixture
def mira(town: Town) -> Visitor:
    return town.signed_in("mira")


def send(visitor: Visitor, zone: str, photo: bytes, name: str = "IMG_0001.jpg", form: str = "") -> tuple[int, str]:
    """A photo, and what is answered."""
    told = {"form": form or visitor.form(f"/signs/{zone}"), "photo": FileStorage(io.BytesIO(photo), name, "photo")}
    # Encoded here: for what is large the test client leaves a temporary file open.
    boundary, body = encode_multipart(told)
    headers = {"Accept": "text/html", "Origin": visitor.base, "Sec-Fetch-Site": "same-origin"}
    kind = f"multipart/form-data; boundary={boundary}"
    path = f"/signs/{zone}/confirm"
    answer = visitor.client.post(path, data=body, content_type=kind, headers=headers, base_url=visitor.base)
    return answer.status_code, answer.text


def png_of(visitor: Visitor, zone: str) -> bytes:
    answer = visitor.get(f"/signs/{zone}/sign.png")
    assert answer.mimetype == "image/png"
    content: bytes = answer.data
    return content


def test_a_manager_prints_photographs_and_withdraws(town: Town, signs: Signs, mira: Visitor) -> None:
    zone = signs.zone("lobby")
    page = mira.get(f"/signs/{zone}?lang=en").text
    assert "No sign is confirmed: cameras are stopped" in page
    assert mira.get(f"/signs/{zone}/sign.pdf").data.startswith(b"%PDF-")
    assert mira.get(f"/signs/{zone}/photo").status_code == 404
    photo = signs.photo(png_of(mira, zone))
    status, said = send(mira, zone, photo, "whatever.txt")
    assert status == 303, said
    page = mira.get(f"/signs/{zone}").text
    assert "The sign is up" in page
    assert "mira@example.com" in page

    shown = mira.get(f"/signs/{zone}/photo")
    assert (shown.data, shown.mimetype) == (photo, "image/jpeg")
    kept = town.house.ask(
        lambda s: s.scalars(sa.select(StoredObject.id).where(StoredObject.kind == "sign_photo")).one()
    )
    assert [leaf["object"] for leaf in town.leaves("media_shown")][-1] == kept

    town.house.clock.sleep(700)
    form, told = mira.form(f"/signs/{zone}"), {"reason": "the wall was painted"}
    assert mira.post(f"/signs/{zone}/withdraw", form=form, more=told | {"confirm_password": ""}).status_code != 303
    done = mira.post(f"/signs/{zone}/withdraw", form=form, more=told | {"confirm_password": PASSWORD})
    assert done.status_code == 303
    assert "the wall was painted" in mira.get(f"/signs/{zone}").text
    assert mira.get(f"/signs/{zone}/photo").status_code == 404


def test_what_is_wrong_with_a_photo_is_said_in_the_readers_language(signs: Signs, mira: Visitor) -> None:
    one, other = signs.zone("north"), signs.zone("south")
    mira.get(f"/signs/{one}?lang=ru")
    photo = signs.photo(png_of(mira, other))
    status, said = send(mira, one, photo)
    assert status == 400
    assert "Это табличка зоны «The south», а здесь зона «The north»" in said
    status, said = send(mira, one, b"")
    assert (status, "Фотография не пришла" in said) == (400, True)
    status, said = send(mira, one, b"\x00\x00\x00\x18ftypheic" + bytes(99))
    assert (status, "Нужен JPEG" in said) == (400, True)


def test_nobody_waits_while_others_photos_are_read(signs: Signs, mira: Visitor) -> None:
    zone = signs.zone("west")
    photo = signs.photo(png_of(mira, zone))
    mira.get(f"/signs/{zone}?lang=ru")
    with READERS, READERS:
        status, said = send(mira, zone, photo)
    assert (status, "Попробуйте ещё раз чуть позже" in said) == (503, True)
    assert send(mira, zone, photo)[0] == 303, "and then it is read"


def test_a_photo_that_is_too_large_is_not_taken(signs: Signs, mira: Visitor) -> None:
    assert send(mira, signs.zone("east"), bytes(26 * 1024 * 1024))[0] == 413


def test_a_manager_of_another_centre_gets_nothing_by_no_address(town: Town, signs: Signs, mira: Visitor) -> None:
    zone = signs.zone("vault", centre="ast")
    photo = signs.photo(png_of(town.signed_in("pavel"), zone))
    made = town.house.at.confirmations.confirm(zone, photo, "operator")
    form = mira.form("/sessions")
    assert zone not in mira.get("/signs").text
    for address in ("", "/photo", "/sign.pdf", "/sign.png"):
        assert mira.get(f"/signs/{zone}{address}").status_code == 404, address
    assert send(mira, zone, photo, form=form)[0] == 404
    gone = mira.post(f"/signs/{zone}/withdraw", form=form, reason="x", confirm_password=PASSWORD)
    assert gone.status_code == 404
    lasts = town.house.ask(lambda s: s.get_one(SignPosting, made.id).ended_at)
    assert lasts is None
    assert mira.get(f"/recordings/{made.photo_object_id}").status_code == 404
    assert mira.get(f"/recordings/{made.photo_object_id}/audio.wav").status_code == 404


@pytest.mark.parametrize("name", ["pavel", "aidar"])
def test_officer_and_auditor_see_how_it_stands_and_no_photo(town: Town, signs: Signs, name: str) -> None:
    zone = signs.zone(f"hall-{name}")
    png = png_of(town.signed_in("mira"), zone)
    town.house.at.confirmations.confirm(zone, signs.photo(png), "operator")
    visitor = town.signed_in(name)
    assert f"The hall-{name}" in visitor.get("/signs").text
    page = visitor.get(f"/signs/{zone}?lang=en").text
    assert "The sign is up" in page
    for word in ("/confirm", "/withdraw", "/photo"):
        assert f"/signs/{zone}{word}" not in page
    assert visitor.get(f"/signs/{zone}/photo").status_code == 404
    assert visitor.get(f"/signs/{zone}/sign.pdf").status_code == 200


def test_what_is_due_is_said_with_its_date(town: Town, signs: Signs, mira: Visitor) -> None:
    zone = signs.zone("garage")
    signs.posted(zone)
    signs.publish("Who parks here", grace_days=5)
    mira.get("/signs?lang=en")
    assert "The sign is outdated: replace it" in mira.get(f"/signs/{zone}").text
    viewer = Viewer("centre_manager", town.person("mira").centre_id, True)
    now = town.house.clock.now()
    assert "need_signs" in {each.name for each in needs(town.house.at, viewer, now)}
    town.house.clock.sleep(timedelta(days=5).total_seconds())
    later = town.signed_in("mira")
    assert "The sign is outdated: cameras are stopped" in later.get(f"/signs/{zone}?lang=en").text


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_every_look(
    town: Town, signs: Signs, browser: Browser, language: str, size: dict[str, int], scheme: str
) -> None:
    zones = [signs.zone(f"{word}-{language}-{size['width']}-{scheme}") for word in ("up", "none")]
    signs.posted(zones[0])
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said = complaints(window)
    page = window.new_page()
    enter(page, town.house.at.site.base_url, "mira")
    for path in ("/signs", *(f"/signs/{zone}" for zone in zones)):
        page.goto(f"{town.house.at.site.base_url}{path}?lang={language}")
        assert findings(page) == [], path
        assert fits(page), path
    assert said == []
    window.close()


def test_a_photo_is_sent_with_a_browser(
    town: Town, signs: Signs, mira: Visitor, browser: Browser, tmp_path: "Path"
) -> None:
    zone = signs.zone("stairs")
    (tmp_path / "photo.jpg").write_bytes(signs.photo(png_of(mira, zone)))
    window = browser.new_context(viewport={"width": 360, "height": 800}, locale="en")
    said = complaints(window)
    page = window.new_page()
    enter(page, town.house.at.site.base_url, "mira")
    page.goto(f"{town.house.at.site.base_url}/signs/{zone}?lang=en")
    page.locator("#photo").set_input_files(tmp_path / "photo.jpg")
    page.get_by_role("button", name="Confirm with a photo").click()
    expect(page.get_by_text("Confirmed. The cameras of this zone may record.")).to_be_visible()
    expect(page.locator("[role=status] a")).to_have_attribute("href", "/cameras")
    page.get_by_text("The photo that was taken").click()
    photo = page.locator(".photo img")
    expect(photo).to_have_js_property("complete", value=True)
    assert photo.evaluate("image => image.naturalWidth") > 0
    assert findings(page) == []
    assert said == []
    window.close()
