"""Bringing the main database to the present shape, and saying whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import Database


def migrations(database: Database) -> Config:
    """Alembic's configuration for this database. There is no alembic.ini: the URL comes from the settings alone."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database) -> None:
    """Apply all migrations. Safe to repeat."""
    command.upgrade(migrations(database), "head")


def is_current(database: Database) -> bool:
    """Whether every migration has been applied."""
    head = ScriptDirectory.from_config(migrations(database)).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
