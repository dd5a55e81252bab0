"""The tables of the key database, and what is asked of them about holds."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
)

AT_ONCE = 500
key_metadata = MetaData()
data_key = Table(
    "data_key",
    key_metadata,
    Column("object_id", String(64), primary_key=True, comment="the object's random id; nothing personal"),
    Column("wrapped", LargeBinary, nullable=False, comment="nonce + AES-256-GCM of the identity; zeros once destroyed"),
    Column("wrap_id", String(16), nullable=False, comment="which master key wrapped it (begin of its SHA-256)"),
    Column("created_at", DateTime(timezone=True), nullable=False, comment="UTC"),
)
key_ring = Table(
    "key_ring",
    key_metadata,
    Column("number", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("name", String(16), nullable=False, comment="random; the main database knows it too"),
)
# A table of its own, and no column of `data_key`: a row there that changed its length could move within its page, and
# leave a copy of its key behind (keys.py).
held_key = Table(
    "held_key",
    key_metadata,
    Column("object_id", String(64), primary_key=True, comment="its key must not be destroyed"),
    Column("held_at", DateTime(timezone=True), nullable=False, comment="UTC; since when it is marked"),
)


def wrapped_for_change(connection: Connection, object_ids: Sequence[str]) -> dict[str, bytes]:
    """The wrapped keys of those that have a row. Until the transaction ends, nobody else marks or destroys them.

    (SQLite has one writer; on PostgreSQL the rows are locked, in the order of their ids.)
    """
    wanted = select(data_key.c.object_id, data_key.c.wrapped).where(data_key.c.object_id.in_(object_ids))
    rows = connection.execute(wanted.order_by(data_key.c.object_id).with_for_update())
    return {object_id: bytes(wrapped) for object_id, wrapped in rows}


def marked_among(connection: Connection, object_ids: Sequence[str]) -> set[str]:
    """Those whose keys a hold's mark keeps."""
    return set(connection.scalars(select(held_key.c.object_id).where(held_key.c.object_id.in_(object_ids))))


def mark(connection: Connection, object_id: str, now: datetime) -> None:
    """Mark it. The caller has locked its key's row; marked already is no error."""
    if not marked_among(connection, [object_id]):
        connection.execute(insert(held_key).values(object_id=object_id, held_at=now))


def unmark(connection: Connection, object_id: str) -> None:
    """Take the mark off. What has none is no error."""
    connection.execute(delete(held_key).where(held_key.c.object_id == object_id))


def marked_after(connection: Connection, after: str, at_most: int) -> Sequence[str]:
    """The next marked objects, sorted."""
    wanted = select(held_key.c.object_id).where(held_key.c.object_id > after).order_by(held_key.c.object_id)
    return connection.scalars(wanted.limit(at_most)).all()


def wrapped_of(connection: Connection, object_ids: Sequence[str]) -> dict[str, bytes]:
    """The wrapped keys of those that have a row."""
    wanted = select(data_key.c.object_id, data_key.c.wrapped).where(data_key.c.object_id.in_(object_ids))
    return {object_id: bytes(wrapped) for object_id, wrapped in connection.execute(wanted)}


def portions(object_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at a time as every database takes in one statement."""
    for start in range(0, len(object_ids), AT_ONCE):
        yield object_ids[start : start + AT_ONCE]
