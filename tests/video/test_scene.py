"""What the demo's camera shows: it can be recorded as it is, something moves, and it begins where it ended."""

from pathlib import Path

import av
import cv2
import numpy as np

from video.scene import FPS, KEY_EVERY_S, SECONDS, make_scene, picture


def test_it_can_be_recorded_and_shown_as_it_is(tmp_path: Path) -> None:
    file = make_scene(tmp_path / "scene.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["scene.mp4"]
    with av.open(str(file)) as shown:
        (stream,) = shown.streams.video
        assert (stream.codec_context.name, stream.codec_context.width) == ("h264", 640)
        assert not stream.codec_context.has_b_frames
        packets = [packet for packet in shown.demux(stream) if packet.size]
    assert len(packets) == FPS * SECONDS
    keys = [number for number, packet in enumerate(packets) if packet.is_keyframe]
    assert keys == list(range(0, FPS * SECONDS, FPS * KEY_EVERY_S))


def test_something_moves_most_of_the_time_and_the_end_is_the_beginning() -> None:
    changes = []
    for second in range(SECONDS):
        before, after = (cv2.cvtColor(picture(at), cv2.COLOR_BGR2GRAY) for at in (second, second + 0.5))
        changes.append(np.count_nonzero(cv2.absdiff(before, after) > 20))
    assert sum(change > 400 for change in changes) > 0.8 * SECONDS
    assert np.array_equal(picture(0.0), picture(float(SECONDS)))
