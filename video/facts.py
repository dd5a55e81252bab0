"""What is known of what was recorded, as it lies in the spool beside the media: runs, segments, gaps. Pure.

All of it is JSON, so that a recorder whose database is away, or that was killed, has lost nothing of it.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from video.boxes import Fragment, Layout
from video.timing import TIMESCALE


class Reason(StrEnum):
    """Why nothing was recorded."""

    STARTING = "starting"
    RECORDER_STOPPED = "recorder_stopped"
    RECORDER_KILLED = "recorder_killed"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    FORBIDDEN = "forbidden"
    UNSUPPORTED = "unsupported"
    STALLED = "stalled"
    ENDED = "ended"
    RUNAWAY = "runaway"
    SPOOL_FULL = "spool_full"
    NO_SIGN = "no_sign"
    OFF = "off"
    HANDED_OVER = "handed_over"
    SUPERSEDED = "superseded"
    FAILED = "failed"


@dataclass(frozen=True)
class Run:
    """A stretch in which a stream did not break off."""

    id: str
    camera_id: str
    began_at: datetime
    clock_said: datetime
    codec: str
    width: int
    height: int
    lease: int = 0


@dataclass(frozen=True)
class Begun:
    """A segment as far as it is known when it begins. `media_begin` in ticks of its run."""

    id: str
    run: Run
    number: int
    began_at: datetime
    media_begin: int


@dataclass(frozen=True)
class Finished:
    """A segment that is whole."""

    begun: Begun
    ended_at: datetime
    init_bytes: int
    fragments: tuple[Fragment, ...]

    @property
    def media_end(self) -> int:
        """Where its last packet ends, in ticks of its run."""
        return self.fragments[-1].end

    @property
    def packets(self) -> int:
        return sum(each.packets for each in self.fragments)

    @property
    def bytes(self) -> int:
        return self.fragments[-1].offset + self.fragments[-1].size


@dataclass(frozen=True)
class Gap:
    """A stretch of which there is nothing. `ended_at` None: it lasts."""

    id: str
    camera_id: str
    started_at: datetime
    ended_at: datetime | None
    reason: Reason

    def closed(self, at: datetime) -> "Gap":
        """The same, ended. It is never shorter than nothing."""
        return replace(self, ended_at=max(at, self.started_at))


def found_whole(begun: Begun, layout: Layout) -> Finished | None:
    """A segment that nobody finished, by what of its file is whole; None if nothing is."""
    if not layout.fragments:
        return None
    ticks = layout.fragments[-1].end - begun.media_begin
    ended_at = begun.began_at + timedelta(seconds=ticks / TIMESCALE)
    return Finished(begun, ended_at, layout.init_bytes, layout.fragments)


def written(told: Begun | Finished | Gap) -> bytes:
    """As it lies in the spool."""
    plain = asdict(told)
    if isinstance(told, Finished):
        plain["fragments"] = [each.row() for each in told.fragments]
    return json.dumps(plain, default=_text).encode()


def _text(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(type(value).__name__)
    return value.astimezone(UTC).isoformat()


def read_begun(data: bytes) -> Begun:
    """Raises ValueError, KeyError or TypeError if it is none."""
    return _begun(json.loads(data))


def read_finished(data: bytes) -> Finished:
    """Raises ValueError, KeyError or TypeError if it is none."""
    told = json.loads(data)
    fragments = tuple(Fragment.of(row) for row in told["fragments"])
    return Finished(_begun(told["begun"]), _moment(told["ended_at"]), told["init_bytes"], fragments)


def read_gap(data: bytes) -> Gap:
    """Raises ValueError, KeyError or TypeError if it is none."""
    told = json.loads(data)
    ended_at = None if told["ended_at"] is None else _moment(told["ended_at"])
    return Gap(told["id"], told["camera_id"], _moment(told["started_at"]), ended_at, Reason(told["reason"]))


def _begun(told: dict[str, Any]) -> Begun:
    run = told["run"] | {name: _moment(told["run"][name]) for name in ("began_at", "clock_said")}
    return Begun(told["id"], Run(**run), told["number"], _moment(told["began_at"]), told["media_begin"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
