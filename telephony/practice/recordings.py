"""Recordings on disk: `RE….wav` and, beside it, `RE….json` with its facts and nobody's number."""

import json
import os
import shutil
import threading
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from config.clock import Clock
from telephony.practice.model import ABSENT_TOO_SHORT, Recording, new_sid

KEPT = timedelta(days=40)
"""How long a deleted recording's metadata stays to be listed («Recordings resource», IncludeSoftDeleted)."""
ACTIVE = frozenset({"in-progress", "processing"})


class Shelf:
    """Every recording of the account. Safe to use from several threads; survives a restart."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._lock = threading.RLock()
        self._recordings: dict[str, Recording] = {}
        home.mkdir(parents=True, exist_ok=True)
        for path in sorted(home.glob("RE*.json")):
            recording = _read(json.loads(path.read_text()))
            self._recordings[recording.sid] = recording
            if recording.status in ACTIVE:
                # the network stopped in the middle of it: what was said since is lost
                self.change(recording, "absent", error_code=ABSENT_TOO_SHORT)

    def new(self, call_sid: str, source: str, channels: int, stored_channels: int) -> Recording:
        """A recording begins now."""
        now = self._clock.now()
        recording = Recording(new_sid("RE"), call_sid, source, channels, stored_channels, "in-progress", now, now, now)
        with self._lock:
            self._recordings[recording.sid] = recording
            self._write(recording)
        return recording

    def plant(
        self, call_sid: str, path: Path, channels: int, duration_s: int, *, source: str, start_time: datetime | None
    ) -> Recording:
        """A completed recording whose media is given: linked where the file system can, copied where not."""
        recording = self.new(call_sid, source, channels, channels)
        target = self.media(recording)
        try:
            os.link(path, target)
        except OSError:
            shutil.copyfile(path, target)
        if start_time is not None:
            recording.start_time = recording.date_created = start_time
        self.change(recording, "completed", duration_s=duration_s)
        return recording

    def change(
        self, recording: Recording, status: str, *, duration_s: int | None = None, error_code: int | None = None
    ) -> None:
        """The recording's status changes now."""
        with self._lock:
            recording.status, recording.date_updated = status, self._clock.now()
            recording.duration_s = recording.duration_s if duration_s is None else duration_s
            recording.error_code = recording.error_code if error_code is None else error_code
            self._write(recording)

    def delete(self, recording: Recording) -> None:
        """The media goes at once; the facts stay for a while as `deleted`."""
        self.media(recording).unlink(missing_ok=True)
        self.change(recording, "deleted")

    def media(self, recording: Recording) -> Path:
        """Where the media is, or will be."""
        return self._home / f"{recording.sid}.wav"

    def get(self, sid: str, *, deleted: bool = False) -> Recording | None:
        """A recording by its SID; one that was deleted only where `deleted` asks for those too."""
        with self._lock:
            found = self._recordings.get(sid)
        return found if found and self._shown(found, deleted=deleted) else None

    def all(self, *, call_sid: str = "", deleted: bool = False) -> list[Recording]:
        """The newest first."""
        with self._lock:
            found = sorted(self._recordings.values(), key=lambda r: r.date_created, reverse=True)
        return [r for r in found if call_sid in {"", r.call_sid} and self._shown(r, deleted=deleted)]

    def _shown(self, recording: Recording, *, deleted: bool) -> bool:
        if recording.status != "deleted":
            return True
        return deleted and self._clock.now() - recording.date_updated < KEPT

    def _write(self, recording: Recording) -> None:
        path = self._home / f"{recording.sid}.json"
        unfinished = path.with_suffix(".json.part")
        unfinished.write_text(json.dumps(asdict(recording), default=datetime.isoformat))
        unfinished.replace(path)


def _read(facts: dict[str, object]) -> Recording:
    times = ("date_created", "date_updated", "start_time")
    known = {
        name: datetime.fromisoformat(value) if name in times and isinstance(value, str) else value
        for name, value in facts.items()
    }
    return Recording(**known)  # type: ignore[arg-type]
