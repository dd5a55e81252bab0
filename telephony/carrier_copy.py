"""The carrier's copy of a recording: one of the places that deletion must reach, and that intake empties.

Deletion is asked for, and then the carrier is asked whether it has it still: an answer of 204 alone is no proof (I6).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.models import ObjectCopy, Recording
from storage.retention.other_copies import CopyUnreachable
from telephony.carrier.port import Carrier, CarrierError

log = structlog.get_logger()

CARRIER = "carrier"
# https://www.twilio.com/docs/voice/api/recording: metadata of a deleted recording stays for 40 days.
METADATA_STAYS = timedelta(days=40)
LEASE = timedelta(seconds=30)
BUDGET = timedelta(seconds=5)
RETRY = timedelta(seconds=5)
SLOWEST_RETRY = timedelta(minutes=5)


def ref_of(account_sid: str, recording_sid: str) -> str:
    """How the carrier's copy is named where storage keeps track of copies."""
    return f"{account_sid}/{recording_sid}"


class CarrierCopies:
    """The port through which storage's deletion reaches the carrier."""

    name = CARRIER

    def __init__(self, carriers: Mapping[str, Carrier]) -> None:
        self._carriers = carriers

    def remove(self, ref: str) -> None:
        carrier, recording_sid = self._at(ref)
        try:
            carrier.remove_recording(recording_sid)
        except CarrierError as error:
            raise CopyUnreachable(str(error)) from error

    def is_gone(self, ref: str) -> bool:
        carrier, recording_sid = self._at(ref)
        try:
            return carrier.recording(recording_sid) is None
        except CarrierError as error:
            raise CopyUnreachable(str(error)) from error

    def remains(self, gone_at: datetime) -> dict[str, str]:
        return {"what": "the carrier's metadata of the recording", "until": (gone_at + METADATA_STAYS).isoformat()}

    def _at(self, ref: str) -> tuple[Carrier, str]:
        account_sid, recording_sid = ref.split("/", 1)
        carrier = self._carriers.get(account_sid)
        if carrier is None:
            raise CopyUnreachable(f"no account {account_sid} is configured any more")
        return carrier, recording_sid


class CopyRemoval:
    """Has copies deleted whose time has come: what is stored with us, and what was refused."""

    def __init__(self, database: Database, clock: Clock, copies: CarrierCopies) -> None:
        self._database = database
        self._clock = clock
        self._copies = copies

    def run(self, budget: timedelta = BUDGET) -> int:
        """Go through what is due, for at most `budget`. Returns how many copies are gone now."""
        gone, until = 0, self._clock.now() + budget
        while self._clock.now() < until and (taken := self._take()) is not None:
            gone += self._remove(*taken)
        return gone

    def _take(self) -> tuple[str, str] | None:
        now = self._clock.now()
        with self._database.begin() as session:
            row = session.scalars(
                sa.select(Recording)
                .where(Recording.carrier_copy == "present", Recording.next_removal_at <= now)
                .order_by(Recording.next_removal_at)
                .limit(1)
                .with_for_update(of=Recording, skip_locked=True)
            ).first()
            if row is None:
                return None
            row.next_removal_at = now + LEASE
            return row.id, ref_of(row.call.account_sid, row.recording_sid)

    def _remove(self, recording_id: str, ref: str) -> int:
        try:
            self._copies.remove(ref)
            reached(Milestone.CARRIER_COPY_REMOVED)
            gone = self._copies.is_gone(ref)
        except CopyUnreachable as error:
            log.warning("carrier_copy_not_removed", recording=recording_id, error=str(error))
            gone = False
        now = self._clock.now()
        with self._database.begin() as session:
            row = session.get_one(Recording, recording_id)
            if gone:
                row.carrier_copy = "deleted"
                row.next_removal_at = None
                copy = sa.update(ObjectCopy).where(ObjectCopy.object_id == row.object_id, ObjectCopy.ref == ref)
                session.execute(copy.values(gone_at=now))
            else:
                age = now - row.first_seen_at
                row.next_removal_at = now + min(max(RETRY, age / 4), SLOWEST_RETRY)
        if gone:
            reached(Milestone.CARRIER_COPY_SETTLED)
        return int(gone)
