"""`eskertu fsck` as a person types it: what is said, what is asked, how it ends."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from storage.models import Call
from tests.backend import Databases
from tests.cli.conftest import Lived, lived_in

if TYPE_CHECKING:
    from tests.seaweed import Seaweed

NUMBER = "+77010000000"


@pytest.fixture
def spoiled(tmp_path: Path, store_server: "Seaweed", bucket_name: str, databases: Databases) -> Iterator[Lived]:
    """A house in which a number was kept that should have been erased."""
    with lived_in(tmp_path, store_server, bucket_name, databases) as lived:
        lived.live()
        with lived.house.at.database.begin() as session:
            session.execute(sa.update(Call).where(Call.outcome == "declined_key").values(from_number=NUMBER))
        yield lived


def test_where_all_agrees_it_says_so_by_part(lived: Lived) -> None:
    told = lived.command.fine("fsck", "--content")
    parts = ("media", "keys", "endings", "calls", "carrier", "cameras", "signs", "ledger", "content")
    assert [line.split()[:2] for line in told.out.splitlines()] == [["ok", f"{part}:"] for part in parts]
    assert all(line.endswith("looked at, all agree") for line in told.out.splitlines())


def test_an_unknown_part_is_refused_with_those_there_are(lived: Lived) -> None:
    assert "there is no part mdeia (there is: media, keys," in lived.command.refused("fsck", "--only", "mdeia")


def test_it_explains_asks_with_the_count_and_mends(spoiled: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    told = spoiled.command("fsck", "--only", "calls")
    assert told.code == 1
    assert "the caller's number is there" in told.out
    assert "repair: erase the number" in told.out
    assert "1 things do not agree; --repair mends" in told.err
    assert NUMBER not in told.out + told.err
    (row,) = spoiled.command("fsck", "--only", "calls", "--json").rows
    assert (row["part"], row["kind"], row["deletes"]) == ("calls", "number_kept", False)

    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    said = spoiled.command.refused("fsck", "--repair")
    assert "Mend 1 things? 0 of them are deletions" in said
    assert "1 things do not agree" in said
    assert "done: number_kept" in spoiled.command.fine("fsck", "--repair", "--yes").out
    assert spoiled.command.fine("fsck").code == 0
