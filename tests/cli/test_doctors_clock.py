"""A clock that is wrong gives what is recorded wrong times: the doctor compares this machine's with the database's."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from app.cameras.clocks import ClockWatch
from app.examination import examine
from config.clock import SystemClock
from storage.database import Database
from storage.models import Finding
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


@pytest.mark.parametrize(
    ("seconds", "said"), [(-3600, "3600 s ahead of"), (60, "60 s behind"), (1, None), (None, None)]
)
def test_a_recorder_whose_clock_differs_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch, seconds: int | None, said: str | None
) -> None:
    asked: list[Database] = []

    def present(database: Database) -> datetime | None:
        asked.append(database)
        return None if seconds is None else SystemClock().now() + timedelta(seconds=seconds)

    monkeypatch.setattr(Database, "present", present)
    watch = ClockWatch(house.at, "0" * 32, "cellar")
    watch.look()
    watch.look()
    assert len(asked) == 1, "once a minute"
    found = house.ask(lambda s: s.scalars(sa.select(Finding.explanation).where(Finding.kind == "clock_differs")).all())
    assert list(found) == ([] if said is None else [f"the clock of recorder cellar is {said} the database's"])


def test_while_the_database_is_away_a_recorder_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_database: Database) -> datetime:
        raise sa.exc.OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(Database, "present", away)
    ClockWatch(house.at, "0" * 32, "cellar").look()
