"""A recording's way from the carrier into the store, and the end of its copy there.

The worker claims a row, fetches by SID with the account's own credentials, checks that it is the whole recording, lets
it through to the intake in a stream, and then has the carrier's copy deleted, and asks whether it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.findings import note_finding
from storage.intake import Arrival, Intake, Ticket
from storage.models import Call, ObjectCopy, Recording
from storage.retention.claim import claim
from storage.retention.policy import PolicyError
from telephony.carrier.port import Carrier, CarrierError, CarrierRefused, Media, MediaNotReady
from telephony.carrier_copy import CARRIER, ref_of
from telephony.consent import PURPOSES
from telephony.peaks import want_peaks
from telephony.settlement import settle
from telephony.wav import NotWholeWav, WavHeader, read_header

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
BUDGET = timedelta(seconds=5)
RENEW_EVERY = timedelta(seconds=10)
# Media that is not ready is asked for again after 2 s, never more than 20 s apart for five minutes.
FIRST_RETRY = timedelta(seconds=2)
SLOWEST_AT_FIRST = timedelta(seconds=20)
PATIENCE = timedelta(minutes=5)
SLOWEST = timedelta(minutes=10)
# How far the length of the audio may be from what the carrier says (it says whole seconds).
TOLERANCE_S = 2.0
WAV_TYPES = frozenset({"audio/x-wav", "audio/wav", "audio/wave", "audio/vnd.wave"})


GONE = (
    "The carrier told of this recording, but has it no more, and its media never came: somebody else deleted it there. "
    "Nothing of it was stored."
)


@dataclass(frozen=True)
class Taken:
    """A recording that this worker has claimed: `row.attempts` says for the how-manieth time."""

    row: Recording
    ticket: Ticket
    arrival: Arrival


@dataclass(frozen=True)
class Postponed:
    """A recording whose turn it was, and that had to wait."""


class Recordings:
    """Fetches what has been released for fetching."""

    def __init__(self, database: Database, clock: Clock, carriers: Mapping[str, Carrier], intake: Intake) -> None:
        self._database = database
        self._clock = clock
        self._carriers = carriers
        self._intake = intake

    def run(self, budget: timedelta = BUDGET) -> int:
        """Fetch recordings whose turn it is, beginning none after `budget`. Returns how many were stored."""
        stored, until = 0, self._clock.now() + budget
        while self._clock.now() < until and (taken := self._take()) is not None:
            stored += self._fetch(taken) if isinstance(taken, Taken) else 0
        return stored

    def _take(self) -> "Taken | Postponed | None":
        now = self._clock.now()
        with self._database.begin() as session:
            row = session.scalars(
                sa.select(Recording)
                .where(Recording.state.in_(("pending", "fetching")), Recording.next_attempt_at <= now)
                .order_by(Recording.next_attempt_at)
                .limit(1)
                .with_for_update(of=Recording, skip_locked=True)
            ).first()
            if row is None:
                return None
            row.state = "fetching"
            row.attempts += 1
            row.next_attempt_at = now + LEASE
            arrival = _arrival(row, now)
            try:
                ticket = self._intake.expect(session, arrival, row.object_id)
            except PolicyError as error:
                row.state, row.next_attempt_at, row.last_error = "pending", now + SLOWEST_AT_FIRST, str(error)
                note_finding(session, "no_policy", row.recording_sid, str(error), now)
                return Postponed()
            if row.object_id is None:
                row.object_id = ticket.object_id
                # From now on a deletion reaches the carrier's copy too, whatever becomes of this attempt.
                ref = ref_of(row.call.account_sid, row.recording_sid)
                session.add(ObjectCopy(object_id=ticket.object_id, place=CARRIER, ref=ref))
        reached(Milestone.RECORDING_CLAIMED)
        return Taken(row, ticket, arrival)

    def _fetch(self, taken: "Taken") -> int:
        row, ticket, arrival = taken.row, taken.ticket, taken.arrival
        try:
            with self._carrier(row).media(row.recording_sid) as media:
                chunks = iter(media.chunks)
                header, head = read_header(chunks)
                _check(header, media, row)
                self._intake.bring_in(
                    ticket,
                    arrival,
                    self._renewing(row, chain([head], chunks)),
                    header.total_bytes,
                    lambda session, _object: self._stored(session, row.id, header),
                    first=lambda session: self._must_still_be_wanted(session, row),
                )
        except MediaNotReady as error:
            self._ask_whether_it_exists(row, str(error))
            return 0
        # Whatever went wrong, the recording stays where it is and is asked for again: nothing accepted is lost (I7).
        except Exception as error:  # noqa: BLE001
            self._postpone(row, f"{type(error).__name__}: {error}")
            return 0
        log.info("recording_stored", recording=row.id, object=ticket.object_id)
        return 1

    def _carrier(self, row: Recording) -> Carrier:
        carrier = self._carriers.get(row.call.account_sid)
        if carrier is None:
            raise CarrierRefused(f"no account {row.call.account_sid} is configured any more")
        return carrier

    def _renewing(self, row: Recording, chunks: Iterator[bytes]) -> Iterator[bytes]:
        renewed = self._clock.now()
        for chunk in chunks:
            yield chunk
            now = self._clock.now()
            if now - renewed >= RENEW_EVERY:
                renewed = now
                with self._database.begin() as session:
                    session.execute(
                        sa.update(Recording)
                        .where(
                            Recording.id == row.id, Recording.state == "fetching", Recording.attempts == row.attempts
                        )
                        .values(next_attempt_at=now + LEASE)
                    )

    def _must_still_be_wanted(self, session: Session, row: Recording) -> None:
        """Hold the call, then the recording; raise if it was refused, or another attempt began, meanwhile."""
        session.scalars(sa.select(Call).where(Call.id == row.call_id).with_for_update(of=Call)).one()
        now_is = session.scalars(sa.select(Recording).where(Recording.id == row.id).with_for_update(of=Recording)).one()
        if now_is.state != "fetching" or now_is.attempts != row.attempts:
            raise CarrierRefused("the recording is not wanted any more, or another attempt has begun")

    def _stored(self, session: Session, recording_id: str, header: WavHeader) -> None:
        now = self._clock.now()
        row = session.get_one(Recording, recording_id)
        row.state = "stored"
        row.channels = header.channels
        row.duration_s = round(header.seconds, 3)
        row.next_attempt_at = None
        row.next_removal_at = now
        row.last_error = None
        if row.object_id is not None:
            want_peaks(session, row.object_id, now)
        session.flush()
        settle(session, row.call, now)

    def _ask_whether_it_exists(self, taken: Recording, error: str) -> None:
        """Media that does not come for long may belong to a recording that somebody has deleted at the carrier."""
        gone = False
        if self._clock.now() - taken.first_seen_at >= PATIENCE:
            try:
                gone = self._carrier(taken).recording(taken.recording_sid) is None
            except CarrierError as trouble:
                error = str(trouble)
        if not gone:
            self._postpone(taken, error)
            return
        now = self._clock.now()
        with self._database.begin() as session:
            call = session.scalars(sa.select(Call).where(Call.id == taken.call_id).with_for_update(of=Call)).one()
            row = session.get_one(Recording, taken.id, with_for_update={"of": Recording})
            if row.state != "fetching" or row.attempts != taken.attempts:
                return
            row.state, row.carrier_copy, row.next_attempt_at = "absent", "deleted", None
            if row.object_id is not None:
                claim(session, row.object_id, "never_came", now)
            note_finding(session, "recording_gone", row.recording_sid, GONE, now)
            settle(session, call, now)

    def _postpone(self, taken: Recording, error: str) -> None:
        now = self._clock.now()
        with self._database.begin() as session:
            row = session.get_one(Recording, taken.id, with_for_update={"of": Recording})
            if row.state != "fetching" or row.attempts != taken.attempts:
                return  # settled meanwhile, or taken over by another worker, whose try goes on
            row.state = "pending"
            row.last_error = error[:500]
            age = now - row.first_seen_at
            wait = FIRST_RETRY * 2 ** min(row.attempts - 1, 12)
            row.next_attempt_at = now + min(wait, SLOWEST_AT_FIRST if age < PATIENCE else SLOWEST)
            if age >= PATIENCE:
                explanation = f"This recording could not be taken in for {age.total_seconds():.0f} s: {row.last_error}"
                note_finding(session, "recording_overdue", row.recording_sid, explanation, now)
        log.warning("recording_not_fetched", recording=taken.id, error=error)


def _arrival(row: Recording, now: datetime) -> Arrival:
    begun = row.started_at
    # The windows begin when the recording ended, not when we got round to fetching it.
    ended = begun + timedelta(seconds=row.duration_s or 0) if begun is not None else row.first_seen_at
    return Arrival(
        kind="recording",
        centre_id=row.call.line.centre_id,
        content_type="audio/wav",
        purposes=PURPOSES,
        source_id=row.call.line_id,
        began_at=min(begun or ended, now),
        counted_from=min(ended, now),
    )


def _check(header: WavHeader, media: Media, row: Recording) -> None:
    """Raise NotWholeWav unless this is the recording that the carrier told of, whole."""
    if media.content_type not in WAV_TYPES:
        raise NotWholeWav(f"it is of type {media.content_type!r}")
    if media.length is not None and media.length != header.total_bytes:
        raise NotWholeWav(f"the file says {header.total_bytes} bytes, {media.length} were announced")
    if media.channels_asked is not None and header.channels != media.channels_asked:
        raise NotWholeWav(f"it has {header.channels} channels, {media.channels_asked} were asked for")
    if row.duration_s is not None and abs(header.seconds - row.duration_s) > TOLERANCE_S:
        raise NotWholeWav(f"it lasts {header.seconds:.1f} s, the carrier says {row.duration_s:.1f} s")
