"""Nor does a query about a segment: its way from the spool to its deletion, beside a year of others."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from storage.models import Camera, Gap, Segment, StoredObject, Zone
from storage.models.columns import random_id
from storage.retention.holds import Span, Why, hold_span
from tests.house import House
from tests.storage.test_query_plans import EXPLAINED, any_house, scanned
from tests.video import footage
from tests.video.test_segments import NOW, write
from video.salvage import recover
from video.spool import Spool
from video.upload import Upload

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__: "Sequence[str]" = ("any_house",)


@pytest.fixture
def door(any_house: House) -> str:
    """A camera."""
    made = {"id": random_id(), "code": "door", "address": "rtsp://127.0.0.1/live"}
    with any_house.at.database.begin() as session:
        centre_id = any_house.lines()[0].centre_id
        zone = Zone(id=random_id(), centre_id=centre_id, code="lobby", name="Lobby", created_at=NOW)
        session.add(zone)
        session.flush()
        session.add(Camera(centre_id=centre_id, zone_id=zone.id, created_at=NOW, **made))
    return made["id"]


def test_a_segment_and_its_deletion_find_their_rows_by_indexes(any_house: House, door: str, tmp_path: Path) -> None:
    at, said = any_house.at, dict[str, Any]()
    engine = at.database.engine
    any_house.clock.sleep(max(0.0, (NOW - at.clock.now()).total_seconds()) + 60)
    spool = Spool(tmp_path / "spool", 1 << 30, reserve_bytes=0)
    recover(spool.camera(door), NOW - timedelta(seconds=3)).end(NOW)
    write(spool.camera(door), footage.make(tmp_path / "a.mp4", 150), camera_id=door)

    @event.listens_for(engine, "before_cursor_execute")
    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if EXPLAINED.match(statement):
            said.setdefault(statement, parameters[0] if many else parameters)

    assert Upload(spool, at.database, at.intake, at.clock).run()
    with at.database.begin() as session:
        why = Why("1/26", "robbed", "operator", at.clock.now() + timedelta(days=90))
        hold_span(session, Span(door, NOW, NOW + timedelta(seconds=1)), why, at.clock.now())
    any_house.work()
    any_house.clock.sleep(timedelta(days=31).total_seconds())
    any_house.work()
    event.remove(engine, "before_cursor_execute", remember)
    stored = any_house.ask(lambda s: s.scalars(sa.select(StoredObject).where(StoredObject.kind == "segment")).all())
    assert len(stored) > 2
    assert {(row.state, row.holds > 0) for row in stored} == {("deleted", False), ("stored", True)}
    assert any_house.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(Segment))) == len(stored)
    assert any_house.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(Gap))) > 1
    scans = {each: tables for each, parameters in said.items() if (tables := scanned(engine, each, parameters))}
    assert not scans, "\n".join(f"{tables}: {statement}" for statement, tables in scans.items())
    assert len(said) > 50
