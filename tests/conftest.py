"""Fixtures for every test folder. Which backend a run is on: `tests/backend.py`."""

import gc
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from config.clock import SystemClock
from storage.database import Database
from storage.objects.keys import KeyRing
from storage.upgrade import upgrade
from tests.backend import DATABASE, IN_ITS_HOME, STORE, Databases, MadeDatabases, in_memory, settings_of
from tests.house import House

if TYPE_CHECKING:  # plugins: pytest itself must be the first to import them
    from tests.seaweed import Seaweed

pytest_plugins = ["tests.seaweed", "tests.minio_server", "tests.postgresql"]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Work in memory where there is enough of it: databases wait for the disk at every commit, and stores do.

    What SIGKILL does is the same there; a loss of power is not tested.
    """
    if config.option.basetemp is None and (memory := in_memory()) is not None:
        config.option.basetemp = tempfile.mkdtemp(prefix="eskertu-tests-", dir=memory)
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))


def pytest_collection_finish() -> None:
    """What is imported and collected by now stays: who looks for garbage need not look through it each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def house(tmp_path: Path, store_server: "Seaweed", bucket_name: str, databases: Databases) -> Iterator[House]:
    """A whole installation with a fast clock, on the backend of this run."""
    with House(tmp_path, store_server.store(bucket_name), databases).open() as house:
        yield house


@pytest.fixture(scope="session")
def store_server(request: pytest.FixtureRequest) -> "Seaweed":
    """The object store of this run."""
    server: Seaweed = request.getfixturevalue("minio" if STORE == "minio" else "seaweed")
    return server


@pytest.fixture
def bucket_name(request: pytest.FixtureRequest) -> str:
    """An empty bucket of it, with object lock as the product makes its own; dropped afterwards."""
    name: str = request.getfixturevalue("locked_minio_bucket" if STORE == "minio" else "locked_bucket")
    return name


@pytest.fixture
def store_settings(store_server: "Seaweed", bucket_name: str) -> dict[str, str]:
    """The same as variables."""
    return settings_of(store_server, bucket_name)


@pytest.fixture
def databases(made_databases: MadeDatabases) -> Iterator[Databases]:
    """Databases of a test's own, with all tables and no row."""
    with made_databases() as made:
        yield made


@pytest.fixture(scope="session")
def made_databases(request: pytest.FixtureRequest) -> Iterator[MadeDatabases]:
    """Makes databases, and drops them at the end of the block: for fixtures that live longer than one test.

    `like` are others to be copied (nobody may be connected to them); `empty` has no tables either.
    """
    if DATABASE == "sqlite":

        @contextmanager
        def in_its_home(like: Databases | None = None, *, empty: bool = False) -> Iterator[Databases]:
            yield IN_ITS_HOME

        yield in_its_home
        return
    server: str = request.getfixturevalue("postgres")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")

    @contextmanager
    def on_the_server(like: Databases | None = None, *, empty: bool = False) -> Iterator[Databases]:
        if like is None and not empty:
            like = migrated
        name = f"test_{uuid4().hex}"
        made = Databases(_called(server, name), _called(server, f"{name}_keys"))
        pairs = ((made.main, like and like.main), (made.keys, like and like.keys))
        try:
            with engine.connect() as connection:
                for url, template in pairs:
                    copied = f" TEMPLATE {make_url(template).database}" if template else ""
                    connection.exec_driver_sql(f"CREATE DATABASE {make_url(str(url)).database}{copied}")
            yield made
        finally:
            with engine.connect() as connection:
                for url, _ in pairs:
                    connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {make_url(str(url)).database} WITH (FORCE)")

    with on_the_server(empty=True) as migrated:
        _give_tables(migrated)
        yield on_the_server
    engine.dispose()


def _called(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _give_tables(made: Databases) -> None:
    main, keys = Database(str(made.main)), KeyRing(str(made.keys), bytes(32), SystemClock())
    upgrade(main)
    keys.create_all()
    main.dispose()
    keys.close()
