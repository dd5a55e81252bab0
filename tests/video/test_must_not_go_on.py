"""What a recorder must not record: what was said last holds, also while nobody can be asked (I8)."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.video.habits import HABITS
from tests.video.rtsp import Camera, Unit
from tests.video.site import PATIENCE_S, Site, wait_until
from video.facts import Reason
from video.recorder import Recorder, Subject


class Away(Exception):
    """The database."""


@pytest.mark.parametrize("answers", [True, False], ids=["it is away", "it does not answer"])
def test_a_grace_ends_at_its_moment_whatever_the_database_does(
    site: Site, long_stream: list[Unit], *, answers: bool
) -> None:
    said: list[Subject] = []
    over = threading.Event()

    def subjects() -> list[Subject]:
        if said:
            assert answers or over.wait(PATIENCE_S)
            raise Away
        if site.segments(door):
            said.append(replace(site.subject(door), until=site.clock.now() + timedelta(seconds=1)))
        return said or [site.subject(door)]

    recorder = Recorder(site.spool, site.upload, site.clock, subjects, HABITS)
    thread = threading.Thread(target=recorder.run)
    with Camera(long_stream).on() as camera:
        door = site.add("door", camera.url)
        thread.start()
        try:
            wait_until(lambda: site.reasons(door)[-1:] == [Reason.NO_SIGN])
        finally:
            over.set()
            recorder.stopping.set()
            thread.join()
        site.account(door, camera.all_sent())
    assert len(camera.sent) == 1, "it was not opened again"


def test_a_camera_that_is_reached_otherwise_is_opened_anew(site: Site, long_stream: list[Unit]) -> None:
    def subjects() -> list[Subject]:
        return [replace(site.subject(door), settings=site.addresses[door])]

    recorder = Recorder(site.spool, site.upload, site.clock, subjects, HABITS)
    thread = threading.Thread(target=recorder.run)
    with Camera(long_stream).on() as before, Camera(long_stream).on() as after:
        door = site.add("door", before.url)
        thread.start()
        try:
            wait_until(lambda: site.segments(door))
            assert after.asked == 0
            site.addresses[door] = after.url
            wait_until(lambda: len(site.runs(door)) == 2)
        finally:
            recorder.stopping.set()
            thread.join()
        site.check_line(door)
    assert len(after.sent) == 1
