"""What a camera costs: our recorder for 1, 8, 32 cameras, beside as many `ffmpeg -c copy -f segment`, from one server.

Both take 1080p25 at about 4 Mbit/s by RTSP over TCP from GStreamer's server, and write ten-second pieces to the same
disk; ours are fragmented, synced and accounted for. Needs Debian's `ffmpeg` and GStreamer's server: says so without.
"""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from config.loopback import choose_port
from tests.bench.measure import say_bytes, say_share
from tests.video.test_gstreamer import NEEDED, PYTHON
from video.facts import Finished, Gap
from video.spool import Spool
from video.timing import TIMESCALE

CAMERAS = tuple(int(each) for each in os.environ.get("BENCH_CAMERAS", "1,8,32").split(","))
SECONDS, ROUNDS = 15.0, 2
FPS, CLIP_S, LENGTH_S, BITS = 25, 4, 180, 4_000_000
SERVER = Path(__file__).parents[1] / "video" / "gstreamer_camera.py"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def run(folder: Path) -> None:
    if (lacking := _lacking()) is not None:
        sys.stdout.write(f"recorder: not measured: {lacking}\n")
        return
    film = make_film(folder)
    for many in CAMERAS:
        ours, theirs, lost = [], [], 0
        for _ in range(ROUNDS):
            with served(film) as url:
                used, missing = _ours(folder / "ours", [url] * many)
            with served(film) as url:
                theirs.append(_theirs(folder / "theirs", [url] * many))
            ours.append(used)
            lost += missing
        _say(f"recorder, {many} camera{'s' if many > 1 else ''}", many, ours, theirs, lost)


@dataclass(frozen=True)
class Used:
    """What processes used over a stretch: cores (of processor time), and bytes of memory at its end.

    `resident` counts what several processes share (libraries) once for each of them, as `ps` does; `proportional`
    gives each its part of it.
    """

    cpu: float
    resident: int
    proportional: int

    @classmethod
    def by(cls, processes: Sequence[subprocess.Popen[bytes]], seconds: float) -> "Used":
        """Measured from now on."""
        before, begun = sum(_cpu_s(each.pid) for each in processes), time.perf_counter()
        time.sleep(seconds)
        cpu = (sum(_cpu_s(each.pid) for each in processes) - before) / (time.perf_counter() - begun)
        return cls(cpu, *(sum(_memory(each.pid, what) for each in processes) for what in ("Rss:", "Pss:")))


def _say(name: str, many: int, ours: Sequence[Used], theirs: Sequence[Used], lost: int) -> None:
    def each(used: Sequence[Used], what: str) -> float:
        return float(statistics.median(getattr(one, what) for one in used)) / many

    say_share(f"{name}, of a core each", each(ours, "cpu"), "ffmpeg", each(theirs, "cpu"), "≤ 1.0")
    for what, goal in (("resident", "≤ 0.25"), ("proportional", "")):
        say_bytes(f"{name}, memory each ({what})", round(each(ours, what)), "ffmpeg", round(each(theirs, what)), goal)
    sys.stdout.write(f"{name}, packets lost: {lost} (goal: 0)\n")


def _lacking() -> str | None:
    if shutil.which("ffmpeg") is None:
        return "ffmpeg is not installed"
    if not Path(PYTHON).exists() or subprocess.run([PYTHON, "-c", NEEDED], capture_output=True, check=False).returncode:
        return "GStreamer's RTSP server is not installed"
    return None if sys.platform.startswith("linux") else "it reads /proc"


def make_film(folder: Path) -> Path:
    """Three minutes of 1080p25 at about 4 Mbit/s: four seconds of moving noise, over and over."""
    clip, film = folder / "clip.mp4", folder / "film.mp4"
    noise = np.random.default_rng(1).integers(0, 255, (1080, 1920), np.uint8)
    options = {"preset": "ultrafast", "g": str(2 * FPS), "bf": "0", "sc_threshold": "0"}
    options |= {"maxrate": str(BITS), "bufsize": str(BITS)}
    with av.open(clip, "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 1920, 1080, "yuv420p", BITS
        for number in range(FPS * CLIP_S):
            picture = np.roll(noise, number * 7, axis=1)
            picture[:, :960] = 60 + number
            made = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            made.pts = number
            out.mux(stream.encode(made))
        out.mux(stream.encode())
    with av.open(str(clip)) as one, av.open(film, "w") as out:
        source = one.streams.video[0]
        copy = out.add_stream_from_template(source)
        packets = [packet for packet in one.demux(source) if packet.dts is not None]
        assert source.time_base is not None
        length = int(CLIP_S / Fraction(source.time_base))
        times = [(packet.pts, packet.dts) for packet in packets]
        for turn in range(LENGTH_S // CLIP_S):
            for packet, (pts, dts) in zip(packets, times, strict=True):
                assert pts is not None
                assert dts is not None
                packet.stream, packet.time_base = copy, source.time_base
                packet.pts, packet.dts = pts + turn * length, dts + turn * length
                out.mux(packet)
    return film


@contextmanager
def served(film: Path) -> Iterator[str]:
    """The film by RTSP; each who comes gets it from its beginning."""
    port = choose_port()
    command = [PYTHON, str(SERVER), str(film), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield f"rtsp://127.0.0.1:{port}/door"
        finally:
            process.kill()


def _ours(root: Path, urls: Sequence[str]) -> tuple[Used, int]:
    command = [sys.executable, "-m", "tests.bench.recording_process", str(root), *urls]
    process = subprocess.Popen(command)
    try:
        _settled(lambda: sum(1 for _ in root.glob("*/*.part")) >= len(urls))
        used = Used.by([process], SECONDS)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    lost = _lost(root)
    shutil.rmtree(root)
    return used, lost


def _theirs(root: Path, urls: Sequence[str]) -> Used:
    root.mkdir()
    common = ["ffmpeg", "-v", "error", "-nostdin", "-rtsp_transport", "tcp"]
    processes = [
        subprocess.Popen(
            [*common, "-i", url, "-c", "copy", "-f", "segment", "-segment_time", "10", str(root / f"{number}-%04d.mp4")]
        )
        for number, url in enumerate(urls)
    ]
    try:
        _settled(lambda: sum(1 for _ in root.glob("*-0000.mp4")) >= len(urls))
        return Used.by(processes, SECONDS)
    finally:
        for each in processes:
            each.send_signal(signal.SIGTERM)
        for each in processes:
            each.wait()
        shutil.rmtree(root)


def _settled(true: object) -> None:
    """Wait until all record, and then for what beginning takes to be over."""
    assert callable(true)
    until = time.monotonic() + 90
    while not true():
        assert time.monotonic() < until, "not all cameras were recorded"
        time.sleep(0.2)
    time.sleep(3)


def _lost(root: Path) -> int:
    """Packets that are missing within what is stored, and gaps beside the first and the last."""
    lost = 0
    for camera in Spool(root, 1 << 40, reserve_bytes=0).cameras():
        things = [thing for _, thing in camera.waiting()]
        whole = [thing for thing in things if isinstance(thing, Finished)]
        assert whole, "nothing was recorded"
        ticks = sum(each.media_end - each.begun.media_begin for each in whole)
        lost += round(ticks * FPS / TIMESCALE) - sum(each.packets for each in whole)
        lost += sum(isinstance(thing, Gap) for thing in things) - 2
    return lost


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def _memory(pid: int, what: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))
