"""From the stream to stored segments: every frame that a camera sent is stored, or lies in a recorded gap."""

from itertools import pairwise

from tests.video.rtsp import Camera, Unit
from tests.video.site import Site, wait_until
from video.timing import TIMESCALE


def test_every_frame_is_stored_over_segment_changes(site: Site, long_stream: list[Unit]) -> None:
    camera = Camera(long_stream)
    with camera.on():
        door = site.add("door", camera.url)
        with site.recorded():
            wait_until(lambda: len(site.segments(door)) >= 3)
        stored = site.account(door, camera.all_sent())
    assert site.reasons(door) == ["starting", "recorder_stopped"]
    assert len(stored) > 3 * 10
    segments = site.segments(door)
    assert len(site.runs(door)) == 1
    assert [each.number for each in segments] == list(range(len(segments)))
    for before, after in pairwise(segments):
        assert after.media_begin == before.media_end
        assert after.fragments[0][2] == after.media_begin, "tfdt goes on"
        assert after.fragments[0][5] == 1, "it begins with a key frame"
    for each in segments[1:-1]:
        assert 2.0 <= (each.media_end - each.media_begin) / TIMESCALE < 4.0
    assert list(site.spool.camera(door).folder.glob("*.mp4")) == []


def test_a_camera_that_dies_and_comes_back_leaves_a_gap_with_its_reason(site: Site, long_stream: list[Unit]) -> None:
    camera = Camera(long_stream)
    with camera.on():
        door = site.add("door", camera.url)
        recording = site.recorded()
        recording.__enter__()
        wait_until(lambda: len(site.segments(door)) >= 1)
    try:
        wait_until(lambda: "unreachable" in site.reasons(door))
        with camera.on():
            wait_until(lambda: len(site.runs(door)) == 2)
    finally:
        recording.__exit__(None, None, None)
    site.account(door, camera.all_sent())
    reasons = site.reasons(door)
    assert reasons[:3] == ["starting", "ended", "unreachable"]


def test_one_bad_camera_harms_no_other(site: Site, long_stream: list[Unit]) -> None:
    good, silent = Camera(long_stream), Camera(long_stream, silent=True)
    elsewhere = Camera(long_stream, location="rtsp://127.0.0.1:9/else")
    fast = Camera(long_stream, ticks_of=lambda unit: unit.ticks * 10)
    with good.on(), silent.on(), elsewhere.on(), fast.on():
        door = site.add("door", good.url)
        mute, moved, liar = (site.add(code, each.url) for code, each in
                             (("mute", silent), ("moved", elsewhere), ("liar", fast)))  # fmt: skip
        away = site.add("away", "rtsp://10.1.2.3/live")
        with site.recorded():
            wait_until(lambda: len(site.segments(door)) >= 2)
            wait_until(lambda: "runaway" in site.reasons(liar))
            wait_until(lambda: silent.asked >= 2)
        site.account(door, good.all_sent())
        site.account(liar, fast.all_sent())
    assert site.reasons(door) == ["starting", "recorder_stopped"]
    assert site.reasons(mute)[:2] == ["starting", "unreachable"]
    assert site.reasons(moved)[:2] == ["starting", "redirected"]
    assert site.reasons(away)[:2] == ["starting", "forbidden"]
    assert [site.segments(each) for each in (mute, moved, away)] == [[], [], []]
