"""I8: in which zones cameras may record, from the rows of a database, whatever is published or changed."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from config.sign_texts import shipped_sign_texts
from storage.errors import Refused
from storage.ledger.log import sequence
from storage.models import Centre, LeafOpening, RetentionPolicy, Sign, Zone
from tests.storage.plain_house import PlainHouse
from tests.video.signed import OWNER, Signed
from video import postings, sign_versions
from video.postings import lasting, postings_of, withdraw
from video.signs import standing

DAY_S = timedelta(days=1).total_seconds()


@pytest.fixture
def signed(plain: PlainHouse) -> Signed:
    return Signed(plain)


def test_without_a_sign_no_camera_records(signed: Signed) -> None:
    zone = signed.zone()
    signed.sheet(zone)
    assert signed.standing(zone).word == "none"
    assert not signed.standing(zone).may_record
    signed.post(zone)
    assert signed.standing(zone).word == "posted"
    assert signed.standing(zone).may_record


def test_each_zone_stands_by_itself(signed: Signed) -> None:
    lobby, garage = signed.zone(), signed.zone("garage")
    signed.post(lobby)
    with signed.house.database.read() as session:
        found = standing(session, signed.house.clock.now())
        only = standing(session, signed.house.clock.now(), [garage, "no such zone"])
    assert {zone: each.word for zone, each in found.items()} == {lobby: "posted", garage: "none"}
    assert list(only) == [garage]


def test_a_new_version_warns_then_stops_and_another_confirmation_starts_again(signed: Signed) -> None:
    zone = signed.zone()
    signed.post(zone)
    assert signed.publish("To see who comes.", grace_days=3, in_s=DAY_S) == 2
    assert signed.standing(zone).word == "posted"
    signed.house.clock.sleep(DAY_S)
    now = signed.standing(zone)
    assert (now.word, now.version, now.newest, now.may_record) == ("grace", 1, 2, True)
    assert now.until == signed.house.clock.now() + timedelta(days=3)
    signed.house.clock.sleep(3 * DAY_S - 1)
    assert signed.standing(zone).word == "grace"
    signed.house.clock.sleep(1)
    assert signed.standing(zone).word == "stale"
    assert not signed.standing(zone).may_record
    signed.post(zone)
    assert (signed.standing(zone).word, signed.standing(zone).version) == ("posted", 2)


def test_what_makes_a_sign_say_what_no_longer_holds_makes_it_outdated(signed: Signed) -> None:
    zone = signed.zone()
    first = signed.post(zone)
    assert signed.sheet(zone).id == first.id
    moved = replace(OWNER, contact="+7 7172 000000")
    assert signed.sheet(zone, moved).code != first.code
    assert signed.standing(zone).word == "grace"
    signed.sheet(zone)
    assert signed.standing(zone).word == "posted", "it was changed back"
    with signed.house.database.begin() as session:
        session.execute(sa.update(RetentionPolicy).where(RetentionPolicy.purpose == "security").values(window="P7D"))
    signed.sheet(zone)
    assert signed.standing(zone).word == "grace"
    signed.post(zone)
    with signed.house.database.begin() as session:
        session.get_one(Centre, signed.house.centre_id).languages = ["kk", "ru"]
    signed.sheet(zone)
    assert signed.standing(zone).word == "grace"
    signed.house.clock.sleep(14 * DAY_S + 1)
    assert signed.standing(zone).word == "stale"


def test_a_sign_that_is_gone_stops_its_cameras(signed: Signed) -> None:
    zone_id = signed.zone()
    signed.post(zone_id)
    with signed.house.database.begin() as session:
        zone = session.get_one(Zone, zone_id)
        with pytest.raises(Refused, match="reason"):
            withdraw(session, zone, by="operator", reason=" ", now=signed.house.clock.now())
        withdraw(session, zone, by="operator", reason="the wall was painted", now=signed.house.clock.now())
        assert lasting(session, zone_id) is None
        with pytest.raises(Refused, match="nobody confirmed"):
            withdraw(session, zone, by="operator", reason="again", now=signed.house.clock.now())
    assert signed.standing(zone_id).word == "none"


def test_one_confirmation_lasts_and_the_others_stay(signed: Signed) -> None:
    zone = signed.zone()
    signed.post(zone)
    signed.house.clock.sleep(60)
    signed.post(zone)
    with signed.house.database.read() as session:
        newer, older = postings_of(session, zone)
    assert newer.ended_at is None
    assert older.ended_at == newer.confirmed_at


def test_versions_are_numbered_and_only_one_comes_after_another(signed: Signed) -> None:
    with pytest.raises(Refused, match="same already"), signed.house.database.begin() as session:
        sign_versions.publish(session, shipped_sign_texts(), signed.house.clock.now())
    assert signed.publish("one", in_s=2 * DAY_S) == 2
    with pytest.raises(Refused, match="comes into force after that"):
        signed.publish("two", in_s=DAY_S)
    with pytest.raises(Refused, match="has passed"):
        signed.publish("two", in_s=-1)
    with pytest.raises(Refused, match="more than a year away"):
        signed.publish("two", in_s=367 * DAY_S)
    with pytest.raises(Refused, match="whole days"):
        signed.publish("two", grace_days=91)
    assert signed.publish("two", in_s=2 * DAY_S) == 3


@pytest.mark.parametrize(
    ("language", "field", "value", "wrong"),
    [
        ("kk", "purpose", "", "is empty"),
        ("ru", "kept", "Долго.", "says {period} once"),
        ("en", "rights", "x" * 501, "at most 500"),
        ("en", "headline", "two\nlines", "one line"),
        ("en", "who", "{period}", "belongs into"),
        ("en", "footer", "x", "no such field"),
    ],
)
def test_texts_that_no_sign_can_have_are_refused(
    signed: Signed, language: str, field: str, value: str, wrong: str
) -> None:
    texts = shipped_sign_texts()
    texts[language][field] = value
    with pytest.raises(Refused, match=wrong), signed.house.database.begin() as session:
        sign_versions.publish(session, texts, signed.house.clock.now())


def test_a_language_cannot_be_left_out(signed: Signed) -> None:
    texts = shipped_sign_texts()
    del texts["kk"]
    with pytest.raises(Refused, match=r"\[kk\] is missing"), signed.house.database.begin() as session:
        sign_versions.publish(session, texts, signed.house.clock.now())


def test_the_ledger_is_told_and_told_the_same_again(signed: Signed) -> None:
    zone_id = signed.zone()
    signed.post(zone_id)
    with signed.house.database.begin() as session:
        zone = session.get_one(Zone, zone_id)
        withdraw(session, zone, by="operator", reason="stolen", now=signed.house.clock.now())
        sequence(session)
    retold = [sign_versions.retell, postings.retell_posted, postings.retell_withdrawn]
    with signed.house.database.read() as session:
        openings = session.scalars(sa.select(LeafOpening)).all()
        for again in retold:
            assert [each for each in openings if again(session, each.subject_id) == each.facts], again


def test_codes_of_sheets_differ(signed: Signed) -> None:
    zones = [signed.zone(f"zone-{number}") for number in range(20)]
    codes = {signed.sheet(zone).code for zone in zones}
    assert len(codes) == 20
    with signed.house.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Sign)) == 20
