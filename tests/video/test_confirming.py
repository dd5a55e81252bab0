"""I8: only a photo of the zone's newest sign confirms it; whatever else is on it is told, and nothing of it is kept."""

import cv2
import numpy as np
import pytest
import segno
import sqlalchemy as sa

from storage.errors import Refused
from storage.models import Sign, SignPosting, StoredObject, Zone
from storage.objects.store import StoreUnavailable
from tests.storage.plain_house import PlainHouse
from tests.video.photographed import How, photographed
from tests.video.read_rates import picture
from tests.video.signed import OWNER, Signed
from video.confirming import Confirmations, reading_of
from video.photos import PhotoRefused
from video.poster import address
from video.postings import withdraw

DAY_S = 86400.0


@pytest.fixture
def signed(plain: PlainHouse) -> Signed:
    return Signed(plain)


@pytest.fixture
def confirmations(plain: PlainHouse) -> Confirmations:
    return Confirmations(plain.database, plain.clock, plain.intake, OWNER)


def shot(sheet: Sign) -> bytes:
    return photographed(picture(sheet), How(tilt=0.03, dim=0.3, turned=5), 3)


def kept(house: PlainHouse) -> list[StoredObject]:
    with house.database.read() as session:
        return list(session.scalars(sa.select(StoredObject)))


def test_the_right_sign_is_confirmed_and_its_photo_kept_with_a_date_of_its_own(
    signed: Signed, confirmations: Confirmations
) -> None:
    zone = signed.zone()
    content = shot(signed.sheet(zone))
    made = confirmations.confirm(zone, content, "operator")
    assert signed.standing(zone).word == "posted"
    (photo,) = kept(signed.house)
    assert photo.id == made.photo_object_id
    assert (photo.kind, photo.state, photo.source_id) == ("sign_photo", "stored", zone)
    assert [each.purpose for each in photo.purposes] == ["evidence"]
    assert photo.delete_after is not None
    assert photo.delete_after.year == signed.house.clock.now().year + 3
    assert signed.house.content(photo.id) == content, "as it was sent"


def test_a_photo_confirms_once(signed: Signed, confirmations: Confirmations) -> None:
    zone = signed.zone()
    content = shot(signed.sheet(zone))
    confirmations.confirm(zone, content, "operator")
    signed.house.clock.sleep(DAY_S)
    with signed.house.database.begin() as session:
        now = signed.house.clock.now()
        withdraw(session, session.get_one(Zone, zone), by="operator", reason="torn down", now=now)
    with pytest.raises(PhotoRefused, match="take a new one"):
        confirmations.confirm(zone, content, "operator")
    assert signed.standing(zone).word != "posted"
    assert len(kept(signed.house)) == 1
    anew = photographed(picture(signed.sheet(zone)), How(tilt=0.03, dim=0.3, turned=5), 4)
    confirmations.confirm(zone, anew, "operator")
    assert signed.standing(zone).word == "posted"


def test_another_zones_sign_is_told_by_its_name(signed: Signed, confirmations: Confirmations) -> None:
    lobby, garage = signed.zone(), signed.zone("garage")
    with pytest.raises(PhotoRefused, match="sign of Garage, and this zone is Lobby"):
        confirmations.confirm(lobby, shot(signed.sheet(garage)), "operator")
    assert signed.standing(lobby).word == "none"
    assert kept(signed.house) == []


def test_an_outdated_sign_is_refused_also_while_its_grace_lasts(signed: Signed, confirmations: Confirmations) -> None:
    zone = signed.zone()
    old = signed.post(zone)
    signed.publish("another purpose")
    assert signed.standing(zone).word == "grace"
    with pytest.raises(PhotoRefused, match=f"outdated \\(code {old.code}\\)"):
        confirmations.confirm(zone, shot(old), "operator")
    assert signed.standing(zone).word == "grace", "what hung there still hangs"
    confirmations.confirm(zone, shot(signed.sheet(zone)), "operator")
    assert signed.standing(zone).word == "posted"


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/n/ast/lobby?sign={code}",
        "{base}/n/ast/garage?sign={code}",
        "{base}/n/ast/lobby?sign={code}&sign={code}",
        "{base}/n/ast/lobby?sign={code}#x",
        "{base}/n/ast/lobby?sign=nosuchco",
        "{base}/n/ast/lobby",
        "{code}",
        "http://[broken?sign={code}",
        "WIFI:S:guests;;",
    ],
)
def test_a_code_that_says_anything_else_is_not_ours(signed: Signed, text: str) -> None:
    wanted = signed.sheet(signed.zone())
    said = text.format(code=wanted.code, base=OWNER.base_url)
    with signed.house.database.read() as session:
        assert reading_of(session, [said], wanted).word == "foreign"
        assert reading_of(session, [said, address(wanted)], wanted).word == "right", "of several the best one counts"


def test_a_foreign_code_and_none_are_told_apart(signed: Signed, confirmations: Confirmations) -> None:
    zone = signed.zone()
    code = segno.make("https://shop.example/offer", error="q")
    grid = [[0 if cell else 255 for cell in row] for row in code.matrix_iter(scale=12, border=6)]
    _, foreign = cv2.imencode(".png", np.array(grid, np.uint8))
    with pytest.raises(PhotoRefused, match="not that of a sign of ours"):
        confirmations.confirm(zone, foreign.tobytes(), "operator")
    blurred = photographed(picture(signed.sheet(zone)), How(blur=60, far=0.7), 1)
    with pytest.raises(PhotoRefused, match="go nearer"):
        confirmations.confirm(zone, blurred, "operator")


def test_while_the_store_is_away_nothing_is_confirmed_and_nothing_stays(
    signed: Signed, confirmations: Confirmations
) -> None:
    zone = signed.zone()
    content = shot(signed.sheet(zone))
    signed.house.store.failing = StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        confirmations.confirm(zone, content, "operator")
    signed.house.store.failing = None
    assert signed.standing(zone).word == "none"
    assert [each.state for each in kept(signed.house)] == ["deleting"]
    confirmations.confirm(zone, content, "operator")
    assert signed.standing(zone).word == "posted"


def test_the_version_may_change_while_a_photo_is_stored(
    signed: Signed, confirmations: Confirmations, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = signed.zone()
    content = shot(signed.sheet(zone))
    put = signed.house.store.put

    def slowly(*given: object, **named: object) -> object:
        signed.publish("another purpose")
        return put(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(signed.house.store, "put", slowly)
    with pytest.raises(PhotoRefused, match="outdated"):
        confirmations.confirm(zone, content, "operator")
    with signed.house.database.read() as session:
        assert session.scalars(sa.select(SignPosting)).all() == []
    assert not any(signed.house.store.held.values())


def test_without_a_policy_for_cameras_nobody_knows_what_must_hang(signed: Signed, confirmations: Confirmations) -> None:
    zone = signed.zone()
    content = shot(signed.sheet(zone))
    with signed.house.database.begin() as session:
        session.execute(sa.text("UPDATE retention_policy SET state = 'withdrawn' WHERE purpose = 'security'"))
    with pytest.raises(Refused, match="no retention policy"):
        confirmations.confirm(zone, content, "operator")
