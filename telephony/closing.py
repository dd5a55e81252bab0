"""Calls are closed by asking the carrier, whether or not it reported their end.

An open call is asked about when it has been silent for a while, so that a lost report costs less than a minute. After
the end the carrier is asked several times more, since complaints and recordings can turn up late: what went wrong in
the call (a notice whose sound failed was not heard), and what was recorded (also what we never asked for).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.findings import note_finding
from storage.models import Call, CallStep, ConsentRecord
from telephony.carrier.port import Carrier, CarrierError, CarrierRecording, CarrierRefused, Complaint
from telephony.complaints import notice_failed
from telephony.settlement import note_recording, settle

log = structlog.get_logger()

ASK_AGAIN = timedelta(seconds=20)
LOOKS_AFTER_END = tuple(timedelta(seconds=s) for s in (0, 10, 25, 50, 300, 3600))
LEASE = timedelta(seconds=60)
LONGEST_CALL = timedelta(hours=24)
BUDGET = timedelta(seconds=5)
NO_COMPLAINTS = (
    "The carrier has no list of what went wrong in a call (Notifications). Whether a notice's sound failed to play can "
    "then be told by its timing alone. Ask the carrier for it."
)


@dataclass(frozen=True)
class _Asked:
    """A call whose turn it is."""

    call_id: str
    account_sid: str
    call_sid: str
    looks: int
    known_over: bool


class Closing:
    """Asks the carrier about calls whose turn it is."""

    def __init__(self, database: Database, clock: Clock, carriers: Mapping[str, Carrier]) -> None:
        self._database = database
        self._clock = clock
        self._carriers = carriers

    def run(self, budget: timedelta = BUDGET) -> int:
        """Ask about calls that are due, one by one, for at most `budget`. Returns how many were asked about."""
        asked, until = 0, self._clock.now() + budget
        while self._clock.now() < until and (open_call := self._take()) is not None:
            try:
                self._look(open_call)
            except Exception:
                # One call that cannot be closed must not keep the others open; its lease brings it back.
                log.exception("call_not_closed", call=open_call.call_id)
            asked += 1
        return asked

    def _take(self) -> _Asked | None:
        now = self._clock.now()
        with self._database.begin() as session:
            row = session.scalars(
                sa.select(Call)
                .where(Call.next_look_at <= now)
                .order_by(Call.next_look_at)
                .limit(1)
                .with_for_update(of=Call, skip_locked=True)
            ).first()
            if row is None:
                return None
            row.next_look_at = now + LEASE
            # The carrier's own report of the end is enough; without one, no call lasts longer than this.
            known_over = row.ended_at is not None or now - row.ringing_at > LONGEST_CALL
            return _Asked(row.id, row.account_sid, row.call_sid, row.looks, known_over)

    def _look(self, asked: _Asked) -> None:
        carrier = self._carriers.get(asked.account_sid)
        try:
            if carrier is None:
                raise CarrierRefused(f"no account {asked.account_sid} is configured any more")
            told = carrier.call(asked.call_sid)
            # A call that the carrier does not know (yet, or any more) says nothing: it may be a moment old.
            if not (asked.known_over or (told is not None and told.over)):
                self._postpone(asked.call_id, ASK_AGAIN)
                return
            status = told.status if told is not None else "unknown"
            complaints = carrier.complaints(asked.call_sid)
            recordings = carrier.recordings_of(asked.call_sid)
        except CarrierError as error:
            log.warning("carrier_not_asked", call=asked.call_id, error=str(error))
            self._postpone(asked.call_id, ASK_AGAIN)
            return
        if complaints is None and told is None:
            self._nothing_known(asked.call_id)
            return
        self._close(asked, status, complaints, recordings)
        reached(Milestone.CALL_CLOSED)

    def _postpone(self, call_id: str, wait: timedelta) -> None:
        with self._database.begin() as session:
            session.execute(sa.update(Call).where(Call.id == call_id).values(next_look_at=self._clock.now() + wait))

    def _nothing_known(self, call_id: str) -> None:
        """The carrier knows nothing of the call at all: that is no clean bill of health for its notice.

        It is asked again, less and less often, and given up after two days: then what was never proven is unproven.
        """
        now = self._clock.now()
        with self._database.begin() as session:
            call = session.scalars(sa.select(Call).where(Call.id == call_id).with_for_update(of=Call)).one_or_none()
            if call is None:
                return
            age = now - call.ringing_at
            if age < 2 * LONGEST_CALL:
                call.next_look_at = now + max(ASK_AGAIN, age / 20)
                return
            call.next_look_at = None
            call.ended_at = call.ended_at or now
            call.carrier_status = call.carrier_status or "unknown"
            if call.looks == 0:
                call.play_failed = True
            settle(session, call, now)

    def _close(
        self,
        asked: _Asked,
        status: str,
        complaints: Sequence[Complaint] | None,
        recordings: Sequence[CarrierRecording],
    ) -> None:
        now = self._clock.now()
        with self._database.begin() as session:
            call = session.scalars(
                sa.select(Call).where(Call.id == asked.call_id).with_for_update(of=Call)
            ).one_or_none()
            if call is None or call.looks != asked.looks:
                return  # another worker was quicker: one look is counted once
            if complaints is None:
                note_finding(session, "complaints_unavailable", call.account_sid, NO_COMPLAINTS, now)
            call.ended_at = call.ended_at or now
            call.carrier_status = call.carrier_status or status[:16]
            call.play_failed = bool(call.play_failed) or _notice_failed(session, call, complaints or [])
            for told in recordings:
                if told.status in {"completed", "absent"}:
                    note_recording(session, call, told, "reconciler", now)
            call.looks += 1
            call.media_to_come = any(told.status not in {"completed", "absent"} for told in recordings)
            call.next_look_at = _next_look(call)
            if call.next_look_at is not None and call.next_look_at < now:
                call.next_look_at = now + timedelta(seconds=2)
            report = {
                "status": status,
                "complaints": None if complaints is None else [each.code for each in complaints],
                "recordings": [told.recording_sid for told in recordings],
                "asked_at": now.isoformat(),
            }
            session.execute(
                sa.update(ConsentRecord).where(ConsentRecord.call_id == call.id).values(carrier_report=report)
            )
            settle(session, call, now)


def _next_look(call: Call) -> datetime | None:
    if call.ended_at is None:
        return None
    if call.looks < len(LOOKS_AFTER_END):
        return call.ended_at + LOOKS_AFTER_END[call.looks]
    return call.ended_at + LOOKS_AFTER_END[-1] * (call.looks + 1) if call.media_to_come else None


def _notice_failed(session: Session, call: Call, complaints: Sequence[Complaint]) -> bool:
    if call.notice_version is None:
        return False
    steps = session.scalars(sa.select(CallStep).where(CallStep.call_id == call.id))
    # A step that was never answered played nothing: what failed at its address was no notice.
    documents = {step.token: step.answer or "" for step in steps}
    documents["/twilio/voice"] = call.first_answer
    return notice_failed(complaints, call.notice_version.audio_sha256, documents)
