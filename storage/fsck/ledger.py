"""The ledger, and the content of the media, as a part of looking at everything."""

from collections.abc import Iterator
from functools import partial

import sqlalchemy as sa

from storage.database import Database
from storage.fsck.discrepancy import Discrepancy
from storage.ledger.verify import Verification, check_media
from storage.models import StoredObject
from storage.playback import Playback, whole

AT_ONCE = 500


class LedgerLook:
    """Every leaf reckoned anew from the rows."""

    name = "ledger"

    def __init__(self, verification: Verification) -> None:
        self._verification = verification
        self.seen = 0

    def look(self) -> Iterator[Discrepancy]:
        for problem in self._verification.problems():
            yield Discrepancy("not_as_told", problem.where, f"{problem.what[0].upper()}{problem.what[1:]}.")
        self.seen = self._verification.leaves


class ContentLook:
    """Every stored object read to its end, and its hash compared. Long: as long as reading all of it takes."""

    name = "content"

    def __init__(self, database: Database, playback: Playback) -> None:
        self._database = database
        self._playback = playback
        self.seen = 0

    def look(self) -> Iterator[Discrepancy]:
        self.seen, last = 0, ""
        while page := self._page(last):
            for row in page:
                self.seen += 1
                wrong = check_media(row.sha256 or "", partial(self._playback.read, whole(row)))
                if wrong is not None and self._still_stored(row.id):
                    yield Discrepancy("content_differs", row.id, f"Its content {wrong}. Bring it back from a backup.")
            last = page[-1].id

    def _page(self, after: str) -> list[StoredObject]:
        with self._database.read() as session:
            return list(
                session.scalars(
                    sa.select(StoredObject)
                    .where(StoredObject.state == "stored", StoredObject.id > after)
                    .order_by(StoredObject.id)
                    .limit(AT_ONCE)
                )
            )

    def _still_stored(self, object_id: str) -> bool:
        with self._database.read() as session:
            return session.scalar(sa.select(StoredObject.state).where(StoredObject.id == object_id)) == "stored"
