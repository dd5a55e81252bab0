"""A recording's way from the carrier into the store, and the end of its copy there.

The worker claims a row, fetches by SID with the account's own credentials, checks that it is the whole recording, lets
it through to the intake in a stream, and then has the carrier's copy deleted, and asks whether it is.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone, reached
from storage.database import Database
from storage.intake import Arrival, Intake, Ticket
from storage.models import ObjectCopy, Recording, StoredObject
from storage.retention.policy import PolicyError
from telephony.carrier.port import Carrier, CarrierRefused, Media
from telephony.carrier_copy import CARRIER, ref_of
from telephony.consent import PURPOSES
from telephony.settlement import note_finding, settle
from telephony.wav import NotWholeWav, WavHeader, read_header

log = structlog.get_logger()

LEASE = timedelta(seconds=45)
RENEW_EVERY = timedelta(seconds=10)
# Media that is not ready is asked for again after 2 s, never more than 20 s apart for five minutes.
FIRST_RETRY = timedelta(seconds=2)
SLOWEST_AT_FIRST = timedelta(seconds=20)
PATIENCE = timedelta(minutes=5)
SLOWEST = timedelta(minutes=10)
# How far the length of the audio may be from what the carrier says (it says whole seconds).
TOLERANCE_S = 2.0
WAV_TYPES = frozenset({"audio/x-wav", "audio/wav", "audio/wave", "audio/vnd.wave"})


class Recordings:
    """Fetches what has been released for fetching."""

    def __init__(self, database: Database, clock: Clock, carriers: Mapping[str, Carrier], intake: Intake) -> None:
        self._database = database
        self._clock = clock
        self._carriers = carriers
        self._intake = intake

    def run(self) -> int:
        """Fetch every recording whose turn it is. Returns how many were stored."""
        stored = 0
        while (taken := self._take()) is not None:
            stored += self._fetch(*taken)
        return stored

    def _take(self) -> tuple[Recording, Ticket, Arrival] | None:
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
                return None
            row.object_id = ticket.object_id
        reached(Milestone.RECORDING_CLAIMED)
        return row, ticket, arrival

    def _fetch(self, row: Recording, ticket: Ticket, arrival: Arrival) -> int:
        try:
            with self._carrier(row).media(row.recording_sid) as media:
                chunks = iter(media.chunks)
                header, head = read_header(chunks)
                _check(header, media, row)
                self._intake.bring_in(
                    ticket,
                    arrival,
                    self._renewing(row.id, chain([head], chunks)),
                    header.total_bytes,
                    lambda session, kept: self._stored(session, kept, row.id, header),
                )
        # Whatever went wrong, the recording stays where it is and is asked for again: nothing accepted is lost (I7).
        except Exception as error:  # noqa: BLE001
            self._postpone(row.id, f"{type(error).__name__}: {error}")
            return 0
        log.info("recording_stored", recording=row.id, object=ticket.object_id)
        return 1

    def _carrier(self, row: Recording) -> Carrier:
        carrier = self._carriers.get(row.call.account_sid)
        if carrier is None:
            raise CarrierRefused(f"no account {row.call.account_sid} is configured any more")
        return carrier

    def _renewing(self, recording_id: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        renewed = self._clock.now()
        for chunk in chunks:
            yield chunk
            now = self._clock.now()
            if now - renewed >= RENEW_EVERY:
                renewed = now
                with self._database.begin() as session:
                    session.execute(
                        sa.update(Recording).where(Recording.id == recording_id).values(next_attempt_at=now + LEASE)
                    )

    def _stored(self, session: Session, kept: StoredObject, recording_id: str, header: WavHeader) -> None:
        now = self._clock.now()
        row = session.scalars(
            sa.select(Recording).where(Recording.id == recording_id).with_for_update(of=Recording)
        ).one()
        if row.state != "fetching":
            # Refused meanwhile: the object must not become stored.
            raise CarrierRefused("the call turned out to be one that is not recorded")
        row.state = "stored"
        row.channels = header.channels
        row.duration_s = round(header.seconds, 3)
        row.next_attempt_at = None
        row.next_removal_at = now
        row.last_error = None
        session.add(ObjectCopy(object_id=kept.id, place=CARRIER, ref=ref_of(row.call.account_sid, row.recording_sid)))
        session.flush()
        settle(session, row.call, now)

    def _postpone(self, recording_id: str, error: str) -> None:
        now = self._clock.now()
        with self._database.begin() as session:
            row = session.get_one(Recording, recording_id, with_for_update={"of": Recording})
            if row.state != "fetching":
                return
            row.state = "pending"
            row.last_error = error[:500]
            age = now - row.first_seen_at
            wait = FIRST_RETRY * 2 ** min(row.attempts - 1, 12)
            row.next_attempt_at = now + min(wait, SLOWEST_AT_FIRST if age < PATIENCE else SLOWEST)
            if age >= PATIENCE:
                explanation = f"This recording could not be taken in for {age.total_seconds():.0f} s: {row.last_error}"
                note_finding(session, "recording_overdue", row.recording_sid, explanation, now)
        log.warning("recording_not_fetched", recording=recording_id, error=error)


def _arrival(row: Recording, now: datetime) -> Arrival:
    begun = row.started_at
    # The windows begin when the recording ended, not when we got round to fetching it.
    ended = begun + timedelta(seconds=row.duration_s or 0) if begun is not None else now
    return Arrival("recording", row.call.line.centre_id, "audio/wav", PURPOSES, min(ended, now))


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
