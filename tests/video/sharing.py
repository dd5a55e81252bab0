"""Two recorders that share a site's cameras, each with a spool and leases of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from storage.models import Camera, CameraLease, Gap, Segment
from tests.video import footage
from tests.video.habits import HABITS
from tests.video.site import Site, wait_until
from video.leases import Leases
from video.line import known_until
from video.recorder import Recorder, Subject
from video.spool import Spool
from video.upload import Upload


class Away(Exception):
    """The database, for this recorder."""


class Member:
    """One recorder. `alone` takes its database away: it knows nothing of leases, and stores nothing."""

    def __init__(self, site: Site, home: Path) -> None:
        self.site = site
        self.spool = Spool(home, 1 << 30, reserve_bytes=0)
        self.upload = Upload(self.spool, site.house.database, site.intake, site.clock)
        self.leases = Leases(site.house.database, site.clock, self.spool.identity)
        self.alone = False
        self.recorder = Recorder(self.spool, self.upload, site.clock, self.subjects, HABITS)

    def subjects(self) -> list[Subject]:
        if self.alone:
            raise Away
        with self.site.house.database.begin() as session:
            cameras = list(session.scalars(sa.select(Camera.id)))
            held = self.leases.hold(session, cameras)
            since = {camera_id: known_until(session, camera_id) for camera_id in held}
        opens = {camera_id: self.site.subject(camera_id).open_stream for camera_id in held}
        return [Subject(each, opens[each], number, None, since[each]) for each, number in held.items()]

    @contextmanager
    def on(self) -> Iterator["Member"]:
        """Records while the block lasts; ends orderly."""
        thread = threading.Thread(target=self.recorder.run)
        thread.start()
        try:
            yield self
        finally:
            self.recorder.stopping.set()
            thread.join()

    def holds(self) -> set[str]:
        return {each for each, (holder, _) in numbers(self.site).items() if holder == self.spool.identity}


def numbers(site: Site) -> dict[str, tuple[str, int]]:
    """Whose each camera's lease is, and its number."""
    with site.house.database.read() as session:
        return {row.camera_id: (row.holder, row.number) for row in session.scalars(sa.select(CameraLease))}


def counted(site: Site, segment: Segment) -> bytes:
    """A segment's media: what of its object counts."""
    media = site.media(segment)
    return media[: segment.init_bytes] + b"".join(media[each[0] : each[0] + each[1]] for each in segment.fragments)


def account(site: Site, camera_id: str, sent: list[int]) -> list[int]:
    """Every frame is stored exactly once, or lies where a gap is. Returns what is stored."""
    things = site.check_line(camera_id)
    stored: list[int] = []
    gap_since, last = False, -1
    for thing in things:
        if isinstance(thing, Gap):
            gap_since = True
            continue
        shown = footage.numbers(counted(site, thing))
        assert len(shown) == thing.packets
        assert shown[0] > last, "it is in two segments"
        assert gap_since or shown[0] == last + 1, f"{last + 1} to {shown[0] - 1} are nowhere"
        assert shown == list(range(shown[0], shown[-1] + 1))
        stored += shown
        gap_since, last = False, shown[-1]
    assert set(stored) <= set(sent)
    return stored


__all__ = ["Member", "account", "counted", "numbers", "wait_until"]
