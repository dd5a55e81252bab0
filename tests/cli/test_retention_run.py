"""`retention run` returns when what is due is deleted, and says so when it could not be."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.backend import Databases
from tests.cli.conftest import Lived, lived_in

if TYPE_CHECKING:
    from tests.seaweed import Seaweed


@pytest.fixture
def due(tmp_path: Path, store_server: "Seaweed", bucket_name: str, databases: Databases) -> Iterator[Lived]:
    """One recording whose day has come."""
    with lived_in(tmp_path, store_server, bucket_name, databases) as lived:
        lived.house.call("stay", "ru")
        lived.house.work()
        for purpose in ("training", "quality"):
            said = lived.command.fine("policy", "set", "--purpose", purpose, "--window", "PT20S", "--reason", "test")
            assert "1 stored objects" in said.out
        lived.house.clock.sleep(60)
        yield lived


def test_it_deletes_what_is_due_and_then_has_nothing_to_do(due: Lived) -> None:
    assert due.command.fine("retention", "run").out == "1 deleted.\n"
    assert due.house.in_store() == []
    (receipt,) = due.command.fine("receipts", "--json").rows
    assert receipt["leaf"] is None
    assert due.command.fine("retention", "run").out == "0 deleted.\n"


def test_a_store_that_is_away_makes_it_fail_and_the_next_one_finish(due: Lived) -> None:
    said = due.command.refused("retention", "run", ESKERTU_S3_ENDPOINT="127.0.0.1:9")
    assert "1 could not be finished yet, and will be tried again" in said
    due.house.clock.sleep(600)
    assert due.command.fine("retention", "run").out == "1 deleted.\n"


def test_what_a_worker_has_claimed_is_waited_for(due: Lived) -> None:
    due.house.at.deleter.claim_due()
    due.house.at.deleter._take_unfinished()
    before = due.house.clock.now()
    assert due.command.fine("retention", "run").out == "1 deleted.\n"
    assert (due.house.clock.now() - before).total_seconds() == pytest.approx(60, abs=1)
