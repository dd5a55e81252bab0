"""Revision 0011 with notices in it: what was published keeps its time, and below nothing is left that waits."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import command

from storage.database import Database
from storage.notices import MODES, Use, state_at, versions_of
from storage.publication import OPERATOR, Draft, publish, withdraw
from storage.upgrade import migrations
from tests.house import House
from tests.practice.customer import wav

USE = Use("notice", "stay", "en")
BELOW = sa.text(
    "SELECT version, state, superseded_at FROM notice_version "
    "WHERE kind = 'notice' AND mode = 'stay' AND language = 'en' ORDER BY number"
)


def put(database: Database, text: str, now: datetime, begins: datetime | None = None) -> None:
    with database.begin() as session:
        publish(session, Draft(USE.kind, USE.mode, USE.language, text, wav(2.0), 2000, False), now, begins)


def below(database: Database) -> list[tuple[str, str, bool]]:
    with database.engine.connect() as connection:
        return [(row.version, row.state, row.superseded_at is None) for row in connection.execute(BELOW)]


def test_what_was_published_keeps_its_time(house: House) -> None:
    """From the clock of people, as migrations have it."""
    database, now = house.at.database, datetime.now(UTC)
    put(database, "second", now)
    put(database, "third", now, now + timedelta(days=9))
    put(database, "fourth", now, now + timedelta(days=10))
    with database.begin() as session:
        withdraw(session, "stay-en-4", "a test", now, OPERATOR)
        before = {each.version: (each.effective_from, each.superseded_at) for each in versions_of(session, USE)}
    config = migrations(database)
    command.downgrade(config, "0010")
    assert below(database) == [("stay-en-1", "superseded", False), ("stay-en-2", "published", True)]
    command.upgrade(config, "head")
    with database.read() as session:
        after = versions_of(session, USE)
        assert [state_at(each, now) for each in after] == ["superseded", "published"]
        assert (after[0].effective_from, after[0].superseded_at) == before["stay-en-1"]
        assert (after[1].effective_from, after[1].superseded_at) == (now, None)
    put(database, "third again", now + timedelta(days=1))
    with database.read() as session:
        assert [each.version for each in versions_of(session, USE)] == ["stay-en-1", "stay-en-2", "stay-en-3"]
        assert all(versions_of(session, Use("notice", mode, "ru")) for mode in MODES)
