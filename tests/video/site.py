"""A centre with cameras and a recorder, and the question that matters: is every frame stored, or in a recorded gap?"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import sqlalchemy as sa

from config.clock import SystemClock
from storage.intake import Intake
from storage.models import Camera, Gap, Segment, StoredObject, Zone
from storage.models.columns import random_id
from tests.storage.plain_house import PlainHouse
from tests.video import footage
from tests.video.habits import HABITS, LOOPBACK
from video.addresses import Allowed, Credentials
from video.recorder import Recorder, Subject
from video.sources import open_source
from video.spool import Spool
from video.upload import Upload

# Far more than anything here takes: who waits as long has found a mistake.
PATIENCE_S = 120.0


def wait_until(true: Callable[[], object]) -> None:
    """Wait for a state. Fails if it does not come."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.02)


class Site:
    """Cameras of a plain house, recorded by a recorder of this process."""

    def __init__(self, house: PlainHouse, home: Path, limit_bytes: int = 1 << 30, reserve_bytes: int = 0) -> None:
        self.house = house
        self.home = home
        self.clock = SystemClock()
        self.spool = Spool(home / "spool", limit_bytes, reserve_bytes)
        self.intake = Intake(house.database, house.store, house.keys, self.clock)
        self.upload = Upload(self.spool, house.database, self.intake, self.clock)
        self.addresses: dict[str, str] = {}
        with house.database.begin() as session:
            now = self.clock.now()
            zone = Zone(id=random_id(), centre_id=house.centre_id, code="lobby", name="Lobby", created_at=now)
            session.add(zone)
        self.zone_id = zone.id

    def add(self, code: str, address: str) -> str:
        """A camera; returns its id."""
        row = Camera(
            id=random_id(),
            centre_id=self.house.centre_id,
            zone_id=self.zone_id,
            code=code,
            address=address,
            created_at=self.clock.now(),
        )
        with self.house.database.begin() as session:
            session.add(row)
        self.addresses[row.id] = address
        return row.id

    def subject(self, camera_id: str, credentials: Credentials | None = None) -> Subject:
        """How the recorder sees it."""
        allowed = Allowed(LOOPBACK.networks, self.home)
        return Subject(camera_id, lambda: open_source(allowed.reach(self.addresses[camera_id], credentials), 5.0, 10.0))

    @contextmanager
    def recorded(self, *subjects: Subject) -> Iterator[Recorder]:
        """Record while the block lasts, and then end orderly, with everything stored."""
        wanted = subjects or tuple(self.subject(each) for each in self.addresses)
        recorder = Recorder(self.spool, self.upload, self.clock, lambda: list(wanted), HABITS)
        thread = threading.Thread(target=recorder.run)
        thread.start()
        try:
            yield recorder
        finally:
            recorder.stopping.set()
            thread.join()

    def segments(self, camera_id: str) -> list[Segment]:
        """What is stored, in order."""
        with self.house.database.read() as session:
            stored = sa.select(Segment).join(StoredObject, StoredObject.id == Segment.object_id)
            found = stored.where(Segment.camera_id == camera_id, StoredObject.state == "stored")
            return list(session.scalars(found.order_by(Segment.began_at)))

    def runs(self, camera_id: str) -> set[str]:
        """Of which anything is stored."""
        return {each.run_id for each in self.segments(camera_id)}

    def gaps(self, camera_id: str) -> list[Gap]:
        """In order."""
        with self.house.database.read() as session:
            return list(session.scalars(sa.select(Gap).where(Gap.camera_id == camera_id).order_by(Gap.started_at)))

    def reasons(self, camera_id: str) -> list[str]:
        return [gap.reason for gap in self.gaps(camera_id)]

    def media(self, segment: Segment) -> bytes:
        return self.house.content(segment.object_id)

    def check_line(self, camera_id: str) -> list[Segment | Gap]:
        """Segments and gaps in order: each begins where the one before it ends, and there is always a last one."""
        things: list[Segment | Gap] = [*self.segments(camera_id), *self.gaps(camera_id)]
        things.sort(key=_begin)
        for before, after in pairwise(things):
            assert before.ended_at == _begin(after)
        assert things[-1].ended_at is None
        return things

    def account(self, camera_id: str, sent: Sequence[int]) -> list[int]:
        """Every frame that was sent is stored once, or lies where a gap is recorded. Returns what is stored.

        By structure, not by the clock: behind the last stored frame before missing ones there must be a gap, and
        segments and gaps must follow one another without a hole and without an overlap.
        """
        things = self.check_line(camera_id)
        stored: list[int] = []
        gap_since, last = False, -1
        for thing in things:
            if isinstance(thing, Gap):
                gap_since = True
                continue
            shown = footage.numbers(self.media(thing))
            assert len(shown) == thing.packets == sum(row[4] for row in thing.fragments)
            assert shown == [number for number in sent if shown[0] <= number <= shown[-1]], "one is missing within"
            missing = [number for number in sent if last < number < shown[0]]
            assert gap_since or not missing, f"{missing} are nowhere"
            assert shown[0] > last
            stored += shown
            gap_since, last = False, shown[-1]
        assert gap_since, "and whatever came after that lies in the gap that lasts"
        return stored


def _begin(thing: Segment | Gap) -> datetime:
    return thing.began_at if isinstance(thing, Segment) else thing.started_at
