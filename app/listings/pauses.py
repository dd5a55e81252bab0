"""Pauses of recordings, as commands and the API list them."""

import sqlalchemy as sa

from app.listings.listing import Listing, Told, by_centre, utc
from storage.models import Call, Line, RecordingPause


def _pause(row: RecordingPause, call_sid: str) -> Told:
    return {
        "pause": row.id,
        "call_sid": call_sid,
        "recording_sid": row.recording_sid,
        "state": row.state,
        "paused": row.state == "paused",
        "asked_by": row.asked_by,
        "asked_at": utc(row.asked_at),
        "paused_at": utc(row.paused_at),
        "silent_until": utc(row.silent_until) if row.paused_at is not None else None,
        "ended_at": utc(row.ended_at),
    }


PAUSES = Listing(
    lambda: (
        sa.select(RecordingPause, Call.call_sid)
        .join(Call, Call.id == RecordingPause.call_id)
        .join(Line, Line.id == Call.line_id)
    ),
    _pause,
    by_centre(Line.centre_id),
    (RecordingPause.asked_at, RecordingPause.id),
)
