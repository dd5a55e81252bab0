"""Installations that commands are typed in: an empty one, and one in which something has happened."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from app.wiring import Installation
from tests.command import Commands
from tests.house import House
from tests.practice.customer import ACCOUNT, TOKEN

if TYPE_CHECKING:
    from tests.seaweed import Seaweed


@pytest.fixture(scope="session")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after `db upgrade`, for copying."""
    folder = tmp_path_factory.mktemp("upgraded")
    Commands(folder, {}).fine("db", "upgrade")
    return folder / "var"


@pytest.fixture
def eskertu(tmp_path: Path, upgraded: Path) -> Commands:
    """An installation with what is shipped, and nothing more: no centre, no store, no carrier."""
    shutil.copytree(upgraded, tmp_path / "var")
    return Commands(tmp_path, {})


@pytest.fixture
def astana(eskertu: Commands) -> Commands:
    """The same with a centre, `ast`."""
    eskertu.fine("centre", "add", "--code", "ast", "--name", "Astana", "--jurisdiction", "KZ", *ALMATY)
    return eskertu


ALMATY = ("--timezone", "Asia/Almaty")


class Lived:
    """A house, and commands typed in it."""

    def __init__(self, house: House, seaweed: "Seaweed", bucket: str) -> None:
        self.house = house
        folder = house.home / "var" / "practice"
        folder.mkdir()
        account = {"account_sid": ACCOUNT, "auth_token": TOKEN, "api_base_url": house.rest.url}
        (folder / "account.json").write_text(json.dumps(account))
        environment = {
            "PORT": str(urlsplit(house.at.site.base_url).port),
            "ESKERTU_S3_ENDPOINT": seaweed.endpoint,
            "ESKERTU_S3_ACCESS_KEY": seaweed.access_key,
            "ESKERTU_S3_SECRET_KEY": seaweed.secret_key,
            "ESKERTU_S3_BUCKET": bucket,
        }
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
def lived_in(home: Path, seaweed: "Seaweed", bucket: str) -> Iterator[Lived]:
    with House(home, seaweed.store(bucket)).open() as house:
        lived = Lived(house, seaweed, bucket)
        lived.command.fine("centre", "add", "--code", "almaty", "--name", "Almaty", "--jurisdiction", "KZ", *ALMATY)
        yield lived


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, seaweed: "Seaweed") -> Iterator[Lived]:
    """A house with a past. Its clock stands still; nobody may change what others read."""
    from tests.seaweed import made_bucket

    with (
        made_bucket(seaweed, locked=True) as bucket,
        lived_in(tmp_path_factory.mktemp("lived"), seaweed, bucket) as lived,
    ):
        lived.live()
        yield lived
