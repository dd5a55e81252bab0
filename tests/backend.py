"""What every test of this run works on: SQLite and SeaweedFS, or with `TEST_BACKEND=postgresql+minio` those.

A test that is about one backend alone says which, with `about`; it is skipped on the other with that reason.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:  # plugins: pytest itself must be the first to import them
    from tests.seaweed import Seaweed

MEMORY = Path("/dev/shm")
# Whole stores lie there, and with LARGE_RECORDING_MB=1400 as much twice.
ENOUGH_BYTES = 6 << 30
BACKENDS = ("sqlite+seaweedfs", "postgresql+minio")
BACKEND = os.environ.get("TEST_BACKEND", BACKENDS[0])
if BACKEND not in BACKENDS:
    raise pytest.UsageError(f"TEST_BACKEND={BACKEND}: choose one of {', '.join(BACKENDS)}")
DATABASE, _, STORE = BACKEND.partition("+")


@dataclass(frozen=True)
class Databases:
    """An installation's two databases, as SQLAlchemy URLs; None is SQLite in its home."""

    main: str | None = None
    keys: str | None = None

    @property
    def settings(self) -> dict[str, str]:
        """As variables."""
        given = {"ESKERTU_DATABASE_URL": self.main, "ESKERTU_KEYS_DATABASE_URL": self.keys}
        return {name: url for name, url in given.items() if url is not None}


IN_ITS_HOME = Databases()
MadeDatabases = Callable[..., AbstractContextManager[Databases]]


def in_memory() -> Path | None:
    """Where files lie in memory, if there is enough of it: databases wait for a disk, and making one is 300 files."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES else None


def about(what: str) -> pytest.MarkDecorator:
    """Of a test about one part of one backend: `SQLite`, `PostgreSQL`, `SeaweedFS`. Skipped where that is not used."""
    return pytest.mark.skipif(what.lower() not in BACKEND, reason=f"about {what}")


def settings_of(server: "Seaweed", bucket: str) -> dict[str, str]:
    return {
        "ESKERTU_S3_ENDPOINT": server.endpoint,
        "ESKERTU_S3_ACCESS_KEY": server.access_key,
        "ESKERTU_S3_SECRET_KEY": server.secret_key,
        "ESKERTU_S3_BUCKET": bucket,
    }


def everything_in(url: str) -> bytes:
    """Every value of every row of a PostgreSQL database, one after the other."""
    engine = sa.create_engine(url)
    found = []
    with engine.connect() as connection:
        for name in sa.inspect(connection).get_table_names():
            rows = connection.execute(sa.select(sa.text("*")).select_from(sa.table(name)))
            found += [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
    engine.dispose()
    return b"\n".join(found)
