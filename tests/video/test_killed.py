"""A recorder that is killed with SIGKILL, again and again: every frame that it was sent is stored, or in a gap."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.video.rtsp import Camera, Unit
from tests.video.site import Site, wait_until
from video.facts import Finished, Gap, Reason
from video.spool import Spool

ROOT = Path(__file__).parents[2]
ONE_FRAGMENT = 1000  # bytes: more than the init part of this footage


def killed_when(site: Site, camera_id: str, url: str, when: Callable[[], object]) -> None:
    """Start a recorder on the site's spool, and kill it at that moment."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.video.recording_process", str(site.spool.root), camera_id, url],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(when)
        assert process.poll() is None
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def test_killed_again_and_again_every_frame_is_stored_or_in_a_gap(site: Site, long_stream: list[Unit]) -> None:
    camera = Camera(long_stream)
    with camera.on():
        door = site.add("door", camera.url)
        folder = site.spool.camera(door).folder
        # In the first segment, behind a segment change, and again in the first.
        for whole in (0, 1, 0):
            before = len(list(folder.glob("*.mp4")))
            runs = len(camera.sent)

            def far_enough(runs: int = runs, enough: int = before + whole) -> bool:
                parts = [each.stat().st_size for each in folder.glob("*.part")]
                there = len(list(folder.glob("*.mp4")))
                return len(camera.sent) > runs and there >= enough and len(parts) == 1 and parts[0] > ONE_FRAGMENT

            killed_when(site, door, camera.url, far_enough)
        site.spool = Spool(site.spool.root, 1 << 30, reserve_bytes=0)
        site.upload._spool = site.spool
        with site.recorded():
            wait_until(lambda: len(site.runs(door)) == 4)
        site.account(door, camera.all_sent())
    reasons = site.reasons(door)
    assert reasons[0] == Reason.STARTING
    assert reasons.count(Reason.RECORDER_KILLED) == 3
    assert reasons[-1] == Reason.RECORDER_STOPPED
    assert len(site.runs(door)) == 4
    assert not [thing for _, thing in site.spool.camera(door).waiting() if isinstance(thing, Finished)]
    assert [type(thing) for _, thing in site.spool.camera(door).waiting()] == [Gap]
