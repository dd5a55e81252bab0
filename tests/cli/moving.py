"""What tests of `db copy` ask of an installation on SQLite, and of the PostgreSQL that it moved to."""

import sqlalchemy as sa

from app.wiring import Installation
from config.settings import Settings
from storage.copying import rows
from storage.database import Base, make_engine
from storage.objects.keys import key_metadata
from tests.backend import Databases
from tests.house import House


def close(house: House) -> None:
    house.at.database.dispose()
    house.at.keys.close()


def digests(house: House) -> dict[str, rows.Digest]:
    """Of every table of an installation on SQLite."""
    found: dict[str, rows.Digest] = {}
    for url, metadata in (
        (house.at.settings.main_database_url, Base.metadata),
        (house.at.settings.key_database_url, key_metadata),
    ):
        engine = make_engine(url)
        with engine.connect() as connection:
            found |= {table.name: rows.digest(connection, table) for table in metadata.sorted_tables}
        engine.dispose()
    return found


def is_empty(databases: Databases) -> bool:
    """No row in any table; a table may be there."""
    for url in (databases.main, databases.keys):
        engine = sa.create_engine(str(url))
        with engine.connect() as connection:
            names = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
            filled = [
                name for name in names if connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name)))
            ]
        engine.dispose()
        if filled:
            return False
    return True


def settle_on(house: House, databases: Databases) -> None:
    """Start the same installation anew on other databases."""
    before = house.at
    house.at = Installation(
        Settings(home=before.home, database_url=databases.main, keys_database_url=databases.keys, log_level="error"),
        house.clock,
    )
    house.at.store, house.at.accounts, house.at.site = before.store, before.accounts, before.site
    for carrier in before.carriers.values():
        carrier.close()  # type: ignore[attr-defined]
    house.begin_to_answer()


def forget_main(target: Databases) -> None:
    engine = sa.create_engine(str(target.main))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {', '.join(table.name for table in Base.metadata.sorted_tables)}")
    engine.dispose()
