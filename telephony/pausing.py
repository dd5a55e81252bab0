"""Pausing a call's recording while card data is spoken, and going on: a row first, then the carrier, then its answer.

Whoever asks must know whether what is said now is recorded. So a pause counts from the carrier's own word on: neither
from our asking, nor from a 200 whose status says something else. Every other end is an exception that says NOT PAUSED.

Two requests of opposite kinds must not be under way at once: the carrier could take them in the other order, and we
would call paused what records. Each leaves in its row until when it can be under way, so this holds after a crash, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.errors import NotFound, Refused
from storage.models import Call, CarrierEvent, RecordingPause
from storage.models.columns import random_id
from telephony.carrier.port import Carrier, CarrierRecording, CarrierRefused, CarrierUnavailable
from telephony.pauses import close, confirm_paused, last_pause
from telephony.settlement import CARRIER_CLOCK, OURS

log = structlog.get_logger()

Wanted = Literal["paused", "in-progress"]

# Who asks waits at a desk, with a caller on the line: the last try begins within this, …
PATIENCE = timedelta(seconds=6)
FIRST_RETRY_S = 0.25
# … and each try can last two timeouts of the carrier's client. Behind that none of ours is under way.
LEASE = PATIENCE + timedelta(seconds=34)


class PauseUnconfirmed(Refused):
    """The carrier could not be asked, or did not say that it is done: it may be, and must not be relied on (503)."""


class PauseRefused(Refused):
    """It cannot be (409). `why`: over, not_recorded, not_yet, not_paused, busy, refused; for programs."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True)
class Asker:
    """Who asks: a person, by one of their tokens; or `operator`, at the machine itself."""

    person_id: str = "operator"
    token_id: str | None = None


@dataclass(frozen=True)
class _Asking:
    """A request to the carrier that is about to begin."""

    pause_id: str
    account_sid: str
    call_sid: str
    recording_sid: str


@dataclass(frozen=True)
class _Answer:
    """What became of it. `doubtful`: the carrier may have done it all the same."""

    done: bool
    doubtful: bool = False
    why: str = ""


class Pausing:
    """Pauses recordings, and lets them go on."""

    def __init__(self, database: Database, clock: Clock, carriers: Mapping[str, Carrier]) -> None:
        self._database = database
        self._clock = clock
        self._carriers = carriers

    def pause(self, call_id: str, by: Asker) -> RecordingPause:
        """Have the carrier put silence into a call's recording. Of what is paused already, the pause that goes on.

        Raises:
            NotFound: there is no such call.
            PauseRefused: it cannot be; the message says why. What is said now is recorded, if anything is.
            PauseUnconfirmed: it is not known; take it that what is said now is recorded.
        """
        recording_sid = self._running(call_id)
        begun = self._begin(call_id, recording_sid, by)
        if isinstance(begun, RecordingPause):
            return begun
        answer = self._ask(begun, "paused")
        with self._database.begin() as session:
            row = self._held(session, call_id, begun.pause_id)
            if answer.done and row.state == "asked":
                confirm_paused(session, row, self._clock.now())
            elif not answer.doubtful and row.state == "asked" and row.attempts == 1:
                close(session, row, "refused", self._clock.now())
            self._leave(row)
        log.info("pause_asked", call=call_id, state=row.state)
        if row.state == "paused":
            return row
        if answer.done:
            raise PauseRefused("over", f"the recording is NOT paused: meanwhile the pause became {row.state}")
        if row.state == "refused":
            raise PauseRefused("refused", f"the recording is NOT paused, what is said now is recorded: {answer.why}")
        raise PauseUnconfirmed(f"the recording is NOT known to be paused, take it that it records: {answer.why}")

    def resume(self, call_id: str, by: Asker) -> RecordingPause:
        """Have the carrier record again. Of what was resumed already, that pause.

        Raises:
            NotFound: there is no such call.
            PauseRefused: nothing is paused, or it cannot be done now; the message says why.
            PauseUnconfirmed: it is not known; the silence may go on.
        """
        begun = self._begin_to_resume(call_id, by)
        if isinstance(begun, RecordingPause):
            return begun
        answer = self._ask(begun, "in-progress")
        with self._database.begin() as session:
            row = self._held(session, call_id, begun.pause_id)
            if answer.done and row.state == "resuming":
                row.resumed_at = self._clock.now()
                close(session, row, "resumed", row.resumed_at)
            self._leave(row)
        log.info("resume_asked", call=call_id, state=row.state)
        if answer.done or row.resumed_at is not None:
            return row
        raise PauseUnconfirmed(f"the recording is NOT known to go on, it may be silent still: {answer.why}")

    def _begin(self, call_id: str, recording_sid: str, by: Asker) -> _Asking | RecordingPause:
        now = self._clock.now()
        with self._database.begin() as session:
            call = _open_call(session, call_id, hold=True)
            last = last_pause(session, call_id)
            busy = last is not None and last.asking_until is not None and last.asking_until > now
            if last is not None and busy and last.resume_asked_at is not None:
                raise PauseRefused(
                    "busy", "the recording is NOT paused: it was just asked to go on; ask again in a moment"
                )
            if last is not None and last.state in ("asked", "paused") and last.recording_sid == recording_sid:
                if last.state == "paused":
                    return last
                row = last
            else:
                if last is not None and last.ended_at is None:
                    close(session, last, "resumed" if last.state == "resuming" else "ended", now)
                row = RecordingPause(
                    id=random_id(),
                    call_id=call_id,
                    number=last.number + 1 if last is not None else 1,
                    recording_sid=recording_sid,
                    state="asked",
                    asked_by=by.person_id,
                    token_id=by.token_id,
                    asked_at=now,
                    attempts=0,
                    under_way=0,
                )
                session.add(row)
            return self._enter(call, row, alone=not busy)

    def _begin_to_resume(self, call_id: str, by: Asker) -> _Asking | RecordingPause:
        now = self._clock.now()
        with self._database.begin() as session:
            call = _open_call(session, call_id, hold=True)
            row = last_pause(session, call_id)
            if row is None or row.state in ("refused", "ended"):
                raise PauseRefused("not_paused", "the recording of this call is not paused")
            if row.ended_at is not None:
                return row
            busy = row.asking_until is not None and row.asking_until > now
            if busy and row.resume_asked_at is None:
                raise PauseRefused("busy", "the carrier is being asked to pause it: ask again in a moment")
            if row.resume_asked_at is None:
                row.resume_asked_by, row.resume_asked_at = by.person_id, now
            row.state = "resuming"
            return self._enter(call, row, alone=not busy)

    def _enter(self, call: Call, row: RecordingPause, *, alone: bool) -> _Asking:
        self._carrier(call.account_sid)
        row.attempts += 1
        # What died with its process is under way no more once its time has passed.
        row.under_way = 1 if alone else row.under_way + 1
        row.asking_until = self._clock.now() + LEASE
        return _Asking(row.id, call.account_sid, call.call_sid, row.recording_sid)

    def _leave(self, row: RecordingPause) -> None:
        # The last of those that ask for the same ends the waiting; where one died, the time itself must pass.
        row.under_way = max(0, row.under_way - 1)
        if not row.under_way:
            row.asking_until = None

    def _held(self, session: Session, call_id: str, pause_id: str) -> RecordingPause:
        session.scalars(sa.select(Call.id).where(Call.id == call_id).with_for_update()).one_or_none()
        return session.get_one(RecordingPause, pause_id, with_for_update=True)

    def _ask(self, asking: _Asking, wanted: Wanted) -> _Answer:
        """Ask until it is done, refused, or the time is over. Both kinds may be asked for more than once."""
        carrier, until = self._carrier(asking.account_sid), self._clock.now() + PATIENCE
        wait_s, doubtful = FIRST_RETRY_S, False
        while True:
            try:
                said = carrier.change_recording(asking.call_sid, asking.recording_sid, wanted)
                if said == wanted:
                    return _Answer(done=True)
                why = f"the carrier says that it is {said}"
            except CarrierUnavailable as error:
                # 408 (16114) says: not now. And whatever did not come back may have been done.
                why = str(error)
            except CarrierRefused as error:
                return _Answer(done=False, doubtful=doubtful, why=str(error))
            doubtful = True
            if self._clock.now() + timedelta(seconds=wait_s) > until:
                return _Answer(done=False, doubtful=True, why=why)
            self._clock.sleep(wait_s)
            wait_s *= 2

    def _running(self, call_id: str) -> str:
        """The carrier's id of the one recording that runs: by its own report, else by its list."""
        with self._database.read() as session:
            call = _open_call(session, call_id)
            told = _reported(session, call)
        if told is not None:
            return told
        try:
            listed = self._carrier(call.account_sid).recordings_of(call.call_sid)
        except CarrierUnavailable as error:
            raise PauseUnconfirmed(f"the recording is NOT paused, take it that it records: {error}") from error
        except CarrierRefused as error:
            raise PauseRefused("refused", f"the recording is NOT paused: {error}") from error
        running = [each for each in listed if each.status == "in-progress" and _is_ours(call, each)]
        if not running:
            raise PauseRefused(
                "not_yet", "nothing of this call is recorded now: ask again once somebody has answered it"
            )
        if len(running) > 1:
            raise PauseRefused(
                "refused", "the recording is NOT paused: the carrier records this call several times at once"
            )
        return running[0].recording_sid

    def _carrier(self, account_sid: str) -> Carrier:
        carrier = self._carriers.get(account_sid)
        if carrier is None:
            raise PauseRefused(
                "refused", f"the recording is NOT paused: no account {account_sid} is configured any more"
            )
        return carrier


def _open_call(session: Session, call_id: str, *, hold: bool = False) -> Call:
    query = sa.select(Call).where(Call.id == call_id)
    call = session.scalars(query.with_for_update(of=Call) if hold else query).one_or_none()
    if call is None:
        raise NotFound("there is no such call, or you may not know of it")
    if call.ended_at is not None:
        raise PauseRefused("over", "this call is over: nothing more of it is recorded")
    if call.agreed_at is None:
        raise PauseRefused(
            "not_recorded", "this call is not recorded: nobody has agreed to it, so there is nothing to pause"
        )
    return call


def _reported(session: Session, call: Call) -> str | None:
    """What the carrier reported as begun, and not as ended; None where that is not exactly one."""
    reports = session.execute(
        sa.select(CarrierEvent.subject_sid, CarrierEvent.status).where(
            CarrierEvent.call_id == call.id, CarrierEvent.subject_sid != call.call_sid
        )
    ).all()
    ended = {sid for sid, status in reports if status != "in-progress"}
    running = {sid for sid, status in reports if status == "in-progress"} - ended
    return running.pop() if len(running) == 1 else None


def _is_ours(call: Call, told: CarrierRecording) -> bool:
    begun = told.started_at
    return told.source in OURS and (begun is None or call.agreed_at is None or begun >= call.agreed_at - CARRIER_CLOCK)
