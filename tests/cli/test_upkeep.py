"""`db upgrade`, `doctor`, and what every command says when something that it needs is not there."""

from pathlib import Path

import pytest

from tests.backend import MadeDatabases, about
from tests.cli.conftest import Lived
from tests.command import Commands

READING = ("calls", "recordings", "objects", "receipts", "notice list", "line list", "policy list", "findings")


@pytest.mark.parametrize("command", [*READING, "line connect front", "doctor"])
def test_before_the_database_is_made_it_says_what_to_do(
    tmp_path: Path, made_databases: MadeDatabases, command: str
) -> None:
    with made_databases(empty=True) as databases:
        told = Commands(tmp_path, databases.settings)(*command.split())
    assert told.code == 1
    assert "eskertu db upgrade" in told.out + told.err
    assert "Traceback" not in told.err


def test_upgrading_again_changes_nothing(eskertu: Commands) -> None:
    before = eskertu.fine("notice", "list", "--json").out
    assert "up to date" in eskertu.fine("db", "upgrade").out
    assert eskertu.fine("notice", "list", "--json").out == before


def test_the_doctor_names_what_is_wrong(eskertu: Commands) -> None:
    told = eskertu("doctor")
    assert told.code == 1
    wrong = [line for line in told.out.splitlines() if line.startswith("!!")]
    assert any("there is no object store: set ESKERTU_S3_ENDPOINT" in line for line in wrong)
    assert any("carrier accounts: none" in line for line in wrong)
    assert any("not yet tamper-evident" in line for line in wrong)
    assert not any("database" in line for line in wrong)
    assert "need attention" in told.err


def test_the_doctor_of_a_house_finds_store_carrier_and_lines(lived: Lived) -> None:
    told = lived.command("doctor")
    fine = [line for line in told.out.splitlines() if line.startswith("ok")]
    assert any("store: " in line for line in fine)
    assert any("carrier accounts: AC" in line for line in fine)
    assert sum("line ast/" in line for line in fine) == 3
    assert "Traceback" not in told.err


def test_without_a_store_there_is_nothing_to_delete_from(eskertu: Commands) -> None:
    assert "there is no object store: set ESKERTU_S3_ENDPOINT" in eskertu.refused("retention", "run")


@about("SQLite")
@pytest.mark.parametrize("command", READING)
def test_a_file_that_is_no_database_is_told(eskertu: Commands, command: str) -> None:
    path = eskertu.folder / "var" / "eskertu.db"
    path.write_bytes(b"this is no database" * 100)
    assert "the database cannot be used" in eskertu.refused(*command.split())


def test_a_database_that_does_not_answer_is_told(eskertu: Commands) -> None:
    said = eskertu.refused("calls", ESKERTU_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:9/none")
    assert "the database cannot be used" in said


def test_a_home_that_cannot_be_one_is_told(eskertu: Commands) -> None:
    (eskertu.folder / "file").write_text("")
    assert "file" in eskertu.refused("db", "upgrade", ESKERTU_HOME=str(eskertu.folder / "file"))


def test_a_master_key_that_others_can_read_is_refused(eskertu: Commands) -> None:
    (eskertu.folder / "var" / "secrets" / "master.key").chmod(0o644)
    assert "make it 0600" in eskertu.refused("db", "upgrade")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dance",), "No such command 'dance'"),
        (("calls", "--jason"), "No such option"),
        (("calls", "extra"), "unexpected extra argument"),
        (("centre",), "Usage"),
    ],
)
def test_what_cannot_be_understood_is_told(eskertu: Commands, arguments: tuple[str, ...], words: str) -> None:
    assert words in eskertu.refused(*arguments)


def test_help_is_no_failure(eskertu: Commands) -> None:
    said = eskertu.fine("--help").out
    for command in ("up", "web", "worker", "doctor", "db", "centre", "line", "policy", "user", "notice", "calls"):
        assert f"\n  {command} " in said
    for command in ("recordings", "phone", "objects", "object", "retention", "receipts"):
        assert f"\n  {command} " in said
