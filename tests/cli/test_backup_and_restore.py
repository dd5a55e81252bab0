"""The guide's commands, as they stand there, typed into a shell in a house that has lived."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from storage.models import Receipt
from storage.retention.claim import purge
from tests.backend import Databases, about
from tests.cli.conftest import Lived, lived_in
from tests.docs.pages import ROOT, blocks

if TYPE_CHECKING:
    from tests.seaweed import Seaweed

pytestmark = about("SQLite")  # its files are copied
GUIDE = ROOT / "docs" / "guide" / "backup-and-restore.md"


@pytest.fixture
def lived(tmp_path: Path, store_server: "Seaweed", bucket_name: str, databases: Databases) -> Iterator[Lived]:
    with lived_in(tmp_path, store_server, bucket_name, databases) as lived:
        yield lived


def type_in(lived: Lived, mark: str) -> str:
    """Run the guide's blocks that bear this mark, in order. Returns what they said."""
    lived.house.at.database.dispose()
    lived.house.at.keys.close()
    text = "\n".join(block.text for block in blocks(GUIDE) if mark in block.marks)
    assert text
    environment = dict(os.environ) | lived.command.environment
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", text], cwd=lived.house.home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def kept(lived: Lived) -> list[str]:
    return [row["object_id"] for row in lived.command.fine("objects", "--json").rows if row["state"] == "stored"]


def record(lived: Lived) -> str:
    """One more recording."""
    before = kept(lived)
    lived.house.call("stay", "ru")
    lived.house.work()
    (new,) = set(kept(lived)) - set(before)
    return new


def end(lived: Lived, object_id: str) -> None:
    with lived.house.at.database.begin() as session:
        purge(session, object_id, "by hand", lived.house.clock.now())
    lived.house.at.deleter.run()
    assert object_id not in kept(lived)


def test_after_the_guide_nothing_is_lost_and_nothing_comes_back(lived: Lived) -> None:
    to_be_held, to_end, stays = record(lived), record(lived), record(lived)
    type_in(lived, "backup")
    lived.command.fine("hold", "set", "--object", to_be_held, "--case", "7/26", "--reason", "court")
    (held,) = lived.command.fine("hold", "list", "--json").rows
    assert (held["objects"], held["in_keys"], held["in_store"]) == (1, 1, 1)
    end(lived, to_end)
    since = record(lived)
    said = type_in(lived, "restore")
    for kind, object_id in (("hold_not_known", to_be_held), ("key_destroyed", to_end), ("row_lost", since)):
        assert any(kind in line and object_id in line for line in said.splitlines()), kind
    clock = lived.house.clock  # the shell's commands ran by the machine's
    clock.sleep((datetime.now(UTC) - clock.now()).total_seconds() + 60)
    lived.house.at.deleter.run()
    assert sorted(kept(lived)) == sorted([to_be_held, stays])
    assert since in {key.partition("/")[0] for key in lived.house.in_store()}
    receipts = lived.house.ask(lambda s: s.scalars(sa.select(Receipt)).all())
    causes = {row.object_id: row.content["cause"] for row in receipts}
    assert causes == {to_end: "restored"}
    told = {(row["kind"], row["subject"]) for row in lived.command.fine("findings", "--json").rows}
    assert {("hold_not_known", to_be_held), ("deletion_replayed", to_end), ("row_lost", since)} <= told
    assert lived.command.fine("db", "restored", "--json").rows == [{"kind": "row_lost", "object_id": since}]
    said = lived.command.fine("hold", "restore", to_be_held, "--case", "7/26", "--reason", "court").out
    assert "keeps it" in said
    assert "no hold was found" in lived.command.refused("hold", "release", to_be_held, "--reason", "closed")
    cases = {row["case"]: row["lifted_at"] is None for row in lived.command.fine("hold", "list", "--json").rows}
    assert cases == {"7/26": True, "found: the key database": False}


def test_after_the_guide_a_key_that_came_back_is_destroyed_again(lived: Lived) -> None:
    to_end, stays = record(lived), record(lived)
    type_in(lived, "backup")
    end(lived, to_end)
    said = type_in(lived, "restore-keys")
    assert "key_left" in said
    assert not lived.house.at.keys.exists(to_end)
    assert lived.house.at.keys.exists(stays)


def test_doctor_says_whether_the_store_can_hold(lived: Lived, store_server: "Seaweed") -> None:
    from tests.seaweed import made_bucket

    assert "ok  holds: mirrored to the key database and the store" in lived.command("doctor").out
    with made_bucket(store_server) as without_lock:
        told = lived.command("doctor", ESKERTU_S3_BUCKET=without_lock).out
    assert "!!  holds: holds are not mirrored to the store: bucket has no object lock" in told


def test_a_found_hold_is_released_by_command(lived: Lived) -> None:
    held = record(lived)
    type_in(lived, "backup")
    lived.command.fine("hold", "set", "--object", held, "--case", "7/26", "--reason", "court")
    type_in(lived, "restore")
    (found,) = lived.command.fine("hold", "list", "--json").rows
    assert (found["case"], found["in_keys"]) == ("found: the key database", 1)
    lived.command.fine("hold", "release", held, "--reason", "closed")
    lived.house.at.mirror.run()
    assert not lived.house.at.keys.is_held(held)
