"""What the worker does for signs: issues the sheet that a change asks for, and warns before cameras stop."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.examination import examine
from app.signs.printed import printed
from app.signs.settings import differences
from app.signs.upkeep import look_after_signs
from app.wiring import Installation
from storage.models import Finding, Sign
from storage.retention.publish import set_policy
from tests.house import House
from tests.pages.signing import Signs
from video.sheets import adopt
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


def with_settings(house: House, **changed: str) -> Installation:
    """Another process of the same installation, whose settings are others."""
    other = Installation(house.at.settings.model_copy(update=changed), house.clock)
    other.store = house.at.store
    return other


def test_a_process_with_other_settings_makes_nothing_outdated(house: House, signs: Signs) -> None:
    zone = signs.zone("lobby", centre="ast")
    signs.posted(zone)
    before = printed(house.at, zone, "png").content
    for changed in (
        {"public_url": "https://elsewhere.example"},
        {"privacy_contact": "privacy@centres.example"},
        {"controller": "Example Centres"},
    ):
        other = with_settings(house, **changed)
        try:
            look_after_signs(other)
            assert printed(other, zone, "png").content == before, "it prints what hangs"
            assert word(house, zone) == "posted"
            (setting,) = changed
            with other.database.read() as session:
                (found,) = differences(session, other.sign_owner)
            assert (found.configured, found.setting.lower().endswith(setting)) == (changed[setting], True)
            verdicts = {each.verdict: each.facts for each in examine(other)}
            assert verdicts["signs_differ"] == {"n": 1, "settings": [found.setting]}
        finally:
            other.database.dispose()
            other.keys.close()
    assert "signs_agree" in {each.verdict for each in examine(house.at)}


def test_settings_are_taken_over_on_purpose(house: House, signs: Signs) -> None:
    zone, other = signs.zone("lobby", centre="ast"), signs.zone("garage", centre="ast")
    signs.posted(zone)
    moved = house.at.settings.model_copy(update={"public_url": "https://elsewhere.example"})
    house.at.settings = moved
    with house.at.database.begin() as session:
        assert adopt(session, house.at.sign_owner, house.clock.now()) == 1
    assert (word(house, zone), word(house, other)) == ("grace", "none")
    with house.at.database.read() as session:
        assert differences(session, house.at.sign_owner) == []
    assert printed(house.at, other, "png").sheet.content["base_url"] == "https://elsewhere.example"
    signs.posted(zone)
    assert word(house, zone) == "posted"


def test_while_nothing_hangs_signs_say_what_the_settings_say(house: House, signs: Signs) -> None:
    zone = signs.zone("lobby", centre="ast")
    assert printed(house.at, zone, "png").sheet.content["contact"] is None
    house.at.settings = house.at.settings.model_copy(update={"privacy_contact": "privacy@centres.example"})
    assert printed(house.at, zone, "png").sheet.content["contact"] == "privacy@centres.example"
    assert not {each.verdict for each in examine(house.at)} & {"signs_agree", "signs_differ"}


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
