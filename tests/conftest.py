"""Fixtures for every test folder.

`TEST_BACKEND=postgresql+minio` runs every test that takes `house` on PostgreSQL and a real MinIO server instead of
SQLite and SeaweedFS.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.house import House

if TYPE_CHECKING:  # plugins: pytest itself must be the first to import them
    from tests.seaweed import Seaweed

pytest_plugins = ["tests.seaweed", "tests.minio_server", "tests.postgresql"]

BACKEND = os.environ.get("TEST_BACKEND", "sqlite+seaweedfs")


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """A whole installation with a fast clock, on the backend of this run."""
    database, _, store = BACKEND.partition("+")
    url = request.getfixturevalue("postgres_database") if database == "postgresql" else None
    server: Seaweed = request.getfixturevalue("minio" if store == "minio" else "seaweed")
    bucket = request.getfixturevalue("minio_bucket" if store == "minio" else "bucket")
    with House(tmp_path, server.store(bucket), url).open() as house:
        yield house
