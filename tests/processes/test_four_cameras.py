"""Four cameras through all that can go wrong: what was sent is stored, or lies in a recorded gap.

`CAMERA_SECONDS` is for how long (40 if not given, CI has it go on for 300), and by it how long things are away. The
server is GStreamer's where that is installed, else the tests' own; the footage that of `FOOTAGE`, or of
`../shared/data/vtest.avi` beside the project, else it is generated. What it was is printed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from config.loopback import choose_port
from storage.models import Gap, Segment
from tests.backend import Databases
from tests.processes.cutting import Line, locked
from tests.processes.recorders import Recorders
from tests.video import footage
from tests.video.rtsp import Camera, units
from tests.video.site import wait_until
from tests.video.test_gstreamer import NEEDED, PYTHON, REAL

SECONDS = float(os.environ.get("CAMERA_SECONDS", "40"))
AWAY_S = min(30.0, SECONDS / 10)
SEGMENT_S = 3.0 if SECONDS < 120 else 10.0
CODES = ("door", "lift", "hall", "yard")
ROOT = Path(__file__).parents[2]
SERVER = Path(__file__).parents[1] / "video" / "gstreamer_camera.py"


class Gstreamer:
    """A process, which dies as if its power had gone. It begins its file with whoever connects."""

    word, from_the_first = "GStreamer", True

    def __init__(self, file: Path) -> None:
        self._file, self._port = file, choose_port()
        self._counts = file.parent / "sent"
        self._counts.mkdir()
        self._process: subprocess.Popen[str] | None = None

    def url(self, code: str) -> str:
        return f"rtsp://127.0.0.1:{self._port}/{code}"

    def start(self) -> None:
        command = [PYTHON, str(SERVER), str(self._file), str(self._port), str(self._counts)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def sent(self, code: str) -> int:
        """How many frames it gave out, to whoever came."""
        return sum(each.stat().st_size for each in self._counts.glob(f"{code}-*"))

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


class Ours:
    """The tests' own, live: who joins gets what is sent then."""

    word, from_the_first = "the tests' own server", False

    def __init__(self, file: Path) -> None:
        self._cameras = {code: Camera(units(file), port=choose_port()) for code in CODES}
        self._on = ExitStack()

    def url(self, code: str) -> str:
        return self._cameras[code].url

    def start(self) -> None:
        for each in self._cameras.values():
            self._on.enter_context(each.on())

    def sent(self, code: str) -> int:
        """How many frames it gave out, to whoever came."""
        return len(self._cameras[code].all_sent())

    def kill(self) -> None:
        self._on.close()


Server = Gstreamer | Ours


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    real = REAL.exists()
    if real:
        file = footage.numbered(REAL, tmp_path / "footage.mp4")
    else:
        file = footage.make(tmp_path / "footage.mp4", round(SECONDS + 300) * 10, gop=10, fps=10)
    there = Path(PYTHON).exists()
    there = there and not subprocess.run([PYTHON, "-c", NEEDED], capture_output=True, check=False).returncode
    made: Server = Gstreamer(file) if there else Ours(file)
    sys.stdout.write(f"\nserved by {made.word}: {'real footage' if real else 'generated footage'}\n")
    made.start()
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture
def line(store_settings: dict[str, str]) -> Iterator[Line]:
    made = Line(store_settings["ESKERTU_S3_ENDPOINT"])
    yield made
    made.close()


@pytest.fixture
def recorders(tmp_path: Path, store_settings: dict[str, str], line: Line, databases: Databases) -> Iterator[Recorders]:
    made = Recorders(tmp_path, store_settings | {"ESKERTU_S3_ENDPOINT": line.endpoint}, databases)
    made.program, made.more = (
        ("-m", "tests.processes.recorder_entry"),
        {"SEGMENT_S": str(SEGMENT_S), "PYTHONPATH": str(ROOT)},
    )
    try:
        yield made
    finally:
        made.close()


@pytest.mark.timeout(600 + 3 * SECONDS)
def test_what_was_sent_is_stored_or_in_a_recorded_gap(server: Server, line: Line, recorders: Recorders) -> None:
    began = time.monotonic()
    cameras = {recorders.add(code, server.url(code)): code for code in CODES}
    recorders.post()
    recorders.start()

    def stored(more: int = 1) -> None:
        """Wait until so many segments more of each camera are stored."""
        before = {each: len(recorders.segments(each)) for each in cameras}
        wait_until(lambda: all(len(recorders.segments(each)) >= before[each] + more for each in cameras))

    def reason(word: str) -> None:
        wait_until(lambda: all(word in [gap.reason for gap in recorders.gaps(each)] for each in cameras))

    stored(2)
    server.kill()
    reason("unreachable")
    server.start()
    stored()
    recorders.kill()
    recorders.start()
    reason("recorder_killed")
    stored()
    spool = recorders.folder / "spool one"
    with line.cut():
        until = time.monotonic() + AWAY_S
        wait_until(lambda: all(len(list((spool / each).glob("*.mp4"))) >= 1 for each in cameras))
        wait_until(lambda: time.monotonic() >= until)
    stored()
    with locked(recorders.at.database):
        until = time.monotonic() + AWAY_S
        wait_until(lambda: time.monotonic() >= until)
    stored()
    while time.monotonic() < began + SECONDS - 10:
        stored()
    assert recorders.stop() == 0, recorders.log()[-3000:]
    for each, code in cameras.items():
        total = account(recorders, each, from_the_first=server.from_the_first)
        sent = server.sent(code)
        assert sent >= total > 0
        reasons = [gap.reason for gap in recorders.gaps(each)]
        sys.stdout.write(
            f"{code}: {sent} frames sent = {total} stored + {sent - total} in gaps: {', '.join(reasons)}\n"
        )
        assert not list((spool / each).glob("*.mp4")), "all of it is stored"


def account(recorders: Recorders, camera_id: str, *, from_the_first: bool) -> int:
    """Every frame of a camera is stored once, without an error, in order; or it lies in a gap.

    By structure: within a run none is missing, a run begins with the first frame that was sent to it (or one that comes
    after all before), and behind a run there is a gap. Returns how many are stored.
    """
    things = recorders.check_line(camera_id)
    total, last = 0, -1
    for is_gap, some in groupby(things, key=lambda thing: isinstance(thing, Gap)):
        if is_gap:
            continue
        segments = [each for each in some if isinstance(each, Segment)]
        assert len({each.run_id for each in segments}) == 1, "between two runs there is a gap"
        shown: list[int] = []
        for segment in segments:
            numbers = footage.numbers(recorders.media(segment))
            assert len(numbers) == segment.packets
            begins = [row[2] for row in segment.fragments]
            assert begins == sorted(set(begins)), "time rises"
            shown += numbers
        for before, after in pairwise(segments):
            assert after.media_begin == before.media_end
        assert shown == list(range(shown[0], shown[0] + len(shown))), "nothing is missing within a run, nothing twice"
        if from_the_first:
            assert shown[0] == 0
        else:
            assert shown[0] > last
        last, total = shown[-1], total + len(shown)
    return total
