"""Installations that commands are typed in: an empty one, and one in which something has happened."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from app.wiring import Installation
from telephony.pausing import Asker
from tests.backend import IN_ITS_HOME, Databases, MadeDatabases, settings_of
from tests.calls.talking import talk
from tests.cli.moving import close
from tests.command import Commands
from tests.house import House
from tests.practice.customer import ACCOUNT, TOKEN

if TYPE_CHECKING:
    from tests.seaweed import Seaweed


@pytest.fixture(scope="session")
def upgraded(
    tmp_path_factory: pytest.TempPathFactory, made_databases: MadeDatabases
) -> Iterator[tuple[Path, Databases]]:
    """A home after `db upgrade`, and its databases, for copying."""
    folder = tmp_path_factory.mktemp("upgraded")
    with made_databases(empty=True) as databases:
        Commands(folder, databases.settings).fine("db", "upgrade")
        yield folder / "var", databases


@pytest.fixture
def eskertu(tmp_path: Path, upgraded: tuple[Path, Databases], made_databases: MadeDatabases) -> Iterator[Commands]:
    """An installation with what is shipped, and nothing more: no centre, no store, no carrier."""
    home, like = upgraded
    shutil.copytree(home, tmp_path / "var")
    with made_databases(like) as databases:
        yield Commands(tmp_path, databases.settings)


@pytest.fixture
def astana(eskertu: Commands) -> Commands:
    """The same with a centre, `ast`."""
    eskertu.fine("centre", "add", "--code", "ast", "--name", "Astana", "--jurisdiction", "KZ", *ALMATY)
    return eskertu


ALMATY = ("--timezone", "Asia/Almaty")


class Lived:
    """A house, and commands typed in it."""

    def __init__(self, house: House, server: "Seaweed", bucket: str, databases: Databases) -> None:
        self.house = house
        folder = house.home / "var" / "practice"
        folder.mkdir()
        account = {"account_sid": ACCOUNT, "auth_token": TOKEN, "api_base_url": house.rest.url}
        (folder / "account.json").write_text(json.dumps(account))
        environment = {"PORT": str(urlsplit(house.at.site.base_url).port)}
        environment |= settings_of(server, bucket) | databases.settings
        self.command = Commands(house.home, environment, self._with_the_clock)

    def _with_the_clock(self, at: Installation) -> None:
        at.clock = self.house.clock

    def live(self) -> None:
        """A call that was recorded and deleted when it was due, one that was declined, and one that is stored."""
        self.house.call("stay", "ru")
        self.house.work()
        for purpose in ("training", "quality"):
            self.command.fine("policy", "set", "--purpose", purpose, "--window", "PT20S", "--reason", "a test")
        self.house.clock.sleep(60)
        assert self.command.fine("retention", "run").out == "1 deleted.\n"
        self.house.call("opt_out", "en", "press:2")
        self.house.call("opt_in", "kk", "press:1")
        self.house.work()
        self.command.fine("user", "add", "--email", "bob@example.com", "--role", "qa_reviewer", "--centre", "almaty")


@contextmanager
def lived_in(home: Path, server: "Seaweed", bucket: str, databases: Databases) -> Iterator[Lived]:
    with House(home, server.store(bucket), databases).open() as house:
        lived = Lived(house, server, bucket, databases)
        lived.command.fine("centre", "add", "--code", "almaty", "--name", "Almaty", "--jurisdiction", "KZ", *ALMATY)
        yield lived


@pytest.fixture(scope="module")
def lived(
    tmp_path_factory: pytest.TempPathFactory, store_server: "Seaweed", made_databases: MadeDatabases
) -> Iterator[Lived]:
    """A house with a past. Its clock stands still; nobody may change what others read."""
    from tests.seaweed import made_bucket

    with (
        made_bucket(store_server, locked=True) as bucket,
        made_databases() as databases,
        lived_in(tmp_path_factory.mktemp("lived"), store_server, bucket, databases) as lived,
    ):
        lived.live()
        yield lived


@pytest.fixture
def target(postgres_database: str) -> Iterator[Databases]:
    """An empty database; the keys' one is not made yet."""
    url = make_url(postgres_database)
    keys = url.set(database=f"{url.database}_keys")
    yield Databases(postgres_database, keys.render_as_string(hide_password=False))
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {keys.database} WITH (FORCE)")
    engine.dispose()


@pytest.fixture
def old(tmp_path: Path, store_server: "Seaweed", bucket_name: str) -> Iterator[Lived]:
    """On SQLite, with something in every table that a call touches; nobody has it open."""
    with House(tmp_path, store_server.store(bucket_name), IN_ITS_HOME).open() as house:
        lived = Lived(house, store_server, bucket_name, IN_ITS_HOME)
        house.faults.record_by_account = True
        talk(house, (4.0, lambda call: house.at.pausing.pause(call.id, Asker())))
        house.work_for(60)
        house.clock.sleep(timedelta(days=91).total_seconds())
        house.work()
        house.call("opt_out", "kk", "press:2")
        house.call("stay", "en")
        house.work()
        close(house)
        yield lived
