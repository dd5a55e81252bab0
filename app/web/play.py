"""The page on which a recording is heard, and its bytes: ranged, decrypted on the way."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import Range
from werkzeug.http import parse_range_header

from app.auth.pass_link import Pass, Passes
from app.viewing import Granted, grant, read
from app.web.messages import LANGUAGES, catalogue, language_of
from app.wiring import Installation
from storage.models import Call, ConsentRecord, NoticeVersion, Recording, StoredObject


@dataclass(frozen=True)
class Facts:
    """What the page tells beside the player."""

    line: str
    recorded_at: datetime | None
    seconds: float | None
    channels: int | None
    kept_until: datetime
    zone: ZoneInfo
    notice: NoticeVersion | None
    consent: ConsentRecord | None


def play(at: Installation, passes: Passes) -> Blueprint:
    """/play/<pass> and its audio."""
    area = Blueprint("play", __name__, url_prefix="/play")

    @area.get("/<text>")
    def page(text: str) -> str:
        held = passes.read(text)
        granted = grant(at, held.person_id, held.object_id, "page", held.purpose)
        language = language_of(request)
        return render_template(
            "play.html",
            t=catalogue(language),
            language=language,
            languages=LANGUAGES,
            audio=f"/play/{text}/audio.wav",
            purpose=granted.purpose,
            facts=_facts(at, held),
        )

    @area.get("/<text>/audio.wav")
    def audio(text: str) -> Response:
        held = passes.read(text)
        granted = grant(at, held.person_id, held.object_id, "page", held.purpose)
        return _ranged(at, granted, request.headers.get("Range"))

    return area


def _ranged(at: Installation, granted: Granted, asked: str | None) -> Response:
    item = granted.item
    # RFC 9110, 14.2: ranges are for GET alone; an unknown unit is ignored, and several ranges may be.
    wanted: Range | None = parse_range_header(asked) if request.method == "GET" else None
    if wanted is not None and (wanted.units != "bytes" or len(wanted.ranges) != 1):
        wanted = None
    span = wanted.range_for_length(item.bytes) if wanted is not None else None
    if wanted is not None and span is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{item.bytes}"})
    start, stop = span if span is not None else (0, item.bytes)
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{item.bytes}"
    body = b"" if request.method == "HEAD" else read(at, item, start, stop)
    answer = Response(body, status=206 if span is not None else 200, mimetype="audio/wav", headers=headers)
    # Last: a body that is given whole, as HEAD's empty one, sets it to its own length.
    answer.content_length = stop - start
    return answer


def _facts(at: Installation, held: Pass) -> Facts:
    with at.database.read() as session:
        row = session.get_one(StoredObject, held.object_id)
        recording = session.scalars(sa.select(Recording).where(Recording.object_id == row.id)).one()
        call: Call = recording.call
        consent = session.scalars(sa.select(ConsentRecord).where(ConsentRecord.call_id == call.id)).one_or_none()
        until = next(each.until for each in row.purposes if each.purpose == held.purpose)
        return Facts(
            line=f"{call.line.centre.name}, {call.line.code}",
            recorded_at=recording.started_at,
            seconds=recording.duration_s,
            channels=recording.channels,
            kept_until=until,
            zone=ZoneInfo(call.line.centre.timezone),
            notice=call.notice_version,
            consent=consent,
        )
