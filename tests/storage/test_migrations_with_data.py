"""Every revision, down and up again, on an installation that has been lived in; and beside people who work.

Generic over the revisions that there are; at its end it is shown to see what a bad one would do.
"""

import shutil
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

import storage.upgrade
from storage.database import Database, make_engine
from storage.errors import Refused
from storage.models import StoredObject
from storage.retention.holds import Why, hold_objects
from storage.upgrade import MIGRATIONS, is_current, migrations, upgrade
from telephony.pausing import Asker
from tests.backend import DATABASE, about
from tests.calls.talking import talk
from tests.house import House

VERSIONS = "alembic_version"
Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


@pytest.fixture
def database(house: House) -> Database:
    """Of a house in which there is a row of nearly everything."""
    house.faults.record_by_account = True
    talk(house, (4.0, lambda call: house.at.pausing.pause(call.id, Asker())))
    house.work_for(60)
    house.clock.sleep(timedelta(days=91).total_seconds())
    house.work()
    house.call("opt_out", "kk", "press:2")
    house.call("opt_in", "en", "press:1")
    house.work()
    with house.at.database.begin() as session:
        kept = session.scalars(sa.select(StoredObject).where(StoredObject.state == "stored")).one()
        now = house.clock.now()
        hold_objects(session, [kept.id], Why("1", "a test", "operator", now + timedelta(days=9)), now)
        house.at.ledger.checkpoint(session, given=True)
    house.at.database.dispose()
    return house.at.database


def revisions(config: Config) -> list[tuple[str, str]]:
    """(revision, the one below it or `base`), newest first."""
    return [
        (each.revision, str(each.down_revision or "base"))
        for each in ScriptDirectory.from_config(config).walk_revisions()
    ]


def all_rows(database: Database) -> Rows:
    """Every row of every table there is, by its primary key; raw, whatever the models say."""
    found: Rows = {}
    metadata = sa.MetaData()
    with database.engine.connect() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            if table.name != VERSIONS:
                rows = connection.execute(sa.select(table)).mappings()
                found[table.name] = {tuple(row[c.name] for c in table.primary_key): dict(row) for row in rows}
    return found


def lost(before: Rows, after: Rows) -> list[str]:
    """What both have a place for, and `after` has otherwise."""
    told = []
    for table in before.keys() & after.keys():
        for key, row in before[table].items():
            again = after[table].get(key)
            if again is None:
                told.append(f"{table} {key}")
            else:
                told += [f"{table}.{name}" for name in row.keys() & again.keys() if row[name] != again[name]]
        told += [f"{table} {key} is new" for key in after[table].keys() - before[table].keys()]
    return told


def down_and_up(database: Database, config: Config) -> list[str]:
    """Go down below every revision but the first, and up again. Returns what was lost on the way."""
    told = []
    for _, below in revisions(config)[:-1]:
        before = all_rows(database)
        command.downgrade(config, below)
        down = all_rows(database)
        command.upgrade(config, "head")
        told += [f"below {below}: {what}" for what in lost(before, down) + lost(down, all_rows(database))]
    return told


def test_what_can_survive_every_revision_down_and_up_survives(database: Database) -> None:
    config = migrations(database)
    assert sum(map(len, all_rows(database).values())) > 100
    assert down_and_up(database, config) == []
    assert is_current(database)
    command.check(config)


def test_the_first_revision_goes_down_with_data_and_up_to_nothing(database: Database) -> None:
    config = migrations(database)
    tables = set(all_rows(database))
    command.downgrade(config, "base")
    assert all_rows(database) == {}
    upgrade(database)
    assert all_rows(database) == {name: {} for name in tables}


@about("PostgreSQL")
def test_no_revision_rewrites_a_table_or_keeps_it_locked_while_it_reads_it(database: Database) -> None:
    assert long_locks(database, migrations(database)) == []


@about("PostgreSQL")
def test_beside_people_who_work_every_revision_goes_through_and_holds_nobody_up(database: Database) -> None:
    config = migrations(database)
    with working(database) as waits:
        for _, below in revisions(config)[:-1]:
            command.downgrade(config, below)
            upgrade(database)
        time.sleep(0.5)
    assert len(waits) > 20
    assert max(waits) < 2.5, "no longer than a migration waits before it gives way"


@about("PostgreSQL")
def test_behind_somebody_who_takes_long_it_gives_way_says_so_and_is_repeated(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = changed(tmp_path, database, 'op.add_column("call", sa.Column("colour", sa.Text()))')
    monkeypatch.setattr(storage.upgrade, "migrations", lambda _: config)
    monkeypatch.setattr(storage.upgrade, "TRIES", 2)
    monkeypatch.setattr(storage.upgrade, "WAIT_S", 0.1)
    with database.engine.connect() as slow:
        slow.exec_driver_sql("SELECT count(*) FROM call")
        with pytest.raises(Refused, match="somebody holds a lock"):
            upgrade(database)
        slow.rollback()
    assert "colour" not in next(iter(all_rows(database)["call"].values()))
    upgrade(database)
    assert "colour" in next(iter(all_rows(database)["call"].values()))


STARTS_AND_LETS_OTHERS_IN = """
import sys, time
import sqlalchemy as sa
from storage.database import Database
from storage.upgrade import upgrade
database = Database(sys.argv[1])
sa.event.listen(database.engine, "before_cursor_execute", lambda *given: "BEGIN" in given[2] and time.sleep(0.1))
upgrade(database)
"""


def test_two_machines_that_start_at_once_migrate_once(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'both.db'}" if DATABASE == "sqlite" else request.getfixturevalue("postgres_database")
    command_line = [sys.executable, "-c", STARTS_AND_LETS_OTHERS_IN, url]
    machines = [subprocess.Popen(command_line, stderr=subprocess.PIPE) for _ in range(3)]
    said = [machine.communicate()[1].decode() for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0, 0], said
    after = Database(url)
    assert is_current(after)
    after.dispose()


BAD = {
    "rewrites": (
        'op.alter_column("call", "looks", type_=sa.BigInteger(), existing_type=sa.Integer())',
        'op.alter_column("call", "looks", type_=sa.Integer(), existing_type=sa.BigInteger())',
    ),
    "builds an index": ('op.create_index("ix_slow", "call", ["outcome"])', 'op.drop_index("ix_slow", "call")'),
    "reads every row": (
        'op.create_check_constraint("slow", "call", "looks >= 0")',
        'op.drop_constraint("slow", "call", type_="check")',
    ),
    "must not be null": (
        'op.alter_column("call", "outcome", nullable=False)',
        'op.alter_column("call", "outcome", nullable=True)',
    ),
}


@about("PostgreSQL")
@pytest.mark.parametrize("what", BAD)
def test_a_revision_with_a_long_lock_would_be_seen(database: Database, tmp_path: Path, what: str) -> None:
    config = changed(tmp_path, database, *BAD[what])
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE call SET outcome = 'recorded'")
    command.upgrade(config, "head")
    assert long_locks(database, config)


def test_a_revision_that_loses_something_would_be_seen(database: Database, tmp_path: Path) -> None:
    config = changed(tmp_path, database, "pass", down="op.execute(\"UPDATE centre SET name = 'lost'\")")
    command.upgrade(config, "head")
    assert any("centre.name" in what for what in down_and_up(database, config))


def changed(folder: Path, database: Database, up: str, down: str = "pass") -> Config:
    """The migrations with one more behind them."""
    shutil.copytree(MIGRATIONS, folder / "migrations")
    config = migrations(database)
    config.set_main_option("script_location", str(folder / "migrations"))
    head = ScriptDirectory.from_config(config).get_current_head()
    (folder / "migrations" / "versions" / "9999_changed.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f"revision, down_revision, branch_labels, depends_on = '9999', '{head}', None, None\n\n"
        f"def upgrade():\n    {up}\n\ndef downgrade():\n    {down}\n"
    )
    return config


def long_locks(database: Database, config: Config) -> list[str]:
    """Of every revision but the first, on its way up: rewritten tables, and statements that read one under a lock."""
    told = []
    for revision, below in reversed(revisions(config)[:-1]):
        command.downgrade(config, below)
        files = files_of(database)
        said: list[str] = []
        engine = sa.create_engine(database.url)
        sa.event.listen(engine, "before_cursor_execute", lambda *given, said=said: said.append(given[2]))
        config.attributes["engine"] = engine
        command.upgrade(config, revision)
        config.attributes["engine"] = database.engine
        engine.dispose()
        now = files_of(database)
        told += [f"{revision} rewrites {table}" for table in files if now.get(table, files[table]) != files[table]]
        told += [f"{revision}: {statement}" for statement in said if reads_under_a_lock(statement, set(files))]
        command.upgrade(config, "head")
    return told


def files_of(database: Database) -> dict[str, int]:
    with database.engine.connect() as connection:
        asked = (
            "SELECT relname, relfilenode FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return {name: file for name, file in connection.exec_driver_sql(asked) if name != VERSIONS}


def reads_under_a_lock(statement: str, tables: set[str]) -> bool:
    """Whether it keeps a table that was there before locked for as long as it takes to read it."""
    words = statement.replace('"', " ").replace("(", " ( ").split()
    upper = [word.upper() for word in words]
    if upper[:2] == ["CREATE", "INDEX"] or upper[:3] == ["CREATE", "UNIQUE", "INDEX"]:
        return "CONCURRENTLY" not in upper and words[upper.index("ON") + 1] in tables
    if upper[:2] != ["ALTER", "TABLE"] or words[2] not in tables:
        return False
    text = " ".join(upper)
    adds = "ADD CONSTRAINT" in text or "ADD FOREIGN KEY" in text or "ADD CHECK" in text
    return (adds and "NOT VALID" not in text) or "SET NOT NULL" in text


class working:  # noqa: N801 - reads as what it is: `with working(database)`
    """Somebody reads and somebody writes, again and again, in short transactions; how long each took, in seconds."""

    def __init__(self, database: Database) -> None:
        self._url = database.url
        self._end = threading.Event()
        self._took: list[float] = []
        self._threads = [
            threading.Thread(target=self._work, args=(statement,))
            for statement in ("SELECT count(*) FROM stored_object", "UPDATE person SET active = active")
        ]

    def __enter__(self) -> list[float]:
        for thread in self._threads:
            thread.start()
        return self._took

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _work(self, statement: str) -> None:
        engine = make_engine(self._url)
        while not self._end.wait(0.01):
            began = time.monotonic()
            with engine.begin() as connection:
                connection.exec_driver_sql(statement)
            self._took.append(time.monotonic() - began)
        engine.dispose()
