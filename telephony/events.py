"""What the carrier reports about calls and recordings: each report once, in any order, one transaction each.

A report only ever says *look*: what is then done rests on our own rows and on what the carrier answers when asked.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.findings import note_finding
from storage.models import Call, CarrierEvent
from storage.models.columns import random_id
from telephony.calls import call_of
from telephony.carrier.port import CarrierRecording
from telephony.settlement import note_recording, settle

Form = Mapping[str, str]

FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
# The only fields of a callback that are kept: none of them tells who called.
KEPT = (
    "CallStatus",
    "CallDuration",
    "SipResponseCode",
    "RecordingStatus",
    "RecordingDuration",
    "RecordingChannels",
    "RecordingStartTime",
    "RecordingSource",
    "ErrorCode",
)


class CarrierEvents:
    """Takes in the carrier's reports."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def call_status(self, form: Form) -> None:
        """A call changed its state. Only its end matters to us; then the carrier is asked at once."""
        status = form.get("CallStatus", "")
        with self._database.begin() as session:
            call = call_of(session, form)
            if call is None or not self._is_new(session, call, call.call_sid, status, form):
                return
            if status not in FINAL:
                return
            now = self._clock.now()
            call.ended_at = call.ended_at or now
            call.carrier_status = call.carrier_status or status
            if call.looks == 0:
                call.next_look_at = now
            settle(session, call, now)

    def recording(self, form: Form) -> None:
        """A recording began, was completed, or turned out to be nothing."""
        recording_sid, status = form.get("RecordingSid", ""), form.get("RecordingStatus", "")
        if not recording_sid:
            return
        with self._database.begin() as session:
            now = self._clock.now()
            call = call_of(session, form)
            if call is None:
                note_finding(session, "unanswered_recording", recording_sid, UNANSWERED, now)
                return
            if not self._is_new(session, call, recording_sid, status, form):
                return
            if status in {"completed", "absent"}:
                note_recording(session, call, _told(form, call.call_sid, status), "callback", now)
            settle(session, call, now)

    def _is_new(self, session: Session, call: Call, subject_sid: str, status: str, form: Form) -> bool:
        # By (thing, status), not by the thing alone, or later statuses get lost (simstudioai/sim#5230).
        seen = sa.select(CarrierEvent.id).where(CarrierEvent.subject_sid == subject_sid, CarrierEvent.status == status)
        if not status or len(status) > 16 or session.scalar(seen) is not None:
            return False
        fields = {name: form[name][:64] for name in KEPT if name in form}
        session.add(
            CarrierEvent(
                id=random_id(),
                call_id=call.id,
                subject_sid=subject_sid,
                status=status,
                received_at=self._clock.now(),
                fields=fields,
            )
        )
        return True


UNANSWERED = (
    "The carrier holds a recording of a call that this system never answered. It is listed here and not touched: "
    "decide where it came from, and delete it at the carrier if nobody was told."
)


def _told(form: Form, call_sid: str, status: str) -> CarrierRecording:
    duration, channels = form.get("RecordingDuration", ""), form.get("RecordingChannels", "")
    return CarrierRecording(
        recording_sid=form["RecordingSid"],
        call_sid=call_sid,
        status=status,
        channels=int(channels) if channels.isdecimal() else None,
        duration_s=float(duration) if duration.isdecimal() else None,
        started_at=_moment(form.get("RecordingStartTime", "")),
        source=form.get("RecordingSource") or None,
    )


def _moment(told: str) -> datetime | None:
    # RFC 2822, as in all of the carrier's forms
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
