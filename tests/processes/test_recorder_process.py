"""`eskertu recorder` as a process: no sign, no packet; who dies is followed; who is told to stop ends orderly."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backend import Databases
from tests.processes.recorders import Recorders
from tests.video import footage
from tests.video.site import wait_until


@pytest.fixture(scope="module")
def footage_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return footage.make(tmp_path_factory.mktemp("footage") / "loop.mp4", 600, gop=10, fps=10)


@pytest.fixture
def recorders(tmp_path: Path, store_settings: dict[str, str], databases: Databases) -> Iterator[Recorders]:
    made = Recorders(tmp_path, store_settings, databases)
    try:
        yield made
    finally:
        made.close()


def test_i8_no_sign_no_packet_and_a_confirmed_sign_starts_the_cameras(recorders: Recorders, footage_file: Path) -> None:
    door = recorders.add_file("door", footage_file)
    recorders.start()
    wait_until(lambda: [each.reason for each in recorders.gaps(door)][-1:] == ["no_sign"])
    assert recorders.words() == {"no_sign"}
    recorders.post()
    began = time.monotonic()
    wait_until(lambda: recorders.words() == {"recording"})
    sys.stdout.write(f"\nsign confirmed, recording after {time.monotonic() - began:.1f} s\n")
    spool = recorders.folder / "spool one" / door
    wait_until(lambda: sum(each.stat().st_size for each in spool.glob("*.part")) > 5000)
    recorders.withdraw()
    wait_until(lambda: [each.reason for each in recorders.gaps(door)][-1:] == ["no_sign"])
    wait_until(lambda: recorders.segments(door))
    (segment,) = recorders.segments(door)
    assert footage.numbers(recorders.media(segment))[0] == 0
    recorders.command.fine("camera", "off", "door")
    assert recorders.words() == {"off"}
    wait_until(lambda: recorders.gaps(door)[-1].reason == "off")
    assert recorders.stop() == 0, recorders.log()
    recorders.check_line(door)
    assert list(spool.glob("*.part")) == []
    assert len(recorders.segments(door)) == 1


def test_two_share_and_a_killed_ones_cameras_are_taken_over(recorders: Recorders, footage_file: Path) -> None:
    cameras = {recorders.add_file(code, footage_file) for code in ("door", "lift")}
    recorders.post()
    recorders.start("one")
    wait_until(lambda: recorders.words() == {"recording"})
    recorders.start("two")
    wait_until(lambda: len({holder for holder, _ in recorders.leases().values()}) == 2)
    two = {each for each, (_, number) in recorders.leases().items() if number == 2}
    folders = [recorders.folder / "spool two" / each for each in two]
    wait_until(lambda: all(list(each.glob("*.part")) for each in folders))
    recorders.kill("one")
    killed = time.monotonic()
    wait_until(lambda: len({holder for holder, _ in recorders.leases().values()}) == 1)
    others = [recorders.folder / "spool two" / each for each in cameras]
    wait_until(lambda: all(list(each.glob("*.part")) for each in others))
    sys.stdout.write(f"\nkilled, taken over and recording after {time.monotonic() - killed:.1f} s\n")
    recorders.start("one")
    wait_until(lambda: len({holder for holder, _ in recorders.leases().values()}) == 2)
    wait_until(lambda: recorders.words() == {"recording"})
    assert recorders.stop("two") == 0, recorders.log("two")
    wait_until(lambda: len({holder for holder, _ in recorders.leases().values()}) == 1)
    wait_until(lambda: recorders.words() == {"recording"})
    assert recorders.stop("one") == 0, recorders.log("one")
    for camera_id in cameras:
        recorders.check_line(camera_id)
        assert len({each.run_id for each in recorders.segments(camera_id)}) >= 2


def test_two_on_one_spool_are_refused(recorders: Recorders) -> None:
    recorders.start("one")
    wait_until((recorders.folder / "spool one" / "recorder.id").exists)
    assert "already" in recorders.command.refused("recorder", ESKERTU_SPOOL_PATH=str(recorders.folder / "spool one"))
