"""Store, database or room are missing for a while: recording goes on, and what could not be kept is a gap."""

import errno
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from storage.objects.store import StoreUnavailable
from tests.storage.plain_house import PlainHouse
from tests.video.rtsp import Camera, Unit
from tests.video.site import Site, wait_until
from video.facts import Finished
from video.spool import CameraSpool


def store_away(*_args: object) -> None:
    raise StoreUnavailable("away")


def database_away(*_args: object) -> None:
    raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))


@pytest.mark.parametrize("away", ["store", "database"])
def test_while_either_is_away_recording_goes_on_and_nothing_is_lost(
    site: Site, long_stream: list[Unit], monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    camera = Camera(long_stream)
    with camera.on():
        door = site.add("door", camera.url)
        folder = site.spool.camera(door).folder
        with monkeypatch.context() as patched, site.recorded():
            if away == "store":
                patched.setattr(site.house.store, "put", store_away)
            else:
                patched.setattr(site.house.database, "begin", database_away)
            wait_until(lambda: len(list(folder.glob("*.mp4"))) >= 3)
            patched.undo()
            wait_until(lambda: len(site.segments(door)) >= 4)
        site.account(door, camera.all_sent())
    assert site.reasons(door) == ["starting", "recorder_stopped"]
    assert len(site.runs(door)) == 1


def test_a_disk_that_fails_once_ends_a_run_and_loses_nothing_that_was_whole(
    site: Site, long_stream: list[Unit], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = CameraSpool.finish, []

    def fails_once(spool: CameraSpool, part: Path, finished: Finished) -> None:
        calls.append(part)
        if len(calls) == 2:
            raise OSError(errno.EIO, "the disk")
        real(spool, part, finished)

    monkeypatch.setattr(CameraSpool, "finish", fails_once)
    camera = Camera(long_stream)
    with camera.on():
        door = site.add("door", camera.url)
        with site.recorded():
            wait_until(lambda: len(site.runs(door)) == 2)
        site.account(door, camera.all_sent())
    assert site.reasons(door) == ["starting", "failed", "recorder_stopped"]


def test_a_full_spool_is_a_gap_with_its_reason_and_recording_goes_on_when_there_is_room(
    plain: PlainHouse, tmp_path: Path, long_stream: list[Unit], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(plain, tmp_path, limit_bytes=12_000)
    camera = Camera(long_stream)
    with camera.on():
        door = site.add("door", camera.url)
        with monkeypatch.context() as patched, site.recorded():
            patched.setattr(plain.store, "put", store_away)
            wait_until(lambda: "spool_full" in site.reasons(door))
            assert site.spool.camera(door).used_bytes <= 12_000
            assert site.segments(door) == [], "that there is a gap is told all the same"
            patched.undo()
            wait_until(lambda: len(site.runs(door)) >= 2)
        stored = site.account(door, camera.all_sent())
    assert len(stored) < len(camera.all_sent())
    assert site.reasons(door)[:2] == ["starting", "spool_full"]
