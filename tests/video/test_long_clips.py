"""A clip of many segments: who else writes waits no longer for it than for one of few."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database import READ_ONLY
from tests.video.site import Site
from tests.video.test_clips import Studio, studio_of

# What differs all the same: how many nodes the tree's root is of.
SLACK = 8


@pytest.fixture
def studio(site: Site, tmp_path: Path) -> Studio:
    return studio_of(site, tmp_path)


@contextmanager
def while_writing(engine: sa.Engine) -> Iterator[list[str]]:
    """What is asked of a database in transactions that may write."""
    told: list[str] = []

    def note(connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        if not connection.get_execution_options().get(READ_ONLY):
            told.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def made(studio: Studio, end: float) -> tuple[int, int]:
    """Of a clip from the camera's first second on: how many parts it has, how many statements they wait for."""
    clip_id = studio.ask(0, end)
    studio.place()
    with while_writing(studio.site.house.database.engine) as told:
        assert studio.clips.run(clip_id=clip_id) == 1
    manifest = studio.clip(clip_id).manifest
    assert manifest is not None
    return len(manifest["parts"]), len(told)


def test_writers_wait_for_no_part_of_a_clip(studio: Studio) -> None:
    few, asked_of_few = made(studio, 1)
    many, asked_of_many = made(studio, 30)
    assert many >= few + 3
    assert asked_of_many <= asked_of_few + SLACK
