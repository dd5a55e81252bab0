"""A spool's folder is a folder of a disk: other things lie there, and some of it cannot be read. No camera minds."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.video import footage
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from video.facts import Reason
from video.recorder import Recorder
from video.salvage import recover
from video.spool import Spool
from video.upload import Upload

STRAYS = (".DS_Store", ".nfs000000000000a1b2", "0000000002.json~", "12.gap", "notes.txt", "0000000003.mp4.part")


def recorded_once(site: Site) -> None:
    """As a new process does it: looks at what is there, stores it, and ends."""
    site.spool = Spool(site.spool.root, 1 << 30, reserve_bytes=0)
    site.upload = Upload(site.spool, site.house.database, site.intake, site.clock)
    recorder = Recorder(site.spool, site.upload, site.clock, list)
    recorder.stopping.set()
    recorder.run()


@pytest.fixture
def door(site: Site, tmp_path: Path) -> str:
    """A camera of which three segments lie in the spool, the last one unfinished."""
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    recover(spool, NOW - timedelta(seconds=3)).end(NOW)
    write(spool, footage.make(tmp_path / "a.mp4", 150), until=140, end=False, camera_id=door)
    return door


def test_files_that_are_not_ours_are_left_alone_and_told_once(site: Site, door: str) -> None:
    folder = site.spool.camera(door).folder
    for name in STRAYS:
        (folder / name).write_bytes(b"{")
    with capture_logs() as said:
        recorded_once(site)
    assert site.account(door, range(125)) == list(range(125))
    assert {each.name for each in folder.iterdir() if each.suffix != ".gap"} | {"12.gap"} == set(STRAYS)
    assert [each["files"] for each in said if each["event"] == "spool_has_strange_files"] == [len(STRAYS)]
    assert site.spool.camera(door).used_bytes == 0


def test_folders_that_are_not_a_cameras_are_none(site: Site, door: str) -> None:
    for name in ("lost+found", "door", "0" * 31, "A" * 32, "0" * 33):
        (site.spool.root / name).mkdir()
    (site.spool.root / ("0" * 32)).touch()
    recorded_once(site)
    assert [each.camera_id for each in site.spool.cameras()] == [door]
    assert site.account(door, range(125)) == list(range(125))
    assert list((site.spool.root / "lost+found").iterdir()) == []


@pytest.mark.parametrize("found_later", [False, True])
def test_a_folder_that_cannot_be_read_is_its_own_cameras_affair(
    site: Site, door: str, monkeypatch: pytest.MonkeyPatch, *, found_later: bool
) -> None:
    broken = site.spool.root / ("0" * 32)
    broken.mkdir()
    real, looks = Path.iterdir, [0]

    def failing(path: Path) -> Iterator[Path]:
        looks[0] += path == broken
        # Opened, a folder is looked at twice.
        if path == broken and looks[0] > (2 if found_later else 0):
            raise PermissionError(13, "no")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", failing)
    recorded_once(site)
    assert looks[0] > (2 if found_later else 0)
    assert site.account(door, range(125)) == list(range(125))
    assert site.reasons(door) == [Reason.STARTING, Reason.RECORDER_KILLED]
