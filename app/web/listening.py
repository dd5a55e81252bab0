"""A recording in front of somebody who was granted it: the page, and its bytes, ranged and decrypted on the way."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import Range
from werkzeug.http import parse_range_header

from app.footage.access import Part
from app.viewing import Granted, read
from app.web.messages import texts
from app.wiring import Installation
from storage.models import Call, ConsentRecord, NoticeVersion, Recording, StoredObject


@dataclass(frozen=True)
class Facts:
    """What the page tells beside the player."""

    line: str
    recorded_at: datetime | None
    seconds: float | None
    channels: int | None
    kept_until: datetime | None
    """None: it is gone."""
    zone: ZoneInfo
    notice: NoticeVersion | None
    consent: ConsentRecord | None


def recording_page(at: Installation, granted: Granted, audio: str) -> str:
    """The page behind a pass. `audio` is where its bytes are."""
    with at.database.read() as session:
        facts = facts_of(session, granted.item.object_id, granted.purpose)
    return render_template("play.html", **texts(), audio=audio, granted=granted, facts=facts)


def ranged(at: Installation, granted: Granted) -> Response:
    """The bytes that the present request asks for."""
    return ranged_part(at, Part(granted.item, 0, granted.item.bytes), "audio/wav")


def ranged_part(at: Installation, part: Part, mimetype: str) -> Response:
    """The bytes of a part of an object that the present request asks for."""
    length = part.stop - part.start
    # RFC 9110, 14.2: ranges are for GET alone; an unknown unit is ignored, and several ranges may be.
    asked = request.headers.get("Range")
    wanted: Range | None = parse_range_header(asked) if request.method == "GET" else None
    if wanted is not None and (wanted.units != "bytes" or len(wanted.ranges) != 1):
        wanted = None
    span = wanted.range_for_length(length) if wanted is not None else None
    if wanted is not None and span is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{length}"})
    start, stop = span if span is not None else (0, length)
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{length}"
    body = b"" if request.method == "HEAD" else read(at, part.item, part.start + start, part.start + stop)
    answer = Response(body, status=206 if span is not None else 200, mimetype=mimetype, headers=headers)
    # Last: a body that is given whole, as HEAD's empty one, sets it to its own length.
    answer.content_length = stop - start
    return answer


def facts_of(session: Session, object_id: str, purpose: str | None) -> Facts:
    """What is told of a recording that is heard for a purpose; None: its media is gone."""
    row = session.get_one(StoredObject, object_id)
    recording = session.scalars(sa.select(Recording).where(Recording.object_id == row.id)).one()
    call: Call = recording.call
    consent = session.scalars(sa.select(ConsentRecord).where(ConsentRecord.call_id == call.id)).one_or_none()
    return Facts(
        line=f"{call.line.centre.name}, {call.line.code}",
        recorded_at=recording.started_at,
        seconds=recording.duration_s,
        channels=recording.channels,
        kept_until=next((each.until for each in row.purposes if each.purpose == purpose), None),
        zone=ZoneInfo(call.line.centre.timezone),
        notice=call.notice_version,
        consent=consent,
    )
