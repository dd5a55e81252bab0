"""What is measured on: an installation of its own, beside a real store."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from app.first_start import prepare_databases
from app.wiring import Installation
from config.settings import Settings
from storage.models import Centre
from storage.models.columns import random_id
from storage.objects.store import ObjectStore
from tests.seaweed import Seaweed, started

BUCKET = "bench"


@contextmanager
def seaweed(folder: Path) -> Iterator[Seaweed]:
    """A store of its own, with an empty bucket."""
    with started(folder / "store", folder / "store.log") as (_, store):
        store.client().make_bucket(BUCKET)
        yield store


@contextmanager
def installation(folder: Path, store: ObjectStore, database_url: str | None = None) -> Iterator[Installation]:
    """An installation with its databases made."""
    at = Installation(Settings(home=folder / "var", database_url=database_url, log_level="error"))
    at.store = store
    prepare_databases(at)
    try:
        yield at
    finally:
        at.database.dispose()
        at.keys.close()


def add_centre(at: Installation) -> str:
    """One centre. Returns its id."""
    with at.database.begin() as session:
        centre = Centre(
            id=random_id(),
            code="b",
            name="b",
            jurisdiction="KZ",
            timezone="UTC",
            languages=["en"],
            created_at=datetime.now(UTC),
        )
        session.add(centre)
    return centre.id
