"""Who records which camera, where several recorders share them.

A lease has a number that counts up with every claim. Who cannot renew its leases records on: better twice than not at
all, and of what two recorded, the higher number's counts (line.py). A recorder that begins anew resumes its own cameras
at once; a dead one's are taken over when their leases have run out. One that joins takes its share from those who have
more than theirs: they record on until the new one does.

Not every recorder reaches every camera. Which centres' it may take is set; what it cannot open for a minute it lets go,
where another one lives, and takes it from nobody for an hour. What nobody has taken for a while is anybody's, whatever
their share. Who gets back what it could not open has more patience each time: a camera that is dead goes round slowly.

The clocks of all machines must agree to a second or two, as those of any installation must.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.models import CameraLease, RecorderSeen

LEASE_FOR = timedelta(seconds=12)
# Who cannot open a camera keeps it for that long at least: the others shall not hand it on faster.
TRIES_FOR = timedelta(minutes=1)
# And for twice as long each time it comes back to it and cannot be opened still, so often.
MOST_DOUBLED = 3
# Who has had a camera for that long, and is not said to be unable to open it, has opened it.
OPENED_AFTER = timedelta(minutes=5)
# How long it leaves it to them, where they have it.
LEAVES_FOR = timedelta(hours=1)
NOBODY = ""
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
        self._left_until: dict[str, datetime] = {}
        self._let_go: Counter[str] = Counter()
        self._free_since: dict[str, datetime] = {}

    def hold(
        self,
        session: Session,
        camera_ids: Iterable[str],
        unopened: Collection[str] = frozenset(),
        *,
        all_may: bool = True,
    ) -> dict[str, int]:
        """In the caller's transaction: renew what is held, claim what is free. Returns the number of each lease held.

        Args:
            session: the transaction.
            camera_ids: of all cameras that this recorder may have, whoever has them.
            unopened: those that it tries to open, and cannot.
            all_may: whether every recorder may have these. If not, nobody knows who else may: what is free is claimed
                at once, and shared when another one comes.
        """
        _one_at_a_time(session)
        now = self._clock.now()
        wanted = sorted(set(camera_ids))
        alive = self._say_that_we_live(session)
        rows = {row.camera_id: row for row in session.scalars(sa.select(CameraLease)) if row.camera_id in set(wanted)}
        for row in rows.values():
            if row.holder != self._holder:
                continue
            if alive > 1 and row.camera_id in unopened and row.claimed_at <= now - self._patience(row.camera_id):
                row.holder, row.until = NOBODY, now
                self._left_until[row.camera_id] = now + LEAVES_FOR
                self._let_go[row.camera_id] += 1
                continue
            if row.camera_id not in unopened and self._resumed and row.claimed_at <= now - OPENED_AFTER:
                del self._let_go[row.camera_id]
            # A process that begins anew counts up: what it finds in its spool was recorded under the old number.
            row.number += 0 if self._resumed else 1
            row.claimed_at = row.claimed_at if self._resumed else now
            row.until = now + LEASE_FOR
        self._resumed = True
        most, least = -(-len(wanted) // alive), len(wanted) // alive
        ours = sum(row.holder == self._holder for row in rows.values())
        for camera_id in self._free(rows, wanted, now):
            free_for = now - self._free_since[camera_id]
            # Others first, who have room for it, or may be able to open it.
            at_once = ours < most or not all_may
            if free_for >= (2 if self._leaves(camera_id, now) else 0 if at_once else 1) * LEASE_FOR:
                rows[camera_id] = self._claim(session, camera_id, rows.get(camera_id))
                ours += 1
        having = Counter(row.holder for row in rows.values())
        for camera_id in wanted:
            before = rows.get(camera_id)
            if before is None or before.holder == self._holder or ours >= least or self._leaves(camera_id, now):
                continue
            if having[before.holder] > most:
                having[before.holder] -= 1
                rows[camera_id] = self._claim(session, camera_id, before)
                ours += 1
        session.flush()
        return {camera_id: row.number for camera_id, row in rows.items() if row.holder == self._holder}

    def _free(self, rows: Mapping[str, CameraLease], wanted: Sequence[str], now: datetime) -> list[str]:
        """Which cameras nobody has; since when this recorder has seen that is noted."""
        found = [each for each in wanted if (row := rows.get(each)) is None or row.until <= now]
        self._free_since = {each: self._free_since.get(each, now) for each in found}
        return found

    def _patience(self, camera_id: str) -> timedelta:
        return TRIES_FOR * int(2 ** min(self._let_go[camera_id], MOST_DOUBLED))

    def _leaves(self, camera_id: str, now: datetime) -> bool:
        return self._left_until.get(camera_id, now) > now

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
