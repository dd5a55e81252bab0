"""The main database: one engine a process, made after any fork, and transactions that begin as writers.

SQLite needs three things said (docs/reference/facts): a transaction that reads first and writes later fails at once
with SQLITE_BUSY_SNAPSHOT whatever the timeout, so every one begins with BEGIN IMMEDIATE; deleted rows stay readable in
the file without `secure_delete`; and in WAL mode also in the `-wal` file until it is truncated (`forget_deleted`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from storage.errors import Refused

READ_ONLY = "eskertu_read_only"


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite keeps it as naive UTC; a naive value is refused on its way in."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: give an aware one")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every table is made from. Names of constraints are fixed, so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


@event.listens_for(Base, "attribute_instrument", propagate=True)
def _heed_length(_class: type, name: str, attribute: InstrumentedAttribute[str | None]) -> None:
    # SQLite takes any length, and PostgreSQL's refusal names no field; a NUL it would not take at all.
    columns = getattr(attribute.property, "columns", None)
    if columns is None or not isinstance(columns[0].type, sa.String):
        return
    most = columns[0].type.length

    @event.listens_for(attribute, "set")
    def _fits(_row: object, value: object, _before: object, _initiator: object) -> None:
        if isinstance(value, str) and ((most is not None and len(value) > most) or "\0" in value):
            if most:
                raise Refused("{column}: at most {most} letters, and no NUL", column=name, most=most)
            raise Refused("{column}: no NUL", column=name)


class Database:
    """Hands out transactions. Cheap to make; connects at first use, and anew after a fork."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: sa.Engine | None = None
        # Made once: each sessionmaker is a class of its own, and costs what ten small statements do.
        self._sessions = sessionmaker(expire_on_commit=False)
        self._pid = 0

    @property
    def engine(self) -> sa.Engine:
        """This process's engine (SQLAlchemy's must not cross a fork)."""
        if self._engine is None or self._pid != os.getpid():
            if self._engine is not None:
                self._engine.dispose(close=False)
            self._engine, self._pid = make_engine(self.url), os.getpid()
        return self._engine

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One transaction: commits at the end of the block, rolls back on any exception.

        No network and no media work belongs inside: on SQLite there is one writer at a time.
        """
        with self._sessions(bind=self.engine) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view that writes nothing, and waits for no writer. What it would write is rolled back."""
        # PostgreSQL would otherwise show each statement what was committed just before it.
        one_moment = {} if self.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        options = {READ_ONLY: True, **one_moment}
        with self.engine.connect().execution_options(**options) as connection, Session(connection) as session:
            yield session
            # What was read stays usable afterwards: a rollback would expire it.
            session.expunge_all()
            session.rollback()

    def present(self) -> datetime | None:
        """What the clock of the database's machine says; None of SQLite, which has none of its own."""
        if self.engine.dialect.name == "sqlite":
            return None
        with self.engine.connect() as connection:
            moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    def forget_deleted(self) -> bool:
        """Empty SQLite's write-ahead log, where deleted rows would otherwise stay readable.

        Returns False when a reader is in the way: try again later. Always True on other databases.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        with self.engine.connect() as connection:
            raw = connection.connection.cursor()
            try:
                # Without waiting for readers: while it waits, it holds every writer up.
                raw.execute("PRAGMA busy_timeout=0")
                busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.execute("PRAGMA busy_timeout=30000")
                raw.close()
        return bool(busy == 0)

    def dispose(self) -> None:
        """Close this process's connections."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


# Of libpq, in seconds and milliseconds: a network that is cut is an error within a minute, not a wait without end. (A
# recorder asks who may be recorded in the thread that ends what may not, I8.) A URL may say otherwise.
PATIENCE = {"connect_timeout": 10, "tcp_user_timeout": 30_000}


def make_engine(url: str) -> sa.Engine:
    """An engine with the habits above. A SQLite file, and its folder, are made if they are missing.

    Parameters are hidden from error messages: they can be telephone numbers, and messages are logged.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        told = {name: value for name, value in PATIENCE.items() if name not in parsed.query}
        return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=told)
    if parsed.database and parsed.database != ":memory:":
        _make_file(Path(parsed.database))
    engine = sa.create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: object, _record: object) -> None:
        # autocommit at the driver: the BEGIN below is ours
        connection.isolation_level = None  # type: ignore[attr-defined]
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "foreign_keys=ON",
            "busy_timeout=30000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reads = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _make_file(path: Path) -> None:
    # There are telephone numbers in it: its owner's alone. What SQLite puts beside it takes its mode over.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # One that exists is not opened: closing it would give up the locks that this process has on it (POSIX).
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
