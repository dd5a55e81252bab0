"""After a crash: what of the spool is whole, up to when there is something, and since when there is a gap.

Killed at any instruction, it can be repeated: what comes later is begun before what came before is finished.
"""

import mmap
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import structlog

from video.boxes import NotWhole, layout
from video.facts import Begun, Finished, Gap, Reason, found_whole, read_begun, read_finished, read_gap
from video.spool import CameraSpool, OpenGap

log = structlog.get_logger()


@dataclass(frozen=True)
class Thing:
    """One thing in the spool: a segment that was begun, one that is finished, or a gap."""

    path: Path
    begun: Begun
    finished: Finished | None = None

    @property
    def began_at(self) -> datetime:
        return self.begun.began_at


@dataclass(frozen=True)
class GapThere:
    """A gap in the spool."""

    path: Path
    gap: Gap

    @property
    def began_at(self) -> datetime:
        return self.gap.started_at


def recover(spool: CameraSpool, now: datetime, why: Reason = Reason.RECORDER_KILLED) -> OpenGap:
    """Finish what nobody finished, and find (or begin) the gap that lasts.

    Args:
        spool: the camera's.
        now: the moment: a camera of which there is nothing yet begins here.
        why: what broke off a segment that nobody finished.

    Raises:
        OSError, ValueError: the spool cannot be read or written.
    """
    things = _things(spool)
    last = things[-1] if things else None
    if isinstance(last, GapThere) and last.gap.ended_at is None:
        gap = OpenGap(spool, last.path, last.gap)
    elif last is None:
        gap = spool.open_gap(now, Reason.STARTING)
    else:
        gap = spool.open_gap(_end_of(spool, last), why)
        things.append(GapThere(gap.path, gap.gap))
    for thing, after in pairwise(things):
        if isinstance(thing, GapThere):
            if thing.gap.ended_at is None:
                spool.rewrite(thing.path, thing.gap.closed(after.began_at))
        elif thing.finished is None:
            _settle(spool, thing, after.began_at)
    return gap


def _things(spool: CameraSpool) -> list[Thing | GapThere]:
    """What is there, in order. Facts of a segment whose media is stored and removed stay, for the upload."""
    found: list[Thing | GapThere] = []
    for path in spool.paths():
        kinds = {kind: path.with_suffix(kind) for kind in (".begun", ".part", ".mp4", ".json")}
        if path.suffix == ".begun":
            begun = spool.read(path, read_begun)
            found += [] if begun is None else [Thing(kinds[".part"], begun)]
        elif path.suffix == ".gap":
            with suppress(FileNotFoundError):  # stored meanwhile
                gap = spool.read(path, read_gap)
                found += [] if gap is None else [GapThere(path, gap)]
        elif path.suffix == ".json" and not kinds[".begun"].exists():
            with suppress(FileNotFoundError):  # stored meanwhile
                finished = spool.read(path, read_finished)
                found += [] if finished is None else [Thing(kinds[".mp4"], finished.begun, finished)]
        elif path.suffix == ".tmp":
            path.unlink()
    return found


def _end_of(spool: CameraSpool, thing: Thing | GapThere) -> datetime:
    if isinstance(thing, GapThere):
        return thing.gap.ended_at or thing.gap.started_at
    finished = thing.finished or _whole(spool, thing)
    return thing.began_at if finished is None else finished.ended_at


def _settle(spool: CameraSpool, thing: Thing, ended_at: datetime) -> None:
    """Finish a segment behind which something else was begun: it ended where that begins."""
    begun = thing.path.with_suffix(".begun")
    finished = _whole(spool, thing)
    if not thing.path.exists():
        begun.unlink()  # it was finished, but for this
    elif finished is None:
        spool.count(-thing.path.stat().st_size)
        thing.path.unlink()
        begun.unlink()
    else:
        cut = thing.path.stat().st_size - finished.bytes
        os.truncate(thing.path, finished.bytes)
        spool.count(-cut)
        spool.finish(thing.path, replace(finished, ended_at=ended_at))
        log.info("segment_salvaged", camera=spool.camera_id, segment=finished.begun.id, bytes_cut=cut)


def _whole(spool: CameraSpool, thing: Thing) -> Finished | None:
    """A segment that was begun, as far as it is whole."""
    with suppress(FileNotFoundError):
        if (finished := spool.read(thing.path.with_suffix(".json"), read_finished)) is not None:
            return finished
    try:
        with thing.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return found_whole(thing.begun, layout(data))
    except (FileNotFoundError, NotWhole, ValueError):  # ValueError: it is empty
        return None
