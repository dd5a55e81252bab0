"""A real PostgreSQL for tests, where Debian's programs are, and a database of its own for whoever asks."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine, text

from tests.backend import in_memory


def postgres_programs() -> Path | None:
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextmanager
def running() -> Iterator[str]:
    """A PostgreSQL of one's own, on a unix socket alone (Debian's programs; they refuse to run as root)."""
    programs = postgres_programs()
    if programs is None:
        raise RuntimeError("no PostgreSQL programs here")
    # Not under pytest's own folder: that is closed to the user who the server runs as.
    with TemporaryDirectory(prefix="eskertu-pg-", dir=in_memory()) as name:
        folder = Path(name)
        as_user: list[str] = []
        if os.geteuid() == 0:
            as_user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(folder, "postgres")

        def run(program: str, *arguments: str) -> None:
            command = [*as_user, str(programs / program), "-D", f"{folder}/data", *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

        run("initdb", "-U", "postgres", "-A", "trust")
        options = f"-c listen_addresses= -k {folder} -c fsync=off"
        run("pg_ctl", "-w", "-o", options, "-l", f"{folder}/log", "start")
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        run("pg_ctl", "-w", "-m", "immediate", "stop")


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """An empty database, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.replace("@/postgres?", f"@/{name}?")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """One server for the session."""
    if postgres_programs() is None:
        pytest.skip("no PostgreSQL programs here")
    with running() as server:
        yield server


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """An empty database, dropped afterwards."""
    with new_database(postgres) as url:
        yield url
