"""The key database itself: how it is opened, so that a destroyed key leaves nothing behind."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool


class KeysUnavailable(Exception):
    """The key database cannot be asked now. Try again later."""


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise KeysUnavailable(f"the key database: {error.orig}") from error


def engine_for(url: str) -> Engine:
    """An engine for keys: on SQLite nothing pooled, nothing cached, and nothing of a deleted key left behind."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the BEGIN is ours
    for pragma in ("journal_mode=DELETE", "secure_delete=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes then fails at once with SQLITE_BUSY, whatever the timeout.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
