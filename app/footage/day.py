"""A camera's day as its page shows it, in the time of its centre; and a span of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.moments import midnight, moment, typed_day
from app.privacy.holds import would_hold
from storage.errors import Refused
from storage.models import Camera, Segment, StoredObject
from storage.retention.holds import Span
from video.clips_asked import LONGEST_CONVERTED
from video.footage import codecs, line, previewed
from video.timeline import DELETED, DELETING, GAP, RECORDED, Stretch, by_minute, total_s

TICKS = 8
LONGEST_SPAN = timedelta(hours=24)
OFFERED = timedelta(minutes=5)


@dataclass(frozen=True)
class Bounds:
    """A day of a place, from midnight to midnight: 23 to 25 hours."""

    day: date
    zone: ZoneInfo
    begin: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        return round((self.end - self.begin).total_seconds() / 60)

    def x(self, at: datetime) -> float:
        """Minutes since the day began."""
        return round((at - self.begin).total_seconds() / 60, 3)


@dataclass(frozen=True)
class Day:
    """What is known of it. `motion`: a level for each minute, 0 to 255; None: not for this reader."""

    bounds: Bounds
    line: Sequence[Stretch]
    motion: Sequence[int] | None
    codecs: frozenset[str]
    seen_at: datetime

    @property
    def recorded_s(self) -> float:
        return total_s(self.line, RECORDED)

    @property
    def gaps(self) -> list[Stretch]:
        # One without length says why something was tried; nothing is missing in it.
        return [each for each in self.line if each.kind == GAP and each.end > each.begin]

    @property
    def offered(self) -> tuple[datetime, datetime]:
        """A span to begin with, in whole seconds: the last minutes that were recorded, else the day's first."""
        last = next((each for each in reversed(self.line) if each.kind == RECORDED), None)
        end = self.bounds.begin + OFFERED if last is None else last.end.replace(microsecond=0) + timedelta(seconds=1)
        return max(end - OFFERED, self.bounds.begin if last is None else last.begin.replace(microsecond=0)), end

    @property
    def gone_s(self) -> float:
        return total_s(self.line, DELETED) + total_s(self.line, DELETING)

    @property
    def held_s(self) -> float:
        return sum(each.seconds for each in self.line if each.held)

    @property
    def ticks(self) -> list[datetime]:
        """Moments to write below the line, evenly."""
        bounds = self.bounds
        return [bounds.begin + (bounds.end - bounds.begin) * number / TICKS for number in range(TICKS)]

    @property
    def bars(self) -> str:
        """The motion as an SVG path: a line upwards for each minute in which something moved."""
        return "".join(
            f"M{minute + 0.5} 40V{round(40 - level * 28 / 255, 1)}"
            for minute, level in enumerate(self.motion or ())
            if level
        )


@dataclass(frozen=True)
class SpanSeen:
    """What lies in a span that somebody marked, before they hold it or take it away."""

    begin: datetime
    end: datetime
    segments: int
    seconds: float
    gaps: Sequence[Stretch]
    gone: int
    held_objects: int
    """How many objects a hold over it would keep now: segments, what is derived from them, clips of nothing else."""
    held_bytes: int
    codecs: frozenset[str]
    first_goes: datetime | None
    """When the first of it is deleted, unless it is held."""

    @property
    def can_be_converted(self) -> bool:
        """Whether there is something that few browsers play, and no more than is converted at once."""
        return "hevc" in self.codecs and self.segments > 0 and self.end - self.begin <= LONGEST_CONVERTED


def bounds_of(camera: Camera, text: str | None, now: datetime) -> Bounds:
    """A day as it is typed (`2026-11-22`), else today. Raises `Refused` if it is none."""
    zone = ZoneInfo(camera.centre.timezone)
    of = typed_day(text, "day") if text else now.astimezone(zone).date()
    return Bounds(of, zone, midnight(of, zone), midnight(of, zone, 1))


def day_of(session: Session, camera: Camera, bounds: Bounds, now: datetime, *, pictures: bool) -> Day:
    """A camera's day; with motion only for who may see its pictures, which tell the same."""
    motion = None
    if pictures:
        looks = previewed(session, camera.id, bounds.begin, bounds.end)
        motion = by_minute(((each.began_at, each.motion) for each in looks), bounds.begin, bounds.minutes)
    return Day(
        bounds,
        line(session, camera.id, bounds.begin, bounds.end, now),
        motion,
        frozenset(codecs(session, camera.id, bounds.begin, bounds.end)),
        now,
    )


def span_of(from_text: str | None, to_text: str | None, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A span as a form gives it. Raises `Refused` if it is none, or longer than a day."""
    begin, end = moment(from_text, zone, "from"), moment(to_text, zone, "to")
    if end <= begin:
        raise Refused("--to: a span ends after it begins")
    if end - begin > LONGEST_SPAN:
        raise Refused("a span is a day at most")
    return begin, end


def span_seen(session: Session, camera: Camera, begin: datetime, end: datetime, now: datetime) -> SpanSeen:
    """What lies between two moments of a camera."""
    touching = (Segment.camera_id == camera.id, Segment.began_at < end, Segment.ended_at > begin)
    near = Segment.began_at > begin - timedelta(days=1)
    joined = sa.select(
        sa.func.count().filter(StoredObject.state == "stored"),
        sa.func.count().filter(StoredObject.state.in_(("deleting", "deleted"))),
        sa.func.min(sa.case((StoredObject.state == "stored", StoredObject.delete_after))),
    ).select_from(Segment)
    kept, gone, goes = session.execute(
        joined.join(StoredObject, StoredObject.id == Segment.object_id).where(*touching, near)
    ).one()
    there = line(session, camera.id, begin, end, now)
    gaps = [each for each in there if each.kind == GAP]
    objects, octets = would_hold(session, Span(camera.id, begin, end))
    return SpanSeen(
        begin,
        end,
        kept,
        total_s(there, RECORDED),
        gaps,
        gone,
        objects,
        octets,
        frozenset(codecs(session, camera.id, begin, end)),
        goes,
    )
