"""How many examples properties get: few and always the same ones, unless HYPOTHESIS_PROFILE=long asks for many."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.calls.watched import WatchedHouse

if TYPE_CHECKING:  # a plugin: pytest itself must be the first to import it
    from tests.seaweed import Seaweed

settings.register_profile("steady", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile("long", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("long" if os.environ.get("HYPOTHESIS_PROFILE") == "long" else "steady")


@pytest.fixture
def watched(tmp_path: Path, seaweed: "Seaweed", locked_bucket: str) -> Iterator[WatchedHouse]:
    """A house whose requests are written down, and whose store and pages can be taken away."""
    with WatchedHouse(tmp_path, seaweed.store(locked_bucket)).open() as house:
        yield house
