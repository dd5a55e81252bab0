"""A camera's day, its playlist, and what is derived from its segments: found by indexes, however much is stored."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from app.auth.policy import Viewer
from app.cameras.cards import cards
from app.footage.clips import clips_of
from app.footage.day import bounds_of, day_of, span_seen
from storage.ledger.log import sequence
from storage.models import Camera, Person, Segment, StoredObject
from storage.retention.holds import Span, Why, hold_span, lift
from tests.house import House
from tests.pages.filmed import filmed
from tests.storage.test_query_plans import EXPLAINED, any_house, scanned
from video.clips_asked import ask
from video.footage import playable_between

__all__ = ["any_house"]


def test_a_day_and_a_clip_find_their_rows_by_indexes(any_house: House) -> None:
    house = any_house
    engine, said = house.at.database.engine, dict[str, Any]()

    @event.listens_for(engine, "before_cursor_execute")
    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if EXPLAINED.match(statement):
            said.setdefault(statement, parameters[0] if many else parameters)

    here = filmed(house, house.lines()[0].centre_id)
    now = house.clock.now()
    with house.at.database.begin() as session:
        camera, person = session.get_one(Camera, here.camera_id), session.scalars(sa.select(Person).limit(1)).one()
        assert day_of(session, camera, bounds_of(camera, None, now), now, pictures=True).recorded_s == 24
        span = here.runs[0], here.runs[1] + timedelta(seconds=12)
        assert span_seen(session, camera, *span, now).segments > 2
        assert playable_between(session, camera.id, *span)
        ask(session, camera, span, person.id, now)
        assert len(clips_of(session, camera)) == 1
    with house.at.database.begin() as session:
        sequence(session)
    assert house.at.clips.run() == 1
    with house.at.database.begin() as session:
        why = Why("1", "a test", "operator", now + timedelta(days=90))
        held = hold_span(session, Span(here.camera_id, *span), why, now)[0].id
        lift(session, held, "closed", now)
    house.clock.sleep(timedelta(days=31).total_seconds())
    assert house.at.deleter.run() > 3
    event.remove(engine, "before_cursor_execute", remember)
    scans = {each: tables for each, parameters in said.items() if (tables := scanned(engine, each, parameters))}
    assert not scans, "\n".join(f"{tables}: {statement}" for statement, tables in scans.items())
    # Not all that a camera ever had is read for a span of it.
    spanned = {each: said[each] for each in said if "counted_from >= " in each and "source_id = " in each}
    assert spanned
    for statement, parameters in spanned.items():
        if engine.dialect.name == "sqlite":
            with engine.connect() as connection:
                plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            assert any("began_at>? AND began_at<?" in each for each in plan), plan


def test_a_card_looks_at_the_last_segments_alone(any_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = any_house
    here = filmed(house, house.lines()[0].centre_id, code="gone")
    manager, now = Viewer("centre_manager", None, active=True), house.clock.now()

    def picture() -> str | None:
        (card,) = [each for each in house.ask(lambda s: cards(s, manager, now)) if each.seen.camera.code == "gone"]
        found: str | None = card.picture
        return found

    last = sa.select(Segment.object_id).where(Segment.camera_id == here.camera_id).order_by(Segment.began_at.desc())
    ids = list(house.ask(lambda s: s.scalars(last).all()))
    assert picture() == ids[0]
    monkeypatch.setattr("app.cameras.cards.LOOKED_AT", 3)
    with house.at.database.begin() as session:
        session.execute(sa.update(StoredObject).where(StoredObject.id.in_(ids[:2])).values(state="deleted"))
    assert picture() == ids[2]
    with house.at.database.begin() as session:
        session.execute(sa.update(StoredObject).where(StoredObject.id == ids[2]).values(state="deleted"))
    assert picture() is None, "what comes before them is not looked for"
