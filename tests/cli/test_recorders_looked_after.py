"""Cameras without a recorder, and spools that fill: the doctor says it, a person is told, a machine can count it."""

from datetime import timedelta

import sqlalchemy as sa

from app.cameras.upkeep import look_after_recorders
from app.examination import examine
from storage.models import CameraLease, Finding, RecorderSeen
from tests.house import House
from tests.video.rows import one_of_each
from video.filling import WINDOW_S, Filling

HOUR_S = 3600


def said(house: House) -> list[str]:
    return [f"{each.name}: {each}" for each in examine(house.at) if each.part == "recorder"]


def test_who_records_is_told_and_in_how_long_a_spool_is_full(house: House) -> None:
    assert said(house) == [], "without cameras nobody is missed"
    house.call()
    house.work_for(60)
    (kept,) = house.objects()
    one_of_each(house, kept.id)
    assert said(house) == ["recorder: none lives, and 1 cameras are to be recorded: run `eskertu recorder`"]
    assert look_after_recorders(house.at) == 0
    with house.at.database.begin() as session:
        seen = RecorderSeen(name="cellar", seen_at=house.clock.now() + timedelta(seconds=60), spool_bytes=5)
        session.add(seen)
    assert said(house) == ["recorder cellar: lives; 1 cameras are to be recorded"]
    with house.at.database.begin() as session:
        session.execute(sa.update(RecorderSeen).values(full_in_s=5 * HOUR_S))
    (line,) = said(house)
    assert "its spool is full in 5.0 hours" in line
    assert look_after_recorders(house.at) == look_after_recorders(house.at) == 1
    found = house.ask(lambda s: s.scalars(sa.select(Finding).where(Finding.kind == "spool_filling")).one())
    assert found.subject == seen.id
    metrics = house.app.test_client().get("/metrics").text
    assert 'eskertu_cameras{state="no_sign"} 1.0' in metrics
    assert "eskertu_spool_full_seconds 18000.0" in metrics
    assert "cellar" not in metrics


def test_what_is_emptied_again_and_again_does_not_fill() -> None:
    filling = Filling()
    assert filling.full_in_s(1000) is None
    for second in range(0, 300, 2):
        filling.see(second, second % 30 * 100)
    assert filling.full_in_s(1000) is None


def test_what_grows_is_full_when_its_rate_says_so() -> None:
    filling = Filling()
    for second in range(0, round(2 * WINDOW_S), 2):
        filling.see(second, 10_000 + 100 * second)
    left = filling.full_in_s(360_000)
    assert left is not None
    assert 0.9 * HOUR_S < left < 1.1 * HOUR_S


def test_a_camera_that_no_recorder_takes_is_told(house: House) -> None:
    house.call()
    house.work_for(60)
    (kept,) = house.objects()
    camera_id = one_of_each(house, kept.id)
    house.clock.sleep(61)
    now = house.clock.now()
    with house.at.database.begin() as session:
        session.add(RecorderSeen(name="cellar", seen_at=now + timedelta(seconds=60), spool_bytes=0))
    assert said(house) == [
        "recorder: none takes 1 of the cameras: see ESKERTU_RECORDER_CENTRES of those that live",
        "recorder cellar: lives; 1 cameras are to be recorded",
    ]
    assert look_after_recorders(house.at) == 1
    found = house.ask(lambda s: s.scalars(sa.select(Finding).where(Finding.kind == "camera_not_taken")).one())
    assert found.subject == camera_id
    with house.at.database.begin() as session:
        session.add(CameraLease(camera_id=camera_id, number=1, holder="cellar", claimed_at=now, until=now))
    assert look_after_recorders(house.at) == 0
    assert said(house) == ["recorder cellar: lives; 1 cameras are to be recorded"]


def test_a_recorder_that_was_killed_is_forgotten_after_a_day(house: House) -> None:
    now = house.clock.now()
    with house.at.database.begin() as session:
        for hours in (1, 23, 25):
            session.add(RecorderSeen(name=f"h{hours}", seen_at=now - timedelta(hours=hours), spool_bytes=0))
    look_after_recorders(house.at)
    assert sorted(house.ask(lambda s: s.scalars(sa.select(RecorderSeen.name)).all())) == ["h1", "h23"]
