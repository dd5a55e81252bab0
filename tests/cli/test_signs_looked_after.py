"""What the worker does for signs: issues the sheet that a change asks for, and warns before cameras stop."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.signs.upkeep import look_after_signs
from storage.models import Finding, Sign
from storage.retention.publish import set_policy
from tests.house import House
from tests.pages.signing import Signs
from video.signs import standing

DAY_S = timedelta(days=1).total_seconds()


@pytest.fixture
def signs(house: House) -> Signs:
    return Signs(house)


def word(house: House, zone: str) -> str:
    with house.at.database.read() as session:
        return standing(session, house.clock.now())[zone].word


def found(house: House) -> list[tuple[str, str]]:
    query = sa.select(Finding.subject, Finding.explanation).where(Finding.kind == "sign_stale")
    rows: list[tuple[str, str]] = house.ask(lambda s: [(row.subject, row.explanation) for row in s.execute(query)])
    return rows


def test_another_storage_period_makes_signs_outdated(house: House, signs: Signs) -> None:
    zone = signs.zone("lobby", centre="ast")
    signs.posted(zone)
    assert look_after_signs(house.at) == 0
    with house.at.database.begin() as session:
        set_policy(
            session,
            purpose="security",
            window="P7D",
            reason="a week is enough",
            centre=None,
            now=house.clock.now(),
            dry_run=False,
        )
    assert word(house, zone) == "posted"
    look_after_signs(house.at)
    assert word(house, zone) == "grace"
    sheets = house.ask(lambda s: s.scalars(sa.select(Sign).order_by(Sign.issued_at)).unique().all())
    assert [each.content["window"] for each in sheets] == ["P30D", "P7D"]


def test_a_setting_that_stands_on_signs_makes_them_outdated(house: House, signs: Signs) -> None:
    zone = signs.zone("lobby", centre="ast")
    signs.posted(zone)
    house.at.settings = house.at.settings.model_copy(update={"privacy_contact": "privacy@centres.example"})
    look_after_signs(house.at)
    assert word(house, zone) == "grace"


def test_it_warns_from_seven_days_before_cameras_stop(house: House, signs: Signs) -> None:
    zone, other = signs.zone("lobby", centre="ast"), signs.zone("garage", centre="ast")
    signs.posted(zone)
    signs.publish("Another", grace_days=9)
    signs.posted(other)
    assert look_after_signs(house.at) == 0
    assert found(house) == []
    house.clock.sleep(2 * DAY_S)
    assert look_after_signs(house.at) == 1
    ((subject, explanation),) = found(house)
    assert subject == zone
    assert "ast/lobby is outdated" in explanation
    house.clock.sleep(7 * DAY_S)
    assert word(house, zone) == "stale"
    assert look_after_signs(house.at) == 1
    assert len(found(house)) == 1
    signs.posted(zone)
    assert look_after_signs(house.at) == 0


def test_without_a_policy_for_cameras_the_others_are_looked_after(house: House, signs: Signs) -> None:
    zone = signs.zone("lobby", centre="ast")
    with house.at.database.begin() as session:
        session.execute(sa.text("UPDATE retention_policy SET state = 'withdrawn' WHERE purpose = 'security'"))
    assert look_after_signs(house.at) == 0
    assert word(house, zone) == "none"
