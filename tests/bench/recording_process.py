"""What `tests.bench.recorder` measures: `… -m tests.bench.recording_process SPOOL URL …` records until SIGTERM.

Into a spool, synced, as the recorder does it; what then goes into the store is measured by `intake`.
"""

import signal
import sys
import threading
from functools import partial
from pathlib import Path

from config.clock import SystemClock
from config.logging import configure_logging
from video.addresses import Allowed
from video.arenas import share_memory_among_threads
from video.recording import CameraRecording, Habits
from video.sources import open_source
from video.spool import Spool

ALLOWED = Allowed(["127.0.0.0/8"])
# Ten seconds, on both sides: a measurement of half a minute shall have cuts in it.
SEGMENT_S = 10.0


def main(root: str, *urls: str) -> None:
    """Record each address as a camera of its own."""
    share_memory_among_threads()
    configure_logging("error", "recorder")
    spool = Spool(Path(root), 8 << 30, reserve_bytes=0)
    recordings = [
        CameraRecording(
            spool.camera(f"{number:032x}"),
            partial(open_source, ALLOWED.reach(url, None), 30.0, 30.0),
            SystemClock(),
            Habits(segment_s=SEGMENT_S),
        )
        for number, url in enumerate(urls)
    ]
    threads = [threading.Thread(target=each.run) for each in recordings]
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    for thread in threads:
        thread.start()
    asked.wait()
    for each in recordings:
        each.stopping.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
