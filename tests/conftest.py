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


DATABASE, _, STORE = BACKEND.partition("+")


@pytest.fixture
def store_server(request: pytest.FixtureRequest) -> "Seaweed":
    """The object store of this run's backend."""
    server: Seaweed = request.getfixturevalue("minio" if STORE == "minio" else "seaweed")
    return server


@pytest.fixture
def house(tmp_path: Path, store_server: "Seaweed", request: pytest.FixtureRequest) -> Iterator[House]:
    """A whole installation with a fast clock, on the backend of this run."""
    url = request.getfixturevalue("postgres_database") if DATABASE == "postgresql" else None
    bucket = request.getfixturevalue("locked_minio_bucket" if STORE == "minio" else "locked_bucket")
    with House(tmp_path, store_server.store(bucket), url).open() as house:
        yield house


@pytest.fixture
def bucket_name(request: pytest.FixtureRequest) -> str:
    """An empty bucket in the store of this run's backend."""
    name: str = request.getfixturevalue("minio_bucket" if STORE == "minio" else "bucket")
    return name
