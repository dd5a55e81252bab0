"""`db copy` that fails, is killed, or finds something wrong: nothing is kept of it, and it can be begun anew."""

import os
import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa

from storage.copying import rows
from storage.models import Leaf
from storage.objects.keys import KeyRing, data_key, key_ring, load_master_key
from tests.backend import Databases, everything_in
from tests.cli.conftest import Lived
from tests.cli.moving import close, digests, forget_main, is_empty
from tests.house import CALLER

pytestmark = pytest.mark.moves


def test_a_copy_that_is_not_what_was_copied_is_found_and_not_kept(
    old: Lived, target: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = rows.write

    def badly(connection: sa.Connection, table: sa.Table, portion: list[rows.Row]) -> None:
        written(connection, table, portion)
        if table.name == "consent_record":
            connection.exec_driver_sql("UPDATE consent_record SET given_at = given_at + interval '1 microsecond'")

    monkeypatch.setattr(rows, "write", badly)
    said = old.command.refused("db", "copy", "--to", str(target.main))
    assert "the copy of consent_record is not what was copied" in said
    assert is_empty(target)
    monkeypatch.undo()
    old.command.fine("db", "copy", "--to", str(target.main))


def test_a_ledger_that_does_not_hold_is_not_moved(old: Lived, target: Databases) -> None:
    with old.house.at.database.begin() as session:
        session.execute(sa.update(Leaf).where(Leaf.position == 3).values(kind="nothing"))
    close(old.house)
    said = old.command.refused("db", "copy", "--to", str(target.main))
    assert "leaf 3: is not the leaf that was placed" in said
    assert is_empty(target)


def test_a_key_that_does_not_open_is_found(old: Lived, target: Databases) -> None:
    engine = sa.create_engine(old.house.at.settings.key_database_url)
    with engine.begin() as connection:
        connection.execute(sa.update(data_key).where(data_key.c.wrapped != bytes(102)).values(wrapped=b"\1" * 102))
    engine.dispose()
    assert "does not open" in old.command.refused("db", "copy", "--to", str(target.main))
    assert is_empty(target)


KILLED = """
import os, signal, sys
import sqlalchemy as sa
from app.cli.main import main
from storage.copying import copy, rows

def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def dies_behind(what, times):
    count = iter(range(1, times))
    def wrapped(*given):
        result = what(*given)
        if next(count, None) is None:
            dies()
        return result
    return wrapped

if sys.argv[1] == "between the commits":
    opens = copy._must_open
    def last(*given):
        commits = iter([None])
        sa.event.listen(sa.Engine, "commit", lambda _: next(commits, dies) and dies())
        return opens(*given)
    copy._must_open = last
else:
    name, times = sys.argv[1].split()
    where = copy if name == "_must_open" else rows
    setattr(where, name, dies_behind(getattr(where, name), int(times)))
sys.argv = ["eskertu", "db", "copy", "--to", sys.argv[2]]
main()
"""


@pytest.mark.parametrize("where", ["write 1", "write 12", "digest 3", "_must_open 1", "between the commits"])
def test_killed_in_the_middle_nothing_is_half(old: Lived, target: Databases, where: str) -> None:
    before = digests(old.house)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ESKERTU_")}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, where, str(target.main)],
        env=ours | old.command.environment,
        cwd=old.command.folder,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert digests(old.house) == before
    again = ("db", "copy", "--to", str(target.main))
    if where == "between the commits":
        assert not is_empty(target)
        said = old.command.refused(*again)
        assert "was interrupted there: begin it anew with --anew" in said
        old.command.fine(*again, "--anew")
    else:
        assert is_empty(target)
        old.command.fine(*again)
    numbers = everything_in(str(target.main))
    assert CALLER.encode() in numbers


@pytest.mark.parametrize("since", ["made", "destroyed", "held"])
def test_keys_that_somebody_lives_with_are_not_begun_anew(old: Lived, target: Databases, since: str) -> None:
    """The way of one who copies once more, elsewhere, and names the keys that are in use."""
    old.command.fine("db", "copy", "--to", str(target.main))
    forget_main(target)
    ring = KeyRing(str(target.keys), load_master_key(old.house.at.settings.master_key_file), old.house.clock)
    if since == "made":
        ring.create("new")
    elif since == "held":
        ring.hold(next(ring.object_ids()))
    else:
        ring.destroy(next(ring.object_ids()))
    ring.close()
    there = everything_in(str(target.keys))
    said = old.command.refused("db", "copy", "--to", str(target.main), "--keys-to", str(target.keys), "--anew")
    assert "it is in use" in said
    assert everything_in(str(target.keys)) == there


def test_keys_of_somebody_else_are_not_begun_anew(old: Lived, target: Databases) -> None:
    old.command.fine("db", "copy", "--to", str(target.main))
    forget_main(target)
    keys = sa.create_engine(str(target.keys))
    with keys.begin() as connection:
        connection.execute(sa.update(key_ring).values(name="another"))
    there = everything_in(str(target.keys))
    assert "has rows in data_key" in old.command.refused("db", "copy", "--to", str(target.main), "--anew")
    assert everything_in(str(target.keys)) == there
    keys.dispose()
