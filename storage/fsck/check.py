"""Runs the looks, and mends what was found when asked to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.findings import note_finding
from storage.fsck.discrepancy import Discrepancy, Look
from storage.inferred import too_many
from storage.ledger.log import append

log = structlog.get_logger()


@dataclass(frozen=True)
class Seen:
    """What one look has found."""

    name: str
    looked_at: int
    found: tuple[Discrepancy, ...]

    @property
    def held_back(self) -> frozenset[str]:
        """Kinds whose repairs delete, where they would together delete too much to be believed."""
        deletions = [each.kind for each in self.found if each.repair is not None and each.repair.deletes]
        return frozenset(deletions if too_many(len(deletions), self.looked_at) else ())


@dataclass(frozen=True)
class Mended:
    """What became of one discrepancy: `done`, `not needed` any more, `held back`, `failed`, or `for a person`."""

    discrepancy: Discrepancy
    how: str
    error: Exception | None = None


class Fsck:
    """One installation, looked through."""

    def __init__(self, database: Database, clock: Clock, looks: Sequence[Look]) -> None:
        self._database = database
        self._clock = clock
        self._looks = looks

    @property
    def names(self) -> tuple[str, ...]:
        """What can be looked at, in order."""
        return tuple(look.name for look in self._looks)

    def check(self, only: Iterable[str] = ()) -> Iterator[Seen]:
        """Look at everything, or at what `only` names. Changes nothing."""
        wanted = set(only) or set(self.names)
        for look in self._looks:
            if look.name in wanted:
                found = tuple(look.look())
                yield Seen(look.name, look.seen, found)

    def repair(self, seen: Seen) -> Iterator[Mended]:
        """Mend what one look has found, one by one, each with a leaf; hold back what would delete too much."""
        for kind in sorted(seen.held_back):
            with self._database.begin() as session:
                note_finding(
                    session,
                    "repairs_held_back",
                    kind,
                    f"fsck would have deleted more than half of what it looked at ({kind}). Nothing of it was "
                    "deleted. Was a database restored, or another bucket set? Look at that first.",
                    self._clock.now(),
                )
        for each in seen.found:
            yield self._mend(each, held_back=each.kind in seen.held_back)

    def _mend(self, found: Discrepancy, *, held_back: bool) -> Mended:
        if found.repair is None:
            return Mended(found, "for a person")
        if held_back and found.repair.deletes:
            return Mended(found, "held back")
        try:
            done = found.repair.run(partial(self._tell, found))
        except Exception as error:  # noqa: BLE001
            # One thing that cannot be mended must not keep the others from it; it is told, and stays found.
            log.warning("fsck_repair_failed", kind=found.kind, subject=found.subject, error=type(error).__name__)
            return Mended(found, "failed", error)
        return Mended(found, "done" if done else "not needed")

    def _tell(self, found: Discrepancy, session: Session) -> None:
        facts = {"kind": found.kind, "of": found.subject}
        append(session, "repaired", found.subject[:64], self._clock.now(), facts)
