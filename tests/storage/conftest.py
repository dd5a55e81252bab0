"""Storage by itself, on both databases or on one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.plain_house import PlainHouse


@pytest.fixture(params=["sqlite", "postgresql"])
def plain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlainHouse]:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    with PlainHouse(tmp_path, url).open() as house:
        yield house


@pytest.fixture
def one(tmp_path: Path) -> Iterator[PlainHouse]:
    """On SQLite alone, for what does not depend on the database."""
    with PlainHouse(tmp_path).open() as house:
        yield house
