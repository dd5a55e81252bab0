"""The rows of a table, out of one database and into another, as the types say, and a digest to compare them by.

JSON goes as the text that is stored: a JSON `null` and no value at all are two things, and read as one by SQLAlchemy.
"""

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

AT_ONCE = 500
Row = tuple[Any, ...]


@dataclass
class Digest:
    """Of a set of rows, whatever their order: two databases sort text differently.

    The sum of the rows' SHA-256 modulo 2^256. It finds what went wrong; it is no seal against a forger.
    """

    rows: int = 0
    total: int = 0

    def add(self, row: Row) -> None:
        self.rows += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(b"".join(map(_encoded, row))).digest())) % (1 << 256)


def read(connection: sa.Connection, table: sa.Table) -> Generator[list[Row]]:
    """Every row, in portions, in constant memory. Moments are aware UTC, JSON is text, all else is as its type says."""
    columns = [sa.cast(column, sa.Text) if _is_json(column) else column for column in table.columns]
    asked = sa.select(*columns).select_from(table)
    with connection.execute(asked, execution_options={"yield_per": AT_ONCE}) as rows:
        for portion in rows.partitions():
            yield [tuple(map(_aware, row)) for row in portion]


def write(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows as `read` gave them."""
    names = [f"v{number}" for number in range(len(table.columns))]
    values = {
        column: sa.cast(sa.bindparam(name, type_=sa.Text), column.type)
        if _is_json(column)
        else sa.bindparam(name, type_=column.type)
        for name, column in zip(names, table.columns, strict=True)
    }
    connection.execute(sa.insert(table).values(values), [dict(zip(names, row, strict=True)) for row in rows])


def digest(connection: sa.Connection, table: sa.Table) -> Digest:
    """Of all rows of a table."""
    found = Digest()
    for portion in read(connection, table):
        for row in portion:
            found.add(row)
    return found


def count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def does_not_fit(connection: sa.Connection, table: sa.Table) -> list[str]:
    """What of a SQLite table PostgreSQL would not take: SQLite heeds no length, and PostgreSQL no NUL in a text."""
    found = []
    for column in table.columns:
        if not isinstance(column.type, sa.String):
            continue
        wrong = sa.func.instr(column, sa.func.char(0)) > 0
        if column.type.length is not None:
            wrong = sa.or_(wrong, sa.func.length(column) > column.type.length)
        rows = connection.scalar(sa.select(sa.func.count()).select_from(table).where(wrong))
        if rows:
            limit = f"longer than {column.type.length}, or " if column.type.length is not None else ""
            found.append(f"{table.name}.{column.name}: {rows} rows are {limit}with a NUL in them")
    return found


def _is_json(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.JSON)


def _aware(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    # SQLite keeps moments as naive UTC, and not every column's type says so.
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value


def _encoded(value: Any) -> bytes:  # noqa: ANN401 - whatever a column holds
    """A value with its type and its length, so that no two rows that differ read the same."""
    if isinstance(value, memoryview | bytearray):
        value = bytes(value)
    if isinstance(value, bytes):
        plain = value
    elif isinstance(value, datetime):
        plain = value.isoformat(timespec="microseconds").encode()
    else:
        plain = repr(value).encode()
    return f"{type(value).__name__}:{len(plain)}:".encode() + plain
