"""Bringing the main database to the present shape, and saying whether it is there."""

import time
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from storage.database import Database
from storage.errors import Refused

# What a migration waits for is held for moments, or by something that runs long (see storage/migrations/env.py).
TRIES = 10
WAIT_S = 1.0
LOCK_NOT_AVAILABLE = "55P03"
MIGRATIONS = Path(__file__).parent / "migrations"


def migrations(database: Database) -> Config:
    """Alembic's configuration for this database. There is no alembic.ini: the URL comes from the settings alone."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database) -> None:
    """Apply all migrations. Safe to repeat, and at the same time by several machines.

    Raises:
        Refused: if somebody kept a table locked all the while. What was done until then stays done.
    """
    for attempt in range(TRIES):
        try:
            command.upgrade(migrations(database), "head")
            return
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            if attempt + 1 < TRIES:
                time.sleep(WAIT_S)
    raise Refused(
        "the database was not brought up to date: somebody holds a lock on it; end what runs long, and repeat"
    )


def is_current(database: Database) -> bool:
    """Whether every migration has been applied."""
    with database.engine.connect() as connection:
        return revision_of(connection) == head()


def head() -> str | None:
    """The newest revision there is."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def revision_of(connection: sa.Connection) -> str | None:
    """The revision a database stands at, or None."""
    return MigrationContext.configure(connection).get_current_revision()
