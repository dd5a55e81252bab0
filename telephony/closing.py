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
from storage.models import Call, CallStep, ConsentRecord
from telephony.carrier.port import Carrier, CarrierError, CarrierRecording, CarrierRefused, Complaint
from telephony.complaints import notice_failed
from telephony.settlement import note_recording, settle

log = structlog.get_logger()

ASK_AGAIN = timedelta(seconds=20)
LOOKS_AFTER_END = tuple(timedelta(seconds=s) for s in (0, 10, 25, 50, 300, 3600))
LEASE = timedelta(seconds=15)
LONGEST_CALL = timedelta(hours=24)


@dataclass(frozen=True)
class _Asked:
    """A call whose turn it is."""

    call_id: str
    account_sid: str
    call_sid: str
    agreed: bool
    known_over: bool


class Closing:
    """Asks the carrier about calls whose turn it is."""

    def __init__(self, database: Database, clock: Clock, carriers: Mapping[str, Carrier]) -> None:
        self._database = database
        self._clock = clock
        self._carriers = carriers

    def run(self) -> int:
        """Ask about every call that is due. Returns how many were asked about."""
        asked = 0
        while batch := self._take():
            for open_call in batch:
                self._look(open_call)
                asked += 1
        return asked

    def _take(self, batch: int = 50) -> Sequence[_Asked]:
        now = self._clock.now()
        with self._database.begin() as session:
            due = session.execute(
                sa.select(Call.id, Call.account_sid, Call.call_sid, Call.agreed_at, Call.ended_at, Call.ringing_at)
                .where(Call.next_look_at <= now)
                .order_by(Call.next_look_at)
                .limit(batch)
                .with_for_update(skip_locked=True)
            ).all()
            session.execute(
                sa.update(Call).where(Call.id.in_([row.id for row in due])).values(next_look_at=now + LEASE)
            )
        return [
            _Asked(
                row.id,
                row.account_sid,
                row.call_sid,
                agreed=row.agreed_at is not None,
                # The carrier's own report of the end is enough; without one, no call lasts longer than this.
                known_over=row.ended_at is not None or now - row.ringing_at > LONGEST_CALL,
            )
            for row in due
        ]

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
            complaints = carrier.complaints(asked.call_sid) if asked.agreed else []
            recordings = carrier.recordings_of(asked.call_sid)
        except CarrierError as error:
            log.warning("carrier_not_asked", call=asked.call_id, error=str(error))
            self._postpone(asked.call_id, ASK_AGAIN)
            return
        self._close(asked.call_id, status, complaints, recordings)
        reached(Milestone.CALL_CLOSED)

    def _postpone(self, call_id: str, wait: timedelta) -> None:
        with self._database.begin() as session:
            session.execute(sa.update(Call).where(Call.id == call_id).values(next_look_at=self._clock.now() + wait))

    def _close(
        self, call_id: str, status: str, complaints: Sequence[Complaint], recordings: Sequence[CarrierRecording]
    ) -> None:
        now = self._clock.now()
        with self._database.begin() as session:
            call = session.scalars(sa.select(Call).where(Call.id == call_id).with_for_update(of=Call)).one_or_none()
            if call is None:
                return
            call.ended_at = call.ended_at or now
            call.carrier_status = call.carrier_status or status[:16]
            call.play_failed = bool(call.play_failed) or _notice_failed(session, call, complaints)
            for told in recordings:
                if told.status in {"completed", "absent"}:
                    note_recording(session, call, told, "reconciler", now)
            call.looks += 1
            still = any(told.status in {"in-progress", "paused", "processing", "stopped"} for told in recordings)
            call.next_look_at = _next_look(call, still=still)
            if call.next_look_at is not None and call.next_look_at < now:
                call.next_look_at = now + timedelta(seconds=2)
            report = {
                "status": status,
                "complaints": [each.code for each in complaints],
                "recordings": [told.recording_sid for told in recordings],
                "asked_at": now.isoformat(),
            }
            session.execute(
                sa.update(ConsentRecord).where(ConsentRecord.call_id == call_id).values(carrier_report=report)
            )
            settle(session, call, now)


def _next_look(call: Call, *, still: bool) -> datetime | None:
    if call.ended_at is None:
        return None
    if call.looks < len(LOOKS_AFTER_END):
        return call.ended_at + LOOKS_AFTER_END[call.looks]
    return call.ended_at + LOOKS_AFTER_END[-1] * (call.looks + 1) if still else None


def _notice_failed(session: Session, call: Call, complaints: Sequence[Complaint]) -> bool:
    if call.notice_version is None:
        return False
    steps = session.scalars(sa.select(CallStep).where(CallStep.call_id == call.id))
    # A step that was never answered played nothing: what failed at its address was no notice.
    documents = {step.token: step.answer or "" for step in steps}
    documents["/twilio/voice"] = call.first_answer
    return notice_failed(complaints, call.notice_version.audio_sha256, documents)
