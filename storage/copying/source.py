"""The SQLite side: opened so that nobody else can, for as long as it is copied."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from storage.errors import Refused

WAIT_MS = 3000


@contextmanager
def alone_with(url: URL) -> Iterator[sa.Connection]:
    """A transaction in which nobody else has the file, and that writes nothing.

    Whoever has a WAL database open holds a lock on it, even idle: exclusive locking finds a worker that runs, and
    keeps everybody out until the block ends.

    Raises:
        Refused: if somebody has it open, or there is no such file.
    """
    file = url.database
    if not file or not Path(file).is_file():
        raise Refused(f"there is no database {file}: nothing to copy")
    engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    try:
        with engine.connect() as connection:
            try:
                connection.begin()
            except OperationalError as error:
                raise Refused(
                    f"{file} is in use ({error.orig}): end `eskertu up`, or every `web` and `worker`, and try again"
                ) from error
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the BEGIN is ours
    for pragma in (f"busy_timeout={WAIT_MS}", "locking_mode=EXCLUSIVE"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN EXCLUSIVE")
