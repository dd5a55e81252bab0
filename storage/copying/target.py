"""The PostgreSQL side: it must be empty, and is filled in one transaction in which nobody else has its tables."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from storage.copying import rows
from storage.database import Database
from storage.errors import Refused

VERSIONS = "alembic_version"


class Uncommitted(Database):
    """What stands in a transaction that is not committed yet, to be looked at as any database."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection.engine.url.render_as_string(hide_password=False))
        self._connection = connection

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self._connection, join_transaction_mode="create_savepoint") as session:
            yield session
            session.expunge_all()
            session.rollback()


def make_if_missing(beside: URL, name: str) -> None:
    """Make a database of that name on the same server, where there is none.

    Raises:
        Refused: if this user may not, or the server cannot be reached.
    """
    engine = sa.create_engine(beside, isolation_level="AUTOCOMMIT", hide_parameters=True)
    try:
        with engine.connect() as connection:
            there = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
            if connection.scalar(there, {"name": name}) is None:
                connection.exec_driver_sql(f"CREATE DATABASE {engine.dialect.identifier_preparer.quote(name)}")
    except DBAPIError as error:
        raise Refused(f"the database {name}, for the keys, cannot be made ({error.orig}): make it yourself") from error
    finally:
        engine.dispose()


def engine_of(option: str, url: URL) -> sa.Engine:
    """An engine for a PostgreSQL database.

    Raises:
        Refused: if it cannot be reached, or does not keep text in UTF-8.
    """
    engine = sa.create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    except OperationalError as error:
        raise Refused(f"{option}: {error.orig}") from error
    if encoding != "UTF8":
        raise Refused(f"{option}: that database keeps text in {encoding}, and notices need UTF8: make it anew with it")
    return engine


def must_be_ours(option: str, connection: sa.Connection, metadata: sa.MetaData) -> set[str]:
    """The tables that are there.

    Raises:
        Refused: naming those that are not ours.
    """
    there = set(sa.inspect(connection).get_table_names())
    strangers = sorted(there - set(metadata.tables) - {VERSIONS})
    if strangers:
        raise Refused(f"{option}: that database is not empty, it has tables of somebody else: {', '.join(strangers)}")
    return there


def must_be_empty(option: str, connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Whether nothing is there but our own tables without a row.

    Raises:
        Refused: naming what is there.
    """
    there = must_be_ours(option, connection, metadata)
    filled = {name: rows.count(connection, metadata.tables[name]) for name in there & set(metadata.tables)}
    told = ", ".join(f"{name} ({number})" for name, number in sorted(filled.items()) if number)
    if told:
        raise Refused(f"{option}: that database is not empty, it has rows in {told}: give one that was just created")


@contextmanager
def filling(option: str, engine: sa.Engine, metadata: sa.MetaData) -> Iterator[sa.Connection]:
    """One transaction that alone has all tables; commits at the end of the block, and leaves nothing when it fails.

    Raises:
        Refused: if somebody else has them.
    """
    names = ", ".join(engine.dialect.identifier_preparer.format_table(table) for table in metadata.sorted_tables)
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
        try:
            connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        except OperationalError as error:
            raise Refused(
                f"{option}: somebody else uses that database ({error.orig}): end it, and try again"
            ) from error
        yield connection


@contextmanager
def order_does_not_matter(connection: sa.Connection, metadata: sa.MetaData) -> Iterator[None]:
    """Foreign keys that point at their own table, or at a later one, are checked at the end of the block."""
    order = {table.name: place for place, table in enumerate(metadata.sorted_tables)}
    late = [
        (table.name, constraint.name)
        for table in metadata.sorted_tables
        for constraint in table.foreign_key_constraints
        if order[constraint.referred_table.name] >= order[table.name]
    ]
    quoted = connection.dialect.identifier_preparer.quote
    alter = [f"ALTER TABLE {quoted(table)} ALTER CONSTRAINT {quoted(str(name))}" for table, name in late]
    for each in alter:
        connection.exec_driver_sql(f"{each} DEFERRABLE")
    connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")
    yield
    connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    for each in alter:
        connection.exec_driver_sql(f"{each} NOT DEFERRABLE")


def set_sequences(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Let numbers that the database gives itself go on behind the largest one that there is."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
        largest = connection.scalar(sa.select(sa.func.max(column)))
        if sequence is not None and largest is not None:
            connection.execute(sa.select(sa.func.setval(sequence, largest)))
