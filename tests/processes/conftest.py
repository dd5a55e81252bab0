"""A plant for each test; what is the same in all of them is made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backend import MadeDatabases
from tests.processes.plant import Plant, Template, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, made_databases: MadeDatabases) -> Iterator[Template]:
    """An installation's home and databases before its first call."""
    with made_databases() as databases:
        yield make_template(tmp_path_factory.mktemp("template"), databases)


@pytest.fixture
def site(template: Template, made_databases: MadeDatabases) -> Iterator[Template]:
    """A copy's databases, and the home to copy."""
    with made_databases(template.databases) as databases:
        yield Template(template.home, databases)


@pytest.fixture
def plant(tmp_path: Path, site: Template, store_settings: dict[str, str]) -> Iterator[Plant]:
    """Web and worker as processes, on the session's store."""
    with Plant(tmp_path, site, store_settings).open() as plant:
        yield plant
