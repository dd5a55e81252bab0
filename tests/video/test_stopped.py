"""A camera that must not be recorded any more (I8): from the word on nothing is written of a run that has not begun."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.clock import SystemClock
from tests.video import footage
from tests.video.habits import HABITS
from video.addresses import Allowed, file_address
from video.facts import Finished, Gap, Reason
from video.recording import CameraRecording
from video.sources import Packet, Source, StreamLost, Trouble, open_source
from video.spool import CameraSpool, Spool

MUST_NOT = (Reason.NO_SIGN, Reason.OFF)


@pytest.fixture
def camera(tmp_path: Path) -> CameraSpool:
    return Spool(tmp_path / "spool", 1 << 30, reserve_bytes=0).camera("door")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return footage.make(tmp_path / "a.mp4", 100)


def recorded(camera: CameraSpool, film: Path, stop_at: int, why: Reason, *, lost: bool = False) -> list[Finished | Gap]:
    """Record a film that is told to end before its packet `stop_at` comes (-1: while it is being opened).

    All packets come at once: no run begins before its last one.
    """
    recording: CameraRecording

    def coming(packets: Iterator[Packet]) -> Iterator[Packet]:
        for number, packet in enumerate(packets):
            if number == stop_at:
                recording.stop(why)
                if lost:
                    raise StreamLost(Trouble.STALLED)
            yield packet

    def opened() -> Source:
        source = open_source(Allowed(folder=film.parent).reach(file_address(film), None))
        packets = source._demuxed
        source.packets = lambda: coming(packets())  # type: ignore[method-assign]
        if stop_at < 0:
            recording.stop(why)
        return source

    recording = CameraRecording(camera, opened, SystemClock(), replace(HABITS, segment_s=1.0), lambda: 0.0)
    recording.run()
    return [thing for _, thing in camera.waiting()]


@pytest.mark.parametrize("why", MUST_NOT)
@pytest.mark.parametrize(("stop_at", "lost"), [(-1, False), (0, False), (1, False), (60, False), (60, True)])
def test_nothing_is_written_of_a_run_that_has_not_begun(
    camera: CameraSpool, film: Path, stop_at: int, why: Reason, *, lost: bool
) -> None:
    starting, after = recorded(camera, film, stop_at, why, lost=lost)
    assert isinstance(starting, Gap)
    assert isinstance(after, Gap)
    assert (starting.reason, after.reason, after.ended_at) == (Reason.STARTING, why, None)
    assert starting.ended_at == after.started_at
    assert camera.used_bytes == 0


def test_who_may_record_keeps_what_came_before_the_word(camera: CameraSpool, film: Path) -> None:
    things = recorded(camera, film, 60, Reason.RECORDER_STOPPED)
    assert sum(each.packets for each in things if isinstance(each, Finished)) == 60
    assert isinstance(things[-1], Gap)
    assert (things[-1].reason, things[-1].ended_at) == (Reason.RECORDER_STOPPED, None)
