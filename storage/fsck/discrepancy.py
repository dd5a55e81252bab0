"""One thing that does not agree with another, said so that a person understands it, and what can be done about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy.orm import Session

Tell = Callable[[Session], None]
# Younger than this it may be on its way.
OLD_ENOUGH = timedelta(days=1)


@dataclass(frozen=True)
class Repair:
    """How to mend one discrepancy.

    `run` looks again before it does anything, can be repeated, and returns whether it did something. It calls what it
    is handed in the transaction of what it changes, or in one of its own before it touches another place: that writes
    the leaf. `deletes` says that something we merely infer to be superfluous would go: of those not too many may go at
    once.
    """

    says: str
    run: Callable[[Tell], bool]
    deletes: bool = False


@dataclass(frozen=True)
class Discrepancy:
    """`kind` is one of the words in docs/reference/states; `subject` an id or a key, never a person."""

    kind: str
    subject: str
    explanation: str
    repair: Repair | None = None


class Look(Protocol):
    """Compares one place with another. Reads only."""

    name: str
    seen: int
    """How many things were looked at so far: what would be deleted is measured against it."""

    def look(self) -> Iterator[Discrepancy]:
        """Everything that does not agree."""
        ...
