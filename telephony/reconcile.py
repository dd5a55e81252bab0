"""The account-wide look: recordings at the carrier that no callback and no call of ours told of.

A recording of a call of ours is noted, and then fetched or refused by that call's outcome. A recording of a call that
we never answered is listed for a person and never touched.
"""

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
import structlog

from config.clock import Clock
from storage.database import Database
from storage.findings import note_finding
from storage.models import Call, Recording
from telephony.carrier.port import Carrier, CarrierError, CarrierRecording
from telephony.events import UNANSWERED
from telephony.outcome import WITHOUT_MEDIA
from telephony.settlement import note_recording, settle

log = structlog.get_logger()

LOOK_BACK = timedelta(minutes=15)
# A sweep that would refuse more than half of what it saw, from this many up, is stopped: something is wrong with us.
SUSPICIOUS_FROM = 20
# SQLite takes 32,766 parameters in a statement at most.
AT_ONCE = 500


class Reconciler:
    """Compares the carrier's recordings with ours."""

    def __init__(self, database: Database, clock: Clock, carriers: Mapping[str, Carrier]) -> None:
        self._database = database
        self._clock = clock
        self._carriers = carriers

    def run(self, look_back: timedelta = LOOK_BACK) -> int:
        """Look at what was recorded in the last `look_back`. Returns how many recordings were new to us."""
        fresh = 0
        for carrier in self._carriers.values():
            try:
                seen = list(carrier.recordings_since(self._clock.now() - look_back))
            except CarrierError as error:
                log.warning("carrier_not_listed", error=str(error))
                continue
            fresh += self._compare(seen)
        return fresh

    def _compare(self, seen: list[CarrierRecording]) -> int:
        known: set[str] = set()
        outcomes: dict[str, str | None] = {}
        with self._database.read() as session:
            for at in range(0, len(seen), AT_ONCE):
                some = seen[at : at + AT_ONCE]
                sids = [told.recording_sid for told in some]
                known.update(
                    session.scalars(sa.select(Recording.recording_sid).where(Recording.recording_sid.in_(sids)))
                )
                answered = session.execute(
                    sa.select(Call.call_sid, Call.outcome).where(Call.call_sid.in_([told.call_sid for told in some]))
                )
                outcomes |= {row.call_sid: row.outcome for row in answered}
        new = [told for told in seen if told.recording_sid not in known]
        refused = [told for told in new if outcomes.get(told.call_sid) in WITHOUT_MEDIA]
        if len(refused) >= SUSPICIOUS_FROM and len(refused) * 2 > len(seen):
            self._stop(len(refused), len(seen))
            return 0
        for told in new:
            self.note(told)
        return len(new)

    def note(self, told: CarrierRecording) -> None:
        """Take down one recording that the carrier tells of: its call decides what becomes of it."""
        now = self._clock.now()
        with self._database.begin() as session:
            call = session.scalars(
                sa.select(Call).where(Call.call_sid == told.call_sid).with_for_update(of=Call)
            ).one_or_none()
            if call is None:
                note_finding(session, "unanswered_recording", told.recording_sid, UNANSWERED, now)
                return
            if told.status in {"completed", "absent"}:
                note_recording(session, call, told, "reconciler", now)
                settle(session, call, now)

    def _stop(self, refused: int, seen: int) -> None:
        with self._database.begin() as session:
            note_finding(
                session,
                "refusals_stopped",
                "carrier",
                f"{refused} of {seen} recordings at the carrier would be deleted as declined: that is more than half. "
                "Nothing was deleted. Look at the calls' outcomes first.",
                self._clock.now(),
            )
