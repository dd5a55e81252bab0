"""A recording's media over HTTP, read from disk in blocks: a day's stereo is 1.4 GB and more.

Source: «Recording resource», fetching the media: `.wav` is `audio/x-wav` at 128 kbit/s a channel; `RequestedChannels`
asks for one or two; a recording in post-processing answers 21501 with Retry-After.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from werkzeug.wrappers import Response

from telephony.practice.audio import mono_stream
from telephony.practice.exchange import Exchange
from telephony.practice.model import Recording
from telephony.practice.resources import RestError

NOT_AVAILABLE = 21501
NOT_FOUND = 20404
BAD_PARAMETER = 20001
RETRY_AFTER_S = 2
BLOCK_BYTES = 64 * 1024


def respond(exchange: Exchange, recording: Recording, query: Mapping[str, str]) -> Response:
    """The media, or why there is none (RestError)."""
    path = exchange.shelf.media(recording)
    ready_at = recording.date_updated + timedelta(seconds=exchange.faults.media_not_ready_s)
    if recording.status in {"in-progress", "processing"} or exchange.clock.now() < ready_at:
        # Twilio does not document the HTTP status that goes with 21501
        raise RestError(404, NOT_AVAILABLE, "Resource not available", {"Retry-After": str(RETRY_AFTER_S)})
    if not path.exists():
        raise RestError(404, NOT_FOUND, f"The recording {recording.sid} has no media")
    channels = _channels(exchange, recording, query)
    body: Iterable[bytes]
    if channels < recording.stored_channels:
        size, body = mono_stream(path)
    else:
        size, body = path.stat().st_size, _blocks(path)
    if exchange.faults.media_truncated:
        size, body = size // 2, _first(body, size // 2)
    response = Response(body, mimetype="audio/x-wav", direct_passthrough=True)
    response.content_length = size
    return response


def _channels(exchange: Exchange, recording: Recording, query: Mapping[str, str]) -> int:
    asked = query.get("RequestedChannels")
    if asked is None:
        return min(recording.channels, recording.stored_channels)
    if asked not in {"1", "2"}:
        raise RestError(400, BAD_PARAMETER, "RequestedChannels is 1 or 2")
    if int(asked) > recording.stored_channels or (asked == "2" and exchange.faults.dual_unavailable):
        raise RestError(400, BAD_PARAMETER, "The recording has no two channels")
    return int(asked)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _first(body: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in body:
        yield block[:size]
        size -= len(block)
        if size <= 0:
            return
