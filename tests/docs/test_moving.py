"""The guide's way from SQLite to PostgreSQL, command by command as it stands there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from storage.database import Database
from storage.ledger.log import sequence
from tests.command import Commands
from tests.docs.pages import ROOT, blocks

PAGE = ROOT / "docs" / "guide" / "postgresql.md"
THEIRS = "postgresql+psycopg://eskertu@db.example.com/eskertu"


@pytest.fixture
def eskertu(tmp_path: Path) -> Commands:
    """A terminal in front of an installation on SQLite, whatever this run is on."""
    typed = Commands(tmp_path, {})
    typed.fine("db", "upgrade")
    typed.fine(
        "centre", "add", "--code", "ast", "--name", "Астана", "--jurisdiction", "KZ", "--timezone", "Asia/Almaty"
    )
    database = Database(f"sqlite:///{tmp_path / 'var' / 'eskertu.db'}")
    with database.begin() as session:
        assert sequence(session)
    database.dispose()
    return typed


@pytest.fixture
def ours(postgres_database: str) -> Iterator[str]:
    yield postgres_database
    url = make_url(postgres_database)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {url.database}_keys WITH (FORCE)")
    engine.dispose()


def test_the_guide_moves_an_installation(eskertu: Commands, ours: str) -> None:
    before = eskertu.fine("policy", "list", "--json").out
    told = {}
    for block in blocks(PAGE):
        if "moves" not in block.marks:
            continue
        for words in block.commands():
            if words[0] == "cat":
                settings = dict(line.split("=", 1) for line in block.text.splitlines() if line.startswith("ESKERTU_"))
                keys = make_url(ours).set(database=f"{make_url(ours).database}_keys")
                assert settings.pop("ESKERTU_DATABASE_URL") == THEIRS
                assert settings.pop("ESKERTU_KEYS_DATABASE_URL") == f"{THEIRS}_keys"
                eskertu.environment |= {
                    "ESKERTU_DATABASE_URL": ours,
                    "ESKERTU_KEYS_DATABASE_URL": keys.render_as_string(hide_password=False),
                }
                continue
            assert words[0] == "eskertu"
            told[" ".join(words[1:3])] = said = eskertu(*[word.replace(THEIRS, ours) for word in words[1:]])
            if f"{' '.join(words)} > checkpoint.txt" in block.text:
                (eskertu.folder / "checkpoint.txt").write_text(said.out)
    assert list(told) == ["ledger checkpoint", "db copy", "ledger verify", "doctor"]
    assert {what: said.code for what, said in told.items()} == {
        "ledger checkpoint": 0, "db copy": 0, "ledger verify": 0, "doctor": 1,
    }, told  # fmt: skip
    assert "ok  database: fine" in told["doctor"].out
    assert "ok  keys: fine" in told["doctor"].out
    assert eskertu.fine("policy", "list", "--json").out == before
