"""Who records which camera, where several recorders share them.

A lease has a number that counts up with every claim. Who cannot renew its leases records on: better twice than not at
all, and of what two recorded, the higher number's counts (line.py). A recorder that begins anew resumes its own cameras
at once; a dead one's are taken over when their leases have run out. One that joins takes its share from those who have
more than theirs: they record on until the new one does.

The clocks of all machines must agree to a second or two, as those of any installation must.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.models import CameraLease, RecorderSeen

LEASE_FOR = timedelta(seconds=12)
LEASES_LOCK = 0x65736B6C


class Leases:
    """The leases of one recorder. `holder` is its spool's identity: whoever has the spool is that recorder."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        holder: str,
        name: str = "recorder",
        spool: Callable[[], tuple[int, int | None]] = lambda: (0, None),
    ) -> None:
        self._database = database
        self._clock = clock
        self._holder = holder
        self._name = name
        self._spool = spool
        self._resumed = False

    def hold(self, session: Session, camera_ids: Iterable[str]) -> dict[str, int]:
        """In the caller's transaction: renew what is held, claim what is free. Returns the number of each lease held.

        Args:
            camera_ids: of all cameras that somebody is to have, whoever it is.
        """
        _one_at_a_time(session)
        now = self._clock.now()
        wanted = sorted(set(camera_ids))
        alive = self._say_that_we_live(session)
        rows = {row.camera_id: row for row in session.scalars(sa.select(CameraLease)) if row.camera_id in set(wanted)}
        for row in rows.values():
            if row.holder == self._holder:
                # A process that begins anew counts up: what it finds in its spool was recorded under the old number.
                row.number += 0 if self._resumed else 1
                row.claimed_at = row.claimed_at if self._resumed else now
                row.until = now + LEASE_FOR
        self._resumed = True
        most, least = -(-len(wanted) // alive), len(wanted) // alive
        ours = sum(row.holder == self._holder for row in rows.values())
        for camera_id in wanted:
            before = rows.get(camera_id)
            if ours < most and (before is None or (before.holder != self._holder and before.until <= now)):
                rows[camera_id] = self._claim(session, camera_id, before)
                ours += 1
        having = Counter(row.holder for row in rows.values())
        for camera_id in wanted:
            before = rows.get(camera_id)
            if before is None or before.holder == self._holder or ours >= least:
                continue
            if having[before.holder] > most:
                having[before.holder] -= 1
                rows[camera_id] = self._claim(session, camera_id, before)
                ours += 1
        session.flush()
        return {camera_id: row.number for camera_id, row in rows.items() if row.holder == self._holder}

    def release(self) -> None:
        """Let others claim what was held, at once."""
        with self._database.begin() as session:
            _one_at_a_time(session)
            session.execute(
                sa.update(CameraLease).where(CameraLease.holder == self._holder).values(until=self._clock.now())
            )
            session.execute(sa.delete(RecorderSeen).where(RecorderSeen.id == self._holder))

    def _claim(self, session: Session, camera_id: str, row: CameraLease | None) -> CameraLease:
        now = self._clock.now()
        if row is None:
            row = CameraLease(camera_id=camera_id, number=0, holder=self._holder, claimed_at=now, until=now)
            session.add(row)
        row.number, row.holder, row.claimed_at, row.until = row.number + 1, self._holder, now, now + LEASE_FOR
        return row

    def _say_that_we_live(self, session: Session) -> int:
        """Returns how many recorders live, this one included."""
        now = self._clock.now()
        row = session.get(RecorderSeen, self._holder)
        if row is None:
            row = RecorderSeen(id=self._holder, name=self._name, seen_at=now, spool_bytes=0)
            session.add(row)
        row.name, row.seen_at = self._name, now
        row.spool_bytes, row.full_in_s = self._spool()
        session.flush()
        living = sa.select(sa.func.count()).select_from(RecorderSeen).where(RecorderSeen.seen_at > now - LEASE_FOR)
        return max(session.scalar(living) or 0, 1)


def _one_at_a_time(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(LEASES_LOCK)))


def lease_numbers(session: Session) -> dict[str, tuple[str, int]]:
    """Of each camera's lease whose it is, and its number."""
    found = sa.select(CameraLease.camera_id, CameraLease.holder, CameraLease.number)
    return {camera_id: (holder, number) for camera_id, holder, number in session.execute(found)}
