"""A plant for each test; what is the same in all of them is made once."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.processes.plant import Plant, make_template

if TYPE_CHECKING:
    from tests.seaweed import Seaweed


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation's home before its first call."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def plant(tmp_path: Path, template: Path, seaweed: "Seaweed", locked_bucket: str) -> Iterator[Plant]:
    """Web and worker as processes, on the session's store."""
    s3 = {
        "ESKERTU_S3_ENDPOINT": seaweed.endpoint,
        "ESKERTU_S3_ACCESS_KEY": seaweed.access_key,
        "ESKERTU_S3_SECRET_KEY": seaweed.secret_key,
        "ESKERTU_S3_BUCKET": locked_bucket,
    }
    with Plant(tmp_path, template, s3).open() as plant:
        yield plant
