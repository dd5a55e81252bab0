"""`eskertu recorder` with shorter segments: `SEGMENT_S=3 … -m tests.processes.recorder_entry`, settings as ever."""

import os

from app.recorder import record
from app.wiring import Installation
from config.logging import configure_logging
from config.settings import load_settings
from video.recording import Habits


def main() -> None:
    """Record until told to stop."""
    settings = load_settings()
    configure_logging("info", "recorder")
    record(Installation(settings), Habits(segment_s=float(os.environ["SEGMENT_S"])))


if __name__ == "__main__":
    main()
