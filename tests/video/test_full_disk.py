"""A disk that is really full, a small one in memory: what was whole is kept, the rest is a gap that can be told."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.storage.plain_house import PlainHouse
from tests.video.rtsp import Camera, Unit
from tests.video.site import Site, wait_until
from tests.video.test_outages import store_away
from video.spool import CameraSpool, SpoolFull

SIZE, RESERVE = 256 << 10, 64 << 10


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (it takes root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def tells_when_full(full: list[str]) -> Callable[[CameraSpool, int], None]:
    """As it is, noting each time that there was no room."""
    real = CameraSpool.make_room

    def make_room(spool: CameraSpool, size: int) -> None:
        try:
            real(spool, size)
        except SpoolFull:
            full.append(spool.camera_id)
            raise

    return make_room


@pytest.mark.parametrize("who", ["we alone", "another"])
def test_a_disk_that_is_full_costs_nothing_that_was_whole(
    plain: PlainHouse, small_disk: Path, long_stream: list[Unit], monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    site, full = Site(plain, small_disk, reserve_bytes=RESERVE), list[str]()
    camera = Camera(long_stream)
    with camera.on():
        door = site.add("door", camera.url)
        with monkeypatch.context() as patched, site.recorded():
            patched.setattr(plain.store, "put", store_away)
            patched.setattr(CameraSpool, "make_room", tells_when_full(full))
            wait_until(lambda: site.spool.camera(door).used_bytes > 8_000)
            if who == "another":
                # Somebody else takes the rest, to the last byte, reserve and all.
                (small_disk / "other").write_bytes(bytes(shutil.disk_usage(small_disk).free))
            wait_until(lambda: full)
            if who == "another":
                (small_disk / "other").unlink()
            patched.undo()
            wait_until(lambda: len(site.runs(door)) >= 2)
        assert site.reasons(door)[:2] == ["starting", "spool_full"]
        stored = site.account(door, camera.all_sent())
    assert len(stored) < len(camera.all_sent())
