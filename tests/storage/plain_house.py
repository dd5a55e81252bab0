"""Storage by itself: a database, keys, a store (in memory unless another is given), a clock, one centre; no calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from app.first_start import publish_shipped_policies
from storage.centres import add_centre
from storage.database import Base, Database
from storage.fsck.media import MediaLook
from storage.fsck.sweep import Sweep
from storage.intake import Arrival, Intake
from storage.models import Finding, StoredObject
from storage.objects.keys import KeyRing
from storage.objects.store import ObjectStore
from storage.playback import Playback, whole
from storage.retention.deletion import Deleter
from storage.retention.mirror import Mirror
from storage.retention.restored import Restored
from tests.backend import IN_ITS_HOME, Databases
from tests.objects.fake_store import MemoryStore
from tests.practice.customer import FastClock

LINE = "line0000"
CONTENT = b"what was said" * 20


class PlainHouse:
    """Enough to store, hold and delete."""

    def __init__(self, home: Path, databases: Databases = IN_ITS_HOME, real_store: ObjectStore | None = None) -> None:
        self.clock = FastClock()
        self.database = Database(databases.main or f"sqlite:///{home / 'eskertu.db'}")
        Base.metadata.create_all(self.database.engine)
        self.keys = KeyRing(databases.keys or f"sqlite:///{home / 'keys.db'}", bytes(32), self.clock)
        self.keys.create_all()
        self.store = MemoryStore()
        store = real_store or self.store
        store.ensure_bucket()
        self.intake = Intake(self.database, store, self.keys, self.clock)
        self.playback = Playback(store, self.keys)
        self.deleter = Deleter(self.database, store, self.keys, self.clock, [])
        self.mirror = Mirror(self.database, store, self.keys, self.clock)
        look = MediaLook(self.database, store, self.keys, self.playback, self.clock)
        self.sweep = Sweep(self.database, self.clock, look)
        self.restored = Restored(self.database, self.keys, store, self.clock)
        with self.database.begin() as session:
            publish_shipped_policies(session, self.clock.now())
            centre = add_centre(
                session,
                code="ast",
                name="Astana",
                jurisdiction="KZ",
                timezone="Asia/Almaty",
                languages=["kk"],
                now=self.clock.now(),
            )
        self.centre_id = centre.id

    @contextmanager
    def open(self) -> Iterator["PlainHouse"]:
        try:
            yield self
        finally:
            self.database.dispose()
            self.keys.close()

    def keep(
        self,
        purposes: tuple[str, ...] = ("training", "quality"),
        *,
        parent_id: str | None = None,
        began_at: datetime | None = None,
    ) -> str:
        """Store an object. Returns its id."""
        now = self.clock.now()
        arrival = Arrival(
            "recording" if parent_id is None else "peaks",
            self.centre_id,
            "audio/wav",
            purposes,
            LINE,
            began_at or now,
            now,
            parent_id,
        )
        with self.database.begin() as session:
            ticket = self.intake.expect(session, arrival)
        self.intake.bring_in(ticket, arrival, [CONTENT], len(CONTENT), lambda _session, _row: None)
        return ticket.object_id

    def row(self, object_id: str) -> StoredObject:
        with self.database.read() as session:
            return session.scalars(sa.select(StoredObject).where(StoredObject.id == object_id)).one()

    def states(self) -> dict[str, str]:
        with self.database.read() as session:
            return {row.id: row.state for row in session.execute(sa.select(StoredObject.id, StoredObject.state))}

    def content(self, object_id: str) -> bytes:
        """Its plain bytes, without asking who wants them."""
        return b"".join(self.playback.read(whole(self.row(object_id))))

    def findings(self) -> list[tuple[str, str]]:
        """What a person is to look at: (kind, subject), sorted."""
        with self.database.read() as session:
            return sorted((row.kind, row.subject) for row in session.scalars(sa.select(Finding)))
