"""Which cameras are a recorder's: of the centres that it reaches, and not those that it cannot open."""

import threading

import pytest

from config.settings import Settings
from tests.video.habits import HABITS
from tests.video.rtsp import Camera, Unit
from tests.video.site import Site, wait_until
from video.assignment import Assignment
from video.leases import Leases
from video.passwords import Passwords
from video.recorder import TRIES, Recorder


@pytest.mark.parametrize(("centres", "taken"), [("", True), ("ala, ast", True), ("ala", False)])
def test_a_recorder_takes_cameras_of_its_centres_alone(site: Site, centres: str, *, taken: bool) -> None:
    door = site.add("door", "rtsp://127.0.0.1/live")
    database, clock = site.house.database, site.clock
    codes = Settings(recorder_centres=centres).recorder_centre_codes
    leases = Leases(database, clock, "one")
    assignment = Assignment(database, clock, leases, lambda: Passwords(bytes(32)), None, codes)
    assert [each.camera_id for each in assignment()] == ([door] if taken else [])


def test_what_could_not_be_opened_several_times_is_named_until_it_opens(site: Site, long_stream: list[Unit]) -> None:
    camera = Camera(long_stream)
    with camera.on():
        door = site.add("door", camera.url)
    recorder = Recorder(site.spool, site.upload, site.clock, lambda: [site.subject(door)], HABITS)
    thread = threading.Thread(target=recorder.run)
    thread.start()
    try:
        wait_until(lambda: recorder.unopened() == {door})
        assert recorder._running[door][0].not_opened >= TRIES
        with camera.on():
            wait_until(lambda: site.segments(door))
            assert recorder.unopened() == set()
    finally:
        recorder.stopping.set()
        thread.join()
