"""Footage, made once, and a site with a recorder."""

from pathlib import Path

import pytest

from tests.storage.conftest import plain
from tests.storage.plain_house import PlainHouse
from tests.video import footage
from tests.video.rtsp import Unit, units
from tests.video.site import Site

__all__ = ["plain"]


@pytest.fixture(scope="session")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five minutes of H.264 at ten frames a second, a key frame a second: longer than any test is patient."""
    return footage.make(tmp_path_factory.mktemp("footage") / "long.mp4", 3000, gop=10, fps=10)


@pytest.fixture(scope="session")
def long_stream(long_file: Path) -> list[Unit]:
    return units(long_file)


@pytest.fixture
def site(plain: PlainHouse, tmp_path: Path) -> Site:
    return Site(plain, tmp_path)
