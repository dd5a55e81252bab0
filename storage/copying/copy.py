"""An installation's two databases, from SQLite to PostgreSQL: all of it or nothing, and compared before it counts.

Both copies stand in one transaction each until everything was compared: a copy that is killed leaves empty tables.
Only between the two commits can it leave one: the keys, which are committed first; that is recognised (`anew`).
The source is read, and kept from everybody else, and not changed.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.engine import URL

import storage.models  # noqa: F401 - registers every table
from storage.copying import rows
from storage.copying.source import alone_with
from storage.copying.target import (
    Uncommitted,
    engine_of,
    filling,
    must_be_empty,
    must_be_ours,
    order_does_not_matter,
    set_sequences,
)
from storage.database import Base, Database
from storage.errors import Refused
from storage.models import InstallationFact
from storage.objects.key_tables import held_key
from storage.objects.keys import DESTROYED, KeyRing, data_key, key_metadata, key_ring
from storage.upgrade import head, revision_of, upgrade

MAIN, KEYS = "--to", "--keys-to"
Progress = Callable[[str, int, int], None]
"""Told of a table: how many of its rows are copied, of how many."""


@dataclass(frozen=True)
class Copied:
    """What was copied and compared: rows by table, and how many keys open."""

    tables: dict[str, int]
    keys_that_open: int


@dataclass(frozen=True)
class Move:
    """From where to where."""

    main: URL
    keys: URL
    to_main: URL
    to_keys: URL


def copy_installation(
    move: Move,
    ring: KeyRing,
    verify: Callable[[Database], Iterable[object]],
    progress: Progress,
    *,
    anew: bool = False,
) -> Copied:
    """Copy both databases, compare them, and commit.

    Args:
        move: the four databases.
        ring: of the source; opens keys, and is asked for nothing else.
        verify: everything that is wrong with a ledger (`Verification.problems`).
        progress: told after every portion.
        anew: begin again where an earlier copy of this installation got no further than its keys.

    Raises:
        Refused: if the source is in use or not up to date, the target is not empty, or a copy is not what was copied.
    """
    to_main, to_keys = engine_of(MAIN, move.to_main), engine_of(KEYS, move.to_keys)
    try:
        _must_be_two(to_main, to_keys)
        with ExitStack() as stack:
            main, keys = stack.enter_context(alone_with(move.main)), stack.enter_context(alone_with(move.keys))
            _must_be_whole(main, keys)
            with to_main.connect() as connection, to_keys.connect() as other:
                must_be_empty(MAIN, connection, Base.metadata)
                must_be_ours(KEYS, other, key_metadata)
            target = Database(move.to_main.render_as_string(hide_password=False))
            stack.callback(target.dispose)
            upgrade(target)
            key_metadata.create_all(to_keys)
            # Left last, and so committed last: the main database is what says that a copy is complete.
            new_main = stack.enter_context(filling(MAIN, to_main, Base.metadata))
            new_keys = stack.enter_context(filling(KEYS, to_keys, key_metadata))
            must_be_empty(MAIN, new_main, Base.metadata)
            if anew:
                _forget_half(keys, new_keys)
            _must_be_empty_of_keys(keys, new_keys)
            tables = _copy(main, new_main, Base.metadata, progress) | _copy(keys, new_keys, key_metadata, progress)
            _must_tell_the_truth(Uncommitted(new_main), verify)
            opened = _must_open(new_keys, ring)
        return Copied(tables, opened)
    finally:
        to_main.dispose()
        to_keys.dispose()


def _must_be_two(main: sa.Engine, keys: sa.Engine) -> None:
    """Restoring one must not bring the other back (ADR 0002)."""
    asked = "SELECT oid, datname, pg_postmaster_start_time() FROM pg_database WHERE datname = current_database()"
    with main.connect() as one, keys.connect() as other:
        if one.exec_driver_sql(asked).one() == other.exec_driver_sql(asked).one():
            raise Refused(f"{MAIN} and {KEYS} are one database: keys need one of their own, so that no backup has both")


def _must_be_whole(main: sa.Connection, keys: sa.Connection) -> None:
    if revision_of(main) != head():
        raise Refused("the database is not up to date: run `eskertu db upgrade` first")
    known = main.scalar(sa.select(InstallationFact.value).where(InstallationFact.name == "key_ring"))
    if known is None or known != keys.scalar(sa.select(key_ring.c.name)):
        raise Refused("this key database is not the one of this installation (ESKERTU_KEYS_DATABASE_URL)")
    wrong = [told for table in Base.metadata.sorted_tables for told in rows.does_not_fit(main, table)]
    if wrong:
        raise Refused(f"PostgreSQL would not take all of it: {'; '.join(wrong)}")


def _is_half(keys: sa.Connection, new_keys: sa.Connection) -> bool:
    """Whether the target has keys of this very installation."""
    name = new_keys.scalar(sa.select(key_ring.c.name))
    return name is not None and name == keys.scalar(sa.select(key_ring.c.name))


def _forget_half(keys: sa.Connection, new_keys: sa.Connection) -> None:
    """Make room, where the source has all that is there: else somebody has lived with those keys since."""
    if not _is_half(keys, new_keys):
        return
    with closing(rows.read(new_keys, data_key)) as portions:
        for portion in portions:
            same = data_key.c.object_id.in_([row[0] for row in portion])
            ours = dict(keys.execute(sa.select(data_key.c.object_id, data_key.c.wrapped).where(same)).all())
            for object_id, wrapped, *_ in portion:
                if object_id not in ours or (wrapped == DESTROYED) > (ours[object_id] == DESTROYED):
                    raise Refused(f"{KEYS}: keys were made or destroyed there since they were copied: it is in use")
    held = sa.select(held_key.c.object_id)
    if set(new_keys.scalars(held)) - set(keys.scalars(held)):
        raise Refused(f"{KEYS}: keys were marked as held there since they were copied: it is in use")
    names = ", ".join(table.name for table in key_metadata.sorted_tables)
    new_keys.exec_driver_sql(f"TRUNCATE {names}")


def _must_be_empty_of_keys(keys: sa.Connection, new_keys: sa.Connection) -> None:
    if _is_half(keys, new_keys):
        raise Refused(f"{KEYS}: an earlier copy of this installation was interrupted there: begin it anew with --anew")
    must_be_empty(KEYS, new_keys, key_metadata)


def _copy(source: sa.Connection, target: sa.Connection, metadata: sa.MetaData, progress: Progress) -> dict[str, int]:
    told = {}
    with order_does_not_matter(target, metadata):
        for table in metadata.sorted_tables:
            told[table.name] = rows.Digest()
            of = rows.count(source, table)
            for portion in rows.read(source, table):
                rows.write(target, table, portion)
                for row in portion:
                    told[table.name].add(row)
                progress(table.name, told[table.name].rows, of)
    set_sequences(target, metadata)
    for table in metadata.sorted_tables:
        found = rows.digest(target, table)
        if found != told[table.name]:
            what = f"{found.rows} rows of {told[table.name].rows}" if found.rows != told[table.name].rows else "others"
            raise Refused(f"the copy of {table.name} is not what was copied ({what}): nothing was kept of it")
    return {name: each.rows for name, each in told.items()}


def _must_tell_the_truth(copy: Database, verify: Callable[[Database], Iterable[object]]) -> None:
    problems = [str(problem) for problem in verify(copy)]
    if problems:
        told = "; ".join(problems[:5])
        raise Refused(f"the ledger of the copy does not hold, nothing was kept of it ({len(problems)}): {told}")


def _must_open(connection: sa.Connection, ring: KeyRing) -> int:
    opened = 0
    with closing(rows.read(connection, data_key)) as portions:
        for object_id, wrapped, wrap_id, _ in chain.from_iterable(portions):
            if wrapped != DESTROYED:
                ring.unwrap(object_id, wrapped, wrap_id)
                opened += 1
    return opened
