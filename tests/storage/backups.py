"""Houses with real parts, and copies of their databases that can be put back: what an operator does with backups."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from minio import Minio
from sqlalchemy import create_engine, make_url, text

from storage.models import Hold
from storage.objects.store import ObjectStore
from storage.retention.holds import hold_objects, lift
from tests.backend import Databases
from tests.seaweed import Seaweed, made_bucket
from tests.storage.plain_house import CONTENT, PlainHouse
from tests.storage.test_holds import why


class Backups:
    """Copies of a SQLite or PostgreSQL database, by its URL. Nobody may be connected."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self._folder = folder
        self._server = server

    def copy(self, url: str) -> str:
        """Copy a database as it is now. Returns what `put_back` wants."""
        name = f"copy_{uuid.uuid4().hex}"
        if self._server is None:
            shutil.copy(str(make_url(url).database), self._folder / name)
        else:
            self._do(f"CREATE DATABASE {name} TEMPLATE {make_url(url).database}")
        return name

    def put_back(self, url: str, copy: str) -> None:
        """Let the database be as it was when it was copied."""
        database = make_url(url).database
        if self._server is None:
            for path in Path(str(database)).parent.glob(f"{Path(str(database)).name}-*"):
                path.unlink()
            shutil.copy(self._folder / copy, str(database))
        else:
            self._do(f"DROP DATABASE {database} WITH (FORCE)")
            self._do(f"CREATE DATABASE {database} TEMPLATE {copy}")

    def make(self) -> str:
        """A new PostgreSQL database. Returns its URL."""
        assert self._server is not None
        name = f"test_{uuid.uuid4().hex}"
        self._do(f"CREATE DATABASE {name}")
        return self._server.replace("@/postgres?", f"@/{name}?")

    def _do(self, statement: str) -> None:
        assert self._server is not None
        engine = create_engine(self._server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


class RealHouse(PlainHouse):
    """On a real store with object lock, and with databases that can be copied and put back."""

    def __init__(self, home: Path, server: Seaweed, bucket: str, postgres: str | None) -> None:
        self.backups = Backups(home, postgres)
        self.main_url = self.backups.make() if postgres else f"sqlite:///{home / 'eskertu.db'}"
        self.keys_url = self.backups.make() if postgres else f"sqlite:///{home / 'keys.db'}"
        self.bucket = bucket
        self.real: ObjectStore = server.store(bucket)
        self.client: Minio = server.client()
        super().__init__(home, Databases(self.main_url, self.keys_url), self.real)

    def copy_of(self, url: str) -> Callable[[], None]:
        """Copy one of the two databases. Returns how to restore it."""
        self._disconnect()
        copy = self.backups.copy(url)

        def restore() -> None:
            self._disconnect()
            self.backups.put_back(url, copy)

        return restore

    def _disconnect(self) -> None:
        self.database.dispose()
        self.keys.close()

    def hold(self, *object_ids: str) -> str:
        """Hold, and let the mirror follow."""
        with self.database.begin() as session:
            hold_id = hold_objects(session, object_ids, why(self), self.clock.now()).id
        self.mirror.run()
        return hold_id

    def lift(self, hold_id: str) -> None:
        with self.database.begin() as session:
            lift(session, hold_id, "the case is closed", self.clock.now())

    def mirrored(self, object_id: str) -> tuple[bool, bool]:
        """Whether the key is marked, and every version of it under legal hold."""
        versions = [each for each in self.real.versions(f"{object_id}/") if not each.is_delete_marker]
        return self.keys.is_held(object_id), bool(versions) and all(
            self.real.legal_hold(each.key, each.version_id) for each in versions
        )

    def holds(self) -> list[tuple[str, bool]]:
        """(whose, whether it holds) of every hold, sorted."""
        with self.database.read() as session:
            return sorted((row.owner, row.lifted_at is None) for row in session.scalars(sa.select(Hold)))


BACKENDS = ["sqlite+seaweedfs", "postgresql+minio"]


@contextmanager
def real_house(request: pytest.FixtureRequest, home: Path, *, locked: bool = True) -> Iterator[RealHouse]:
    """On the backend that the fixture's parameter names."""
    on_postgres = request.param == "postgresql+minio"
    server: Seaweed = request.getfixturevalue("minio" if on_postgres else "seaweed")
    postgres = request.getfixturevalue("postgres") if on_postgres else None
    with made_bucket(server, locked=locked) as bucket, RealHouse(home, server, bucket, postgres).open() as house:
        assert isinstance(house, RealHouse)
        yield house


def is_whole(house: RealHouse, object_id: str) -> bool:
    """Whether an object is there, and is what was stored."""
    return house.row(object_id).state == "stored" and house.content(object_id) == CONTENT


def restore_from_before_the_hold(house: RealHouse) -> str:
    """An object that is held, in a main database that does not know of it any more."""
    kept = house.keep()
    restore = house.copy_of(house.main_url)
    house.hold(kept)
    restore()
    assert house.row(kept).holds == 0
    return kept
