"""The migrations make what the models say, on both databases, there and back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from storage.database import Base, Database
from storage.upgrade import is_current, migrations, upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'eskertu.db'}"
    else:
        url = request.getfixturevalue("postgres_database")
    made = Database(url)
    yield made
    made.dispose()


def test_migrations_make_what_the_models_say(database: Database) -> None:
    assert not is_current(database)
    upgrade(database)
    assert is_current(database)
    command.check(migrations(database))


def test_migrations_go_back_and_forth(database: Database) -> None:
    upgrade(database)
    command.downgrade(migrations(database), "base")
    left = set(sa.inspect(database.engine).get_table_names()) - {"alembic_version"}
    assert left == set()
    upgrade(database)
    assert set(Base.metadata.tables) <= set(sa.inspect(database.engine).get_table_names())


def test_a_naive_moment_is_refused(database: Database) -> None:
    from datetime import datetime

    from storage.models import Centre

    upgrade(database)
    with pytest.raises(sa.exc.StatementError, match="naive"), database.begin() as session:
        session.add(
            Centre(
                code="ast",
                name="Astana",
                jurisdiction="KZ",
                timezone="Asia/Almaty",
                languages=["kk"],
                created_at=datetime(2026, 11, 22),  # noqa: DTZ001 - that is the point
            )
        )
