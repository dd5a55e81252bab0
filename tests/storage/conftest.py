"""Storage by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backend import Databases
from tests.storage.plain_house import PlainHouse


@pytest.fixture
def plain(tmp_path: Path, databases: Databases) -> Iterator[PlainHouse]:
    with PlainHouse(tmp_path, databases).open() as house:
        yield house
