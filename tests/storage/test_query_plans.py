"""No query of a call, of a deletion or of the worker reads a growing table from end to end: each has an index.

An installation with ten years of calls is as quick as a new one only if that holds. It is asked of the databases
themselves: every statement that a whole call and its deletion send is explained. SQLite plans by the indexes alone;
PostgreSQL plans by size too, so it is told that reading a whole table is dear, and then reads one only if there is no
other way.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from app.auth.policy import Viewer
from app.paging import written
from app.review.past import past_reviews
from app.search.calls import Wanted, find_calls
from app.search.score import Scores
from storage.models import Call
from telephony.pausing import Asker
from tests.backend import Databases
from tests.calls.talking import talk
from tests.house import House

if TYPE_CHECKING:
    from tests.seaweed import Seaweed

# Tables that grow with every call. (Lines, centres, notices, policies, holds: a person makes each of their rows.)
GROWING = {
    "call", "call_step", "carrier_event", "consent_record", "deletion", "gap", "held_object", "leaf",
    "leaf_opening", "object_copy", "object_part", "object_purpose", "peaks_task", "preview", "preview_task", "receipt",
    "recording", "recording_pause", "recording_run", "review", "review_note", "segment", "stored_object", "tree_node",
}  # fmt: skip
EXPLAINED = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
# By its state alone: half of all objects are stored.
SQLITE_SCAN = re.compile(r"^SCAN (\w+)|^SEARCH (stored_object) .*\(state=\?\)")
LONG_AGO, LATELY = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
POSTGRES_SCAN = re.compile(r"Seq Scan on (\w+)")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_house(request: pytest.FixtureRequest, tmp_path: Path, seaweed: "Seaweed", bucket: str) -> Iterator[House]:
    url = request.getfixturevalue("postgres_database") if request.param == "postgresql" else None
    with House(tmp_path, seaweed.store(bucket), Databases(url)).open() as house:
        yield house


def test_a_call_and_its_deletion_find_their_rows_by_indexes(any_house: House) -> None:
    house = any_house
    said: dict[str, Any] = {}
    engine = house.at.database.engine

    @event.listens_for(engine, "before_cursor_execute")
    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if EXPLAINED.match(statement):
            said.setdefault(statement, parameters[0] if many else parameters)

    talk(
        house,
        (4.0, lambda call: house.at.pausing.pause(call.id, Asker())),
        (8.0, lambda call: house.at.pausing.resume(call.id, Asker())),
    )
    house.work_for(60)
    assert house.at.peaks.run() == 1
    house.clock.sleep(timedelta(days=91).total_seconds())
    house.work()
    event.remove(engine, "before_cursor_execute", remember)
    assert [each.state for each in house.objects()] == ["deleted"] * 2
    scans = {
        statement: tables
        for statement, parameters in said.items()
        if (tables := scanned(engine, statement, parameters))
    }
    assert not scans, "\n".join(f"{tables}: {statement}" for statement, tables in scans.items())
    assert len(said) > 50


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(line="ast/stay"),
        Wanted(outcome="declined_key"),
        Wanted(line="ast/stay", outcome="recorded", language="ru"),
        Wanted(from_at=LONG_AGO, until=LATELY),
        Wanted(caller="a call"),
        Wanted(scores=Scores(10, 60)),
        Wanted(line="ast/stay", scores=Scores(most=60), outcome="recorded"),
    ],
)
def test_a_search_for_calls_walks_an_index(any_house: House, wanted: Wanted) -> None:
    house = any_house
    house.call()
    house.work()
    row = house.ask(lambda s: s.scalars(sa.select(Call)).one())
    wanted = replace(wanted, caller=row.id) if wanted.caller else wanted
    everywhere, here = Viewer("qa_reviewer", None, active=True), Viewer("qa_reviewer", row.line.centre_id, active=True)
    engine = house.at.database.engine
    said: dict[str, Any] = {}

    @event.listens_for(engine, "before_cursor_execute")
    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if EXPLAINED.match(statement):
            said.setdefault(statement, parameters)

    for viewer in (everywhere, here):
        for cursor in (None, written([row.ringing_at, row.id])):
            with house.at.database.read() as session:
                find_calls(session, viewer, wanted, cursor=cursor)
    event.remove(engine, "before_cursor_execute", remember)
    assert len(said) > 3
    assert [each for each, parameters in said.items() if scanned(engine, each, parameters)] == []
    if wanted.scored:
        walks = [plan(engine, each, said[each]) for each in said if "score" in each and "ORDER BY" in each]
        assert walks
        assert all("ix_call_scored" in each for each in walks), walks


@pytest.mark.parametrize("scores", [Scores(), Scores(10, 60), Scores(most=60)])
def test_the_list_of_reviews_walks_an_index(any_house: House, scores: Scores) -> None:
    engine = any_house.at.database.engine
    said: dict[str, Any] = {}

    @event.listens_for(engine, "before_cursor_execute")
    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if EXPLAINED.match(statement):
            said.setdefault(statement, parameters)

    centre_id = any_house.lines()[0].centre_id
    for viewer in (Viewer("qa_reviewer", None, active=True), Viewer("qa_reviewer", centre_id, active=True)):
        for cursor in (None, written([LATELY, "0" * 32])):
            with any_house.at.database.read() as session:
                past_reviews(session, viewer, cursor, scores)
    event.remove(engine, "before_cursor_execute", remember)
    lists = [each for each in said if "FROM review" in each and "EXISTS" in each]
    assert len(lists) == 4
    assert [each for each in lists if scanned(engine, each, said[each]) - {"review"}] == []
    if engine.dialect.name == "sqlite":
        # It begins at the index, newest first, and sorts nothing.
        named = "ix_review_submitted_at" if scores.any else "ix_review_scored"
        walks = [plan(engine, each, said[each]) for each in lists]
        assert all(named in walk.splitlines()[0] for walk in walks), walks
        assert not any("TEMP B-TREE" in walk for walk in walks) or scores.any, walks


def plan(engine: sa.Engine, statement: str, parameters: Any) -> str:
    """How the database would go about it, in its own words."""
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
        connection.rollback()
    return "\n".join(str(row[-1]) for row in rows)


def scanned(engine: sa.Engine, statement: str, parameters: Any) -> set[str]:
    """The growing tables that this statement reads from one end to the other."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found = {match.group(1) or match.group(2) for row in rows if (match := SQLITE_SCAN.match(row.detail))}
        else:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            found = {match.group(1) for row in rows if (match := POSTGRES_SCAN.search(row[0]))}
        connection.rollback()
    named: dict[str, str] = {alias: name for name, alias in re.findall(r"\b(?:FROM|JOIN) (\w+) AS (\w+)", statement)}
    return {named.get(each, each) for each in found} & GROWING
