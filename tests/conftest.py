"""Fixtures for every test folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.house import House

if TYPE_CHECKING:  # a plugin: pytest itself must be the first to import it
    from tests.seaweed import Seaweed

pytest_plugins = ["tests.seaweed"]


@pytest.fixture
def house(tmp_path: Path, seaweed: "Seaweed", bucket: str) -> Iterator[House]:
    """A whole installation on SQLite and SeaweedFS, with a fast clock."""
    with House(tmp_path, seaweed.store(bucket)).open() as house:
        yield house
