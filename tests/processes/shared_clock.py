"""A clock that several processes share, and that a test can put forward: real time, and an offset kept in a file."""

import fcntl
import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

OFFSET = struct.Struct("<q")


class SharedClock:
    """Nobody waits by it: who sleeps puts it forward, for everybody."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists():
            path.write_bytes(OFFSET.pack(0))

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(microseconds=self._read())

    def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        """Put it forward, by one process at a time."""
        with self._path.open("r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            (offset,) = OFFSET.unpack(file.read(OFFSET.size))
            os.pwrite(file.fileno(), OFFSET.pack(offset + round(seconds * 1_000_000)), 0)

    def _read(self) -> int:
        with self._path.open("rb", buffering=0) as file:
            offset: int = OFFSET.unpack(file.read(OFFSET.size))[0]
            return offset
