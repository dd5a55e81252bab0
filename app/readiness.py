"""What an installation needs to serve, each part asked by itself. For /readyz and for `doctor`."""

from collections.abc import Iterator

import sqlalchemy as sa

from app.first_start import pair_keys
from app.wiring import Installation
from storage.errors import Refused
from storage.upgrade import is_current


def ask_all(at: Installation) -> Iterator[tuple[str, Exception | None]]:
    """(part, what is wrong with it or None), of database, migrations, keys and store."""
    for part, ask in (("database", _database), ("migrations", _migrations), ("keys", _keys), ("store", _store)):
        try:
            ask(at)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a part, the others are asked too
            yield part, error
        else:
            yield part, None


def _database(at: Installation) -> None:
    with at.database.read() as session:
        session.execute(sa.select(1))


def _migrations(at: Installation) -> None:
    if not is_current(at.database):
        raise Refused("the tables are not of this version: run `eskertu db upgrade`")


def _keys(at: Installation) -> None:
    pair_keys(at)


def _store(at: Installation) -> None:
    at.store.check()
