"""A camera's day, its playlist, and what is derived from its segments: found by indexes, however much is stored."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from app.footage.clips import clips_of
from app.footage.day import bounds_of, day_of, span_seen
from storage.ledger.log import sequence
from storage.models import Camera, Person
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
