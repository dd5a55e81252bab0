"""The demo's camera is set up and signed as any other is; a second time changes nothing."""

import pytest
import sqlalchemy as sa

from app.demo_camera import MANAGER, ZONE, draw_scene, first_footage, hang_sign, seed_camera
from storage.models import Camera, Centre, Person, SignPosting, StoredObject
from tests.house import House
from video.signs import standing


def test_the_demos_sign_is_read_on_its_picture_and_its_camera_may_record(house: House) -> None:
    at, said = house.at, list[str]()
    for _ in range(2):
        file = draw_scene(at, said.append)
        with at.database.begin() as session:
            centre = session.scalars(sa.select(Centre).where(Centre.code == "ast")).one()
            seed_camera(at, session, centre, file)
        hang_sign(at)
    assert len(said) == 1, "it is drawn once"
    with at.database.read() as session:
        camera = session.scalars(sa.select(Camera)).one()
        assert camera.zone.code == ZONE
        assert standing(session, at.clock.now())[camera.zone_id].word == "posted"
        posting = session.scalars(sa.select(SignPosting)).one()
        assert session.get_one(StoredObject, posting.photo_object_id).kind == "sign_photo"
        assert session.scalars(sa.select(Person).where(Person.email == MANAGER)).one().role == "centre_manager"


def test_what_it_says_leads_to_a_password(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.demo_camera.RECORDS_WITHIN_S", 0)
    at, said = house.at, list[str]()
    file = draw_scene(at, said.append)
    with at.database.begin() as session:
        centre = session.scalars(sa.select(Centre).where(Centre.code == "ast")).one()
        seed_camera(at, session, centre, file)
    first_footage(at, said.append)
    text = "\n".join(said)
    assert "ast/entrance, not recording yet" in text
    assert f"{at.site.base_url}/first-password#" in text
