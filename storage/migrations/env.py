"""How Alembic runs here: on the engine it is handed; on PostgreSQL one at a time, and giving way to whoever works.

A statement that has to wait for a lock makes everybody who comes after it wait, too. So on PostgreSQL it waits for
`LOCK_TIMEOUT` at most, and fails; `storage.upgrade` tries again. Each revision is a transaction of its own there, so
that what was done is not done again, and an index can be built CONCURRENTLY (`autocommit_block`). On SQLite all of
them are one, begun before the revision is read: who comes second waits, and then finds the work done.
"""

import time
from contextlib import nullcontext
from typing import Literal

import sqlalchemy as sa
from alembic import context

import storage.models  # noqa: F401 - registers every table
from storage.database import Base, Moment

LOCK_TIMEOUT = "2s"
# Two machines that start at once: the second finds the work done.
MIGRATION_LOCK = 0x65736B66
ASK_AGAIN_S = 0.2


def plain_type(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own column types as what they are in the database: a migration must not depend on today's code."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


engine: sa.Engine = context.config.attributes["engine"]

with engine.connect() as connection:
    one_by_one = connection.dialect.name == "postgresql"
    if not one_by_one:
        # Alembic takes it that SQLite cannot change tables in a transaction, and would commit after each revision.
        connection.begin()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=plain_type,
        transaction_per_migration=one_by_one,
    )
    if one_by_one:
        # Asked for again and again, not waited for: who waits has a snapshot, and an index that is built CONCURRENTLY
        # waits for everybody who has one.
        while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(MIGRATION_LOCK))):
            connection.commit()
            time.sleep(ASK_AGAIN_S)
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        connection.commit()
    else:
        # It would end that transaction, for what only PostgreSQL needs to do outside of one.
        context.get_context().autocommit_block = nullcontext  # type: ignore[method-assign, assignment]
    try:
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    finally:
        if one_by_one:
            connection.invalidate()  # the lock and the setting go with the session
