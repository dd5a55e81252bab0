"""A segment in the spool of which not everything can be read: its file is cut, or gone, or the disk fails.

What is whole of it is stored; the rest is a gap, `failed`, and a person is told.
"""

import struct
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import takewhile
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from storage.findings import note_finding
from storage.models import RecordingRun, Segment, StoredObject
from storage.retention.claim import claim
from video.boxes import Fragment, NotWhole, layout
from video.facts import Finished, Reason
from video.line import fill_holes, lock_line

log = structlog.get_logger()

CHUNK_BYTES = 1 << 20
# Why the object of a segment goes of which nothing can be read.
CAUSE = "never_came"


class Media:
    """A segment's bytes: the init part, and these fragments. `broken` once not all of them could be read."""

    def __init__(self, path: Path, init_bytes: int, pieces: Sequence[Fragment]) -> None:
        self._path = path
        self._pieces = [(0, init_bytes), *((each.offset, each.size) for each in pieces)]
        self.length = sum(size for _, size in self._pieces)
        self.broken = False

    def __iter__(self) -> Iterator[bytes]:
        self.broken = True  # until it has been read
        with self._path.open("rb") as file:
            for offset, size in self._pieces:
                file.seek(offset)
                left = size
                while left:
                    chunk = file.read(min(left, CHUNK_BYTES))
                    if not chunk:
                        return
                    left -= len(chunk)
                    self.broken = False
                    yield chunk
                    self.broken = True
        self.broken = False


def give_up(session: Session, path: Path, finished: Finished, now: datetime) -> bool:
    """Let a segment's row, which is there, tell only what can be read. Its object goes, if that is nothing.

    Returns False if everything can be read (again), and nothing was changed.
    """
    camera_id = finished.begun.run.camera_id
    lock_line(session, camera_id)
    row = session.get_one(Segment, finished.begun.id)
    whole = {each.begin for each in readable(path, finished)}
    left = list(takewhile(lambda each: each[2] in whole, row.fragments))
    if len(left) == len(row.fragments):
        return False
    before, ended_at = row.packets, row.ended_at
    row.packets = sum(each[4] for each in left)
    log.error("segment_unreadable", camera=camera_id, segment=row.id, packets=before, readable=row.packets)
    if left:
        media_end = left[-1][2] + left[-1][3]
        share = (media_end - row.media_begin) / (row.media_end - row.media_begin)
        row.ended_at, row.media_end = row.began_at + (ended_at - row.began_at) * share, media_end
    else:
        row.ended_at, row.media_end = row.began_at, row.media_begin
        claim(session, row.object_id, CAUSE, now)
    row.fragments = left
    session.get_one(StoredObject, row.object_id).counted_from = row.ended_at
    session.flush()
    lease = session.get_one(RecordingRun, row.run_id).lease
    fill_holes(session, camera_id, (row.began_at, ended_at), lease, Reason.FAILED)
    told = f"of segment {row.id} in the recorder's spool, {before - row.packets} of {before} frames cannot be read"
    note_finding(session, "footage_unreadable", camera_id, told, now)
    return True


def readable(path: Path, finished: Finished) -> tuple[Fragment, ...]:
    """The fragments from the first on that are as they were written, up to where the file cannot be read."""
    # Not by mmap: where a disk fails that ends the process.
    data = bytearray()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                data += chunk
    except OSError as error:
        log.warning("spool_failed", camera=finished.begun.run.camera_id, error=type(error).__name__)
    try:
        found = layout(bytes(data))
    except (NotWhole, struct.error):
        return ()
    if found.init_bytes != finished.init_bytes:
        return ()
    there = zip(finished.fragments, found.fragments, strict=False)
    return tuple(each for each, _ in takewhile(lambda pair: pair[0] == pair[1], there))
