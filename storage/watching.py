"""Hours and days of cameras that somebody looks at: one leaf a person, span and purpose, every 15 minutes (I9)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from storage.ledger.log import append
from storage.playback import RENEWED_EVERY, told_at

MOST_REMEMBERED = 1000


@dataclass(frozen=True)
class Watching:
    """That somebody watches an hour of a camera, whose objects are shown one by one; or sees what moved in a day.

    `span` is when that hour begins, or the day (in the camera's place).
    """

    person_id: str
    camera_id: str
    span: datetime | date
    purpose: str

    def tell(self, session: Session, now: datetime) -> None:
        """Tell the ledger, before the first byte leaves, unless it knows already."""
        if self.told_at(session, now) is None:
            append(session, "media_shown", self._subject, now, self._facts)

    def told_at(self, session: Session, now: datetime) -> datetime | None:
        """When the ledger was told of it, within the last quarter of an hour."""
        return told_at(session, "media_shown", self._subject, self._facts, now)

    @property
    def _subject(self) -> str:
        # By the span, so that a camera that is watched for years has no long list to be searched.
        if isinstance(self.span, datetime):
            return f"{self.camera_id}/{self.span.astimezone(UTC):%Y-%m-%dT%H}"
        return f"{self.camera_id}/{self.span:%Y-%m-%d}"

    @property
    def _facts(self) -> dict[str, str]:
        at = self.span.astimezone(UTC) if isinstance(self.span, datetime) else self.span
        return {
            "person": self.person_id,
            "camera": self.camera_id,
            "hour" if isinstance(self.span, datetime) else "day": at.isoformat(),
            "purpose": self.purpose,
            "how": "page",
        }


def hours_of(begin: datetime, end: datetime) -> list[datetime]:
    """The begins of the hours that lie between two moments, in part or whole."""
    first = begin.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [first + timedelta(hours=number) for number in range(max(1, -(-(end - first) // timedelta(hours=1))))]


class Told:
    """What the ledger was found to know, remembered until it has to be told again: a player asks every few seconds.

    Only what stood in the database is remembered, never what is about to be written.
    """

    def __init__(self) -> None:
        self._at: dict[Watching, datetime] = {}

    def knows(self, session: Session, watching: Watching, now: datetime) -> bool:
        """Whether the ledger knows. `session` must be one that reads alone."""
        at = self._at.get(watching)
        if at is None or not at <= now < at + RENEWED_EVERY:
            at = watching.told_at(session, now)
            if at is None:
                return False
            if len(self._at) >= MOST_REMEMBERED:
                self._at.clear()
            self._at[watching] = at
        return True
