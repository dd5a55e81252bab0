"""Time per deletion in an installation of a million objects, beside one of ten thousand; on SQLite and on PostgreSQL.

The store is one that has nothing and answers at once, so that it cannot hide what the databases do. Half of the rows
are of objects that were deleted long ago, half of objects that stay; each has its purpose, leaf, opening and key, each
deleted one its deletion and receipt. They are made by the database itself, in bulk.
"""

import statistics
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from app.wiring import Installation
from storage.objects.store import StoredVersion
from storage.retention.deletion import Deleter
from tests.bench import ground, rows
from tests.bench.measure import MOST_ROWS, in_turn_of, say_times, timed
from tests.objects.fake_store import MemoryStore
from tests.postgresql import new_database, postgres_programs, running

MANY, FEW = MOST_ROWS, 10_000
DELETED = 250
ROUNDS = 7

NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, {count}))",
}
RANDOM_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "md5(CAST(random() AS text) || CAST(n.i AS text))"}
OBJECTS = """
INSERT INTO stored_object (id, kind, centre_id, source_id, state, bucket, key, attempt, content_type, bytes, sha256,
    cipher_bytes, began_at, counted_from, arrived_at, stored_at, delete_after, holds)
{numbers} SELECT id, 'recording', '{centre}', 'line', CASE WHEN i / 2 * 2 = i THEN 'deleted' ELSE 'stored' END, 'bench',
    id || '/000001', 1, 'audio/wav', 1, '{zeros}', 1, {now}, {now}, {now}, {now}, {far}, 0
FROM (SELECT {random_id} AS id, n.i AS i FROM n) made ORDER BY id
"""
KIN = (
    (
        "INSERT INTO object_purpose (object_id, purpose, until, policy_id) SELECT id, 'training', delete_after,"
        " (SELECT min(id) FROM retention_policy) FROM stored_object"
    ),
    (
        "INSERT INTO leaf (id, position, kind, at, commitment) SELECT id, row_number() OVER (ORDER BY id) - 1,"
        " 'object_stored', stored_at, sha256 FROM stored_object ORDER BY id"
    ),
    (
        "INSERT INTO leaf_opening (leaf_id, subject_id, salt, facts) SELECT id, id, sha256, '{}' FROM stored_object"
        " ORDER BY id"
    ),
    (
        "INSERT INTO deletion (object_id, cause, claimed_at, finished_at, next_attempt_at, attempts)"
        " SELECT id, 'policy', stored_at, stored_at, stored_at, 0"
        " FROM stored_object WHERE state = 'deleted' ORDER BY id"
    ),
    (
        "INSERT INTO receipt (object_id, deleted_at, content, leaf_id) SELECT id, stored_at, '{}', id"
        " FROM stored_object WHERE state = 'deleted' ORDER BY id"
    ),
    "ANALYZE",
)
KEYS = (
    "INSERT INTO data_key (object_id, wrapped, wrap_id, created_at) {numbers} SELECT {random_id}, randomblob(102), 'w',"
    " '2026-01-01 00:00:00' FROM n ORDER BY 1"
)


def stored_objects(dialect: str, count: int, centre_id: str) -> str:
    """The statement that makes so many objects, every other of which was deleted long ago."""
    moment = "TIMESTAMP '{}'" if dialect == "postgresql" else "'{}.000000'"
    return OBJECTS.format(
        numbers=NUMBERS[dialect].format(count=count),
        random_id=RANDOM_ID[dialect],
        centre=centre_id,
        zeros="0" * 64,
        now=moment.format("2026-01-01 00:00:00"),
        far=moment.format("2099-01-01 00:00:00"),
    )


class Emptied(MemoryStore):
    """A store that has nothing, and says so at once."""

    def remove(self, versions: Iterable[StoredVersion]) -> None:
        pass

    def left(self, asked: Mapping[str, Iterable[str]]) -> set[str]:
        return set()


class Grown:
    """An installation with so many objects."""

    def __init__(self, at: Installation, count: int) -> None:
        self.centre_id = ground.add_centre(at)
        self.at = at
        self.deleter = Deleter(at.database, at.store, at.keys, at.clock, [])
        dialect = at.database.engine.dialect.name
        with at.database.engine.connect() as connection:
            if dialect == "sqlite":
                connection.exec_driver_sql("PRAGMA cache_size = -500000")
            for statement in (stored_objects(dialect, count, self.centre_id), *KIN):
                connection.exec_driver_sql(statement)
            connection.commit()
        with at.keys._writing() as connection:
            made = KEYS.format(numbers=NUMBERS["sqlite"].format(count=count), random_id=RANDOM_ID["sqlite"])
            connection.exec_driver_sql(made)
        at.database.forget_deleted()

    def delete(self) -> float:
        """Seconds for each of some deletions."""
        rows.add_objects(self.at, self.centre_id, rows.new_ids(DELETED), rows.past())
        return timed(self.deleter.run) / DELETED


def compare(folder: Path, name: str, urls: tuple[str | None, str | None]) -> None:
    """Two installations beside one another."""
    store = Emptied()
    store.ensure_bucket()
    with ExitStack() as open_ones:
        grown = []
        for count, url in zip((MANY, FEW), urls, strict=True):
            home = folder / f"{name}-{count}"
            grown.append(Grown(open_ones.enter_context(ground.installation(home, store, url)), count))
        many, few = in_turn_of(grown[0].delete, grown[1].delete, ROUNDS)
    say_times(
        f"time per deletion on {name} at {MANY:,} rows",
        statistics.median(many),
        f"at {FEW:,}",
        statistics.median(few),
        "≤ 1.2",
    )


def run(folder: Path) -> None:
    compare(folder, "SQLite", (None, None))
    if postgres_programs() is None:
        return
    with running() as server, new_database(server) as many, new_database(server) as few:
        compare(folder, "PostgreSQL", (many, few))
