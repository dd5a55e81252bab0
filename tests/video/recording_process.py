"""A recorder as a process of its own, for tests that kill it: `… -m tests.video.recording_process SPOOL CAMERA URL`.

It has no database: what it recorded lies in its spool, for whoever comes after it.
"""

import sys
import threading
from pathlib import Path

from config.clock import SystemClock
from config.logging import configure_logging
from tests.video.habits import HABITS, LOOPBACK
from video.recording import CameraRecording
from video.sources import open_source
from video.spool import Spool


def main(root: str, camera_id: str, url: str) -> None:
    """Record until killed."""
    configure_logging("info", "recorder")
    spool = Spool(Path(root), 1 << 30, reserve_bytes=0)
    recording = CameraRecording(
        spool.camera(camera_id), lambda: open_source(LOOPBACK.reach(url, None), 10.0, 10.0), SystemClock(), HABITS
    )
    thread = threading.Thread(target=recording.run)
    thread.start()
    thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
