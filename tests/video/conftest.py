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
    """A minute and a half of H.264, a key frame a second."""
    return footage.make(tmp_path_factory.mktemp("footage") / "long.mp4", 90 * footage.FPS)


@pytest.fixture(scope="session")
def long_stream(long_file: Path) -> list[Unit]:
    return units(long_file)


@pytest.fixture
def site(plain: PlainHouse, tmp_path: Path) -> Site:
    return Site(plain, tmp_path)
