"""Peaks of recordings: what waveforms are drawn from, derived once (storage/deriving.py) from each recording."""

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from config.clock import Clock
from config.milestones import Milestone
from storage.database import Database
from storage.deriving import Deriving, Kind, Made, NothingToBeMade
from storage.intake import Intake
from storage.models import PeaksTask, StoredObject
from storage.playback import Playable, Playback
from telephony.wav import NotWholeWav
from telephony.waveform import FULL, Waveform, waveform

PEAKS = Kind("peaks", "recording", "application/json", PeaksTask, Milestone.PEAKS_CLAIMED, Milestone.PEAKS_COMMITTED)


def want_peaks(session: Session, object_id: str, now: datetime) -> None:
    """In the transaction that stores a recording: have its peaks made."""
    PEAKS.want(session, object_id, now)


def want_lost_peaks(session: Session, now: datetime) -> int:
    """Have peaks made anew of recordings whose deletion was taken back. Returns how many there were."""
    return PEAKS.want_lost(session, now)


def peaks_of(session: Session, object_id: str) -> StoredObject | None:
    """The object with the peaks of a recording's object, if they are there."""
    return PEAKS.derived(session, object_id)


def document(found: Waveform) -> bytes:
    """Peaks as they are kept and given to pages: JSON."""
    told = {
        "version": 1,
        "seconds": round(found.seconds, 3),
        "seconds_per_peak": found.frames_per_peak / found.sample_rate,
        "full": FULL,
        "channels": found.channels,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def peaks(database: Database, clock: Clock, intake: Intake, playback: Playback) -> Deriving:
    """Makes the peaks that are wanted."""
    return Deriving(PEAKS, _drawn, database, clock, intake, playback)


def _drawn(_item: Playable, chunks: Iterator[bytes]) -> Made:
    try:
        return Made(document(waveform(chunks)))
    except NotWholeWav as error:
        # The page plays it all the same, and draws nothing.
        raise NothingToBeMade(str(error)) from error
