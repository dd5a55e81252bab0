"""`db copy`: an installation that has been lived in goes on on PostgreSQL; or nothing is there, and it says why."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from app.cli import database as db_command
from storage.models import StoredObject
from storage.retention.holds import Why, hold_objects
from tests.backend import Databases, everything_in
from tests.cli.conftest import Lived
from tests.cli.moving import close, digests, is_empty, settle_on

pytestmark = pytest.mark.moves


def test_calls_go_on_old_recordings_are_heard_and_deleted_and_the_ledger_grew_out_of_the_old_one(
    old: Lived, target: Databases
) -> None:
    checkpoint = old.house.home / "checkpoint.txt"
    checkpoint.write_text(old.command.fine("ledger", "checkpoint").out)
    with old.house.at.database.begin() as session:
        kept = session.scalars(sa.select(StoredObject).where(StoredObject.state == "stored")).one()
        now = old.house.clock.now()
        held = hold_objects(session, [kept.id], Why("1", "a test", "operator", now + timedelta(days=400)), now).id
    listings = {what: old.command.fine(*what.split(), "--json").out for what in LISTINGS}
    plain = old.house.plain(kept)
    close(old.house)
    before = digests(old.house)
    said = old.command.fine("db", "copy", "--to", str(target.main)).out
    assert "the ledger holds, 1 keys open" in said
    counted = {name: int(number) for number, name in re.findall(r"^ *(\d+)  (\w+)$", said, re.MULTILINE)}
    assert counted == {name: each.rows for name, each in before.items()}
    assert {name for name, number in counted.items() if number} >= MUST_HAVE_ROWS
    assert digests(old.house) == before, "the source is what it was"
    for name, url in target.settings.items():
        assert f"{name}={make_url(url)}" in said

    house = old.house
    settle_on(house, target)
    command = old.command
    command.environment |= target.settings
    assert {what: command.fine(*what.split(), "--json").out for what in LISTINGS} == listings
    assert (
        "every row as it was told, all media read" in command.fine("ledger", "verify", "--against", str(checkpoint)).out
    )
    assert house.plain(kept) == plain
    result = house.call("stay", "kk")
    house.work()
    assert house.outcome(result.call_sid) == "recorded"
    house.clock.sleep(timedelta(days=91).total_seconds())
    house.work()
    assert {row.id: row.state for row in house.objects()}[kept.id] == "stored", "it is held"
    command.fine("hold", "lift", held, "--reason", "done")
    house.work()
    receipts = {row["object_id"]: row for row in command.fine("receipts", "--json").rows}
    assert kept.id in receipts
    assert len(receipts) == 3
    assert house.in_store() == []
    assert "every row as it was told" in command.fine("ledger", "verify", "--against", str(checkpoint)).out


LISTINGS = (
    "calls",
    "recordings",
    "objects",
    "receipts",
    "findings",
    "line list",
    "policy list",
    "notice list",
    "call pauses",
)
MUST_HAVE_ROWS = {
    "call", "call_step", "carrier_event", "centre", "consent_record", "data_key", "deletion", "finding", "held_object",
    "hold", "installation_fact", "key_ring", "leaf", "leaf_opening", "line", "notice_audio", "notice_version",
    "object_copy", "object_purpose", "person", "receipt", "recording", "recording_pause", "retention_policy",
    "stored_object", "tree_node", "checkpoint",
}  # fmt: skip


def test_while_somebody_has_it_open_it_says_what_to_end(old: Lived, target: Databases) -> None:
    assert old.house.objects()  # a connection stays in the pool, as that of a worker does
    said = old.command.refused("db", "copy", "--to", str(target.main))
    assert "is in use" in said
    assert "end `eskertu up`, or every `web` and `worker`" in said
    assert is_empty(target)


def test_while_it_copies_nobody_else_gets_in(old: Lived, target: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = []

    def tries(*_: object) -> None:
        other = sa.create_engine(old.house.at.settings.main_database_url, connect_args={"timeout": 0})
        try:
            with other.connect() as connection:
                connection.exec_driver_sql("DELETE FROM call")
        except sa.exc.OperationalError as error:
            refused.append(str(error.orig))
        other.dispose()

    monkeypatch.setattr(db_command._Telling, "__call__", tries)
    old.command.fine("db", "copy", "--to", str(target.main))
    assert len(refused) > 20
    assert set(refused) == {"database is locked"}


def test_a_long_table_says_how_far_it_is(old: Lived, target: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db_command, "TELL_EVERY_S", 0.0)
    said = old.command.fine("db", "copy", "--to", str(target.main)).err
    assert re.search(r"^call: 3 of 3$", said, re.MULTILINE)


@pytest.mark.parametrize("to", ["sqlite:///other.db", "postgres", "postgresql+psycopg://db", "mysql://a:secret@b/c"])
def test_a_target_that_is_none_is_refused(old: Lived, to: str) -> None:
    said = old.command.refused("db", "copy", "--to", to)
    assert "--to: must look like postgresql+psycopg://user@host/name" in said
    assert "secret" not in said


def test_a_target_that_does_not_answer_is_told(old: Lived) -> None:
    nobody = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    assert "--to: " in old.command.refused("db", "copy", "--to", nobody, "--keys-to", nobody)
    assert "none_keys" in old.command.refused("db", "copy", "--to", nobody)


def test_one_database_for_both_is_refused(old: Lived, target: Databases) -> None:
    said = old.command.refused("db", "copy", "--to", str(target.main), "--keys-to", str(target.main))
    assert "are one database" in said


def test_a_target_with_something_in_it_is_refused_and_named(old: Lived, target: Databases) -> None:
    engine = sa.create_engine(str(target.main))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (a int)")
    assert "tables of somebody else: theirs" in old.command.refused("db", "copy", "--to", str(target.main))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE theirs")
    engine.dispose()
    old.command.fine("db", "upgrade", ESKERTU_DATABASE_URL=str(target.main), ESKERTU_KEYS_DATABASE_URL=_elsewhere(old))
    said = old.command.refused("db", "copy", "--to", str(target.main))
    assert re.search(r"has rows in .*notice_version \(\d+\)", said)


def _elsewhere(old: Lived) -> str:
    return f"sqlite:///{old.house.home / 'elsewhere.db'}"


def test_what_is_copied_is_not_copied_over_not_even_anew(old: Lived, target: Databases) -> None:
    old.command.fine("db", "copy", "--to", str(target.main))
    there = everything_in(str(target.keys))
    for more in ((), ("--anew",)):
        assert "is not empty" in old.command.refused("db", "copy", "--to", str(target.main), *more)
    assert everything_in(str(target.keys)) == there


def test_an_installation_that_is_there_already_is_refused(old: Lived, target: Databases) -> None:
    said = old.command.refused("db", "copy", "--to", str(target.main), ESKERTU_DATABASE_URL=str(target.main))
    assert "ESKERTU_DATABASE_URL is not SQLite" in said


def test_the_keys_of_another_installation_are_refused(old: Lived, target: Databases, tmp_path: Path) -> None:
    other = old.command.folder / "other"
    old.command.fine("db", "upgrade", ESKERTU_HOME=str(other))
    said = old.command.refused(
        "db", "copy", "--to", str(target.main), ESKERTU_KEYS_DATABASE_URL=f"sqlite:///{other / 'keys' / 'keys.db'}"
    )
    assert "is not the one of this installation" in said
    assert is_empty(target)


def test_a_text_that_postgresql_would_not_take_is_named(old: Lived, target: Databases) -> None:
    with old.house.at.database.begin() as session:
        session.execute(sa.text("UPDATE centre SET name = :long"), {"long": "a" * 500})
    close(old.house)
    said = old.command.refused("db", "copy", "--to", str(target.main))
    assert "centre.name: 1 rows" in said


def test_a_source_that_is_not_up_to_date_is_refused(old: Lived, target: Databases) -> None:
    with old.house.at.database.begin() as session:
        session.execute(sa.text("DELETE FROM alembic_version"))
    close(old.house)
    assert "run `eskertu db upgrade` first" in old.command.refused("db", "copy", "--to", str(target.main))
