"""Against a real RTSP server, GStreamer's, and real footage where it is: nothing is lost, and all of it can be shown.

Needs Debian's `gstreamer1.0-rtsp gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
python3-gi`. Footage is `FOOTAGE` (a file), or `../shared/data/vtest.avi` beside the project (OpenCV's sample).
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import pytest

from config.loopback import choose_port
from tests.video import footage
from tests.video.site import Site, wait_until

PYTHON = "/usr/bin/python3"
NEEDED = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("FOOTAGE", ROOT.parent / "shared" / "data" / "vtest.avi"))


@pytest.fixture(scope="module", autouse=True)
def gstreamer() -> None:
    if not Path(PYTHON).exists() or subprocess.run([PYTHON, "-c", NEEDED], capture_output=True, check=False).returncode:
        pytest.skip("GStreamer's RTSP server is not installed: gir1.2-gst-rtsp-server-1.0 and its plugins")


@pytest.fixture(scope="module", params=["generated", "real"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, long_file: Path) -> Path:
    """A minute or more of H.264 whose frames say their number."""
    if request.param == "generated":
        return long_file
    if not REAL.exists():
        pytest.skip(f"no real footage at {REAL.name} (set FOOTAGE to a file)")
    return footage.numbered(REAL, tmp_path_factory.mktemp("real") / "real.mp4")


@contextmanager
def camera(file: Path, port: int) -> Iterator[None]:
    """The server, killed at the end as if its power had gone."""
    command = [PYTHON, str(Path(__file__).parent / "gstreamer_camera.py"), str(file), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()


def test_over_segment_changes_and_a_server_that_is_killed_nothing_is_lost(site: Site, file: Path) -> None:
    port = choose_port()
    cameras = {name: site.add(name, f"rtsp://127.0.0.1:{port}/{name}") for name in ("door", "lift")}

    def have(segments: int) -> bool:
        return all(len(site.segments(each)) >= segments for each in cameras.values())

    with camera(file, port):
        recording = site.recorded()
        recording.__enter__()
        try:
            wait_until(lambda: have(3))
        except BaseException:
            recording.__exit__(None, None, None)
            raise
    try:
        wait_until(lambda: all("unreachable" in site.reasons(each) for each in cameras.values()))
        with camera(file, port):
            wait_until(lambda: all(len(site.runs(each)) == 2 for each in cameras.values()))
    finally:
        recording.__exit__(None, None, None)
    for each in cameras.values():
        site.check_line(each)
        assert site.reasons(each)[0] == "starting"
        runs = [list(some) for _, some in groupby(site.segments(each), key=lambda segment: segment.run_id)]
        assert len(runs) == 2
        for run in runs:
            # The server begins its file with whoever connects: a run has all of it, from the first frame on.
            shown = [number for segment in run for number in footage.numbers(site.media(segment))]
            assert shown == list(range(len(shown)))
            assert sum(segment.packets for segment in run) == len(shown)
