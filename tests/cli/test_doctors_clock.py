"""A clock that is wrong gives what is recorded wrong times: the doctor compares this machine's with the database's."""

from datetime import timedelta

import pytest

from app.examination import examine
from config.clock import SystemClock
from storage.database import Database
from tests.backend import DATABASE
from tests.house import House


def said(house: House) -> list[tuple[str, bool]]:
    return [(str(each), each.fine) for each in examine(house.at) if each.part == "clock"]


def test_clocks_that_agree(house: House) -> None:
    # SQLite's file is on this machine, and has no clock.
    assert said(house) == ([("agrees with the database's", True)] if DATABASE == "postgresql" else [])


@pytest.mark.parametrize("seconds", [-3600, 60])
def test_clocks_that_differ(house: House, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    monkeypatch.setattr(Database, "present", lambda _self: SystemClock().now() + timedelta(seconds=seconds))
    ((text, fine),) = said(house)
    assert not fine
    assert text == f"is {abs(seconds)} seconds from the database's: set both by one time server"
