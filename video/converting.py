"""Footage that a browser cannot play, as one that it can: smaller, H.264, a few pictures a second. For looking, not as
evidence: every picture is encoded anew, which a clip's are not.
"""

import io
from collections.abc import Iterator
from fractions import Fraction

import av
from av.video.stream import VideoStream

from video.looking import Reading

WIDTH = 640
PICTURES_A_S = 12.5
CODEC = "h264"
MOST_BITS_A_S = 900_000
# For pictures of their own kind: one thread, so that a worker's other jobs have theirs.
OPTIONS = {
    "preset": "veryfast",
    "crf": "28",
    "g": "25",
    "threads": "1",
    "maxrate": str(MOST_BITS_A_S),
    "bufsize": str(2 * MOST_BITS_A_S),
}
TICK = Fraction(1, 1000)
# How far before its turn a picture counts: times are rounded.
EARLY_S = 0.002
# Encoders take even sizes alone.
EVEN = 2


class NothingToConvert(Exception):
    """Not one picture of it can be decoded."""


def converted(chunks: Iterator[bytes]) -> bytes:
    """A fragmented MP4 as a small MP4 that every browser plays; its memory is that of what it returns, and a picture.

    Args:
        chunks: the file, in pieces of any size; what raises there raises here.

    Raises:
        NothingToConvert: see there. What is damaged is left out.
    """
    out = io.BytesIO()
    with av.open(Reading(chunks), "r", format="mp4") as source, av.open(out, "w", format="mp4") as target:
        shown = next(iter(source.streams.video), None)
        # Of an unknown codec there is no decoder, whatever the types say.
        if shown is None or getattr(shown, "codec_context", None) is None:
            raise NothingToConvert
        shown.codec_context.thread_count = 1
        made: VideoStream | None = None
        due, last = 0.0, -1
        for picture in _pictures(source, shown):
            at = picture.time
            if at is None or at < due - EARLY_S:
                continue
            if made is None:
                made = target.add_stream("libx264", rate=25, options=OPTIONS)
                made.width, made.height = _size(picture.width, picture.height)
                made.pix_fmt = "yuv420p"
                made.codec_context.time_base = TICK
            small = picture.reformat(width=made.width, height=made.height, format="yuv420p")
            small.pts, small.time_base = max(last + 1, round(at * 1000)), TICK
            last, due = small.pts, max(due + 1 / PICTURES_A_S, at)
            target.mux(made.encode(small))
        if made is None:
            raise NothingToConvert
        target.mux(made.encode())
    return out.getvalue()


def _pictures(source: av.container.InputContainer, shown: VideoStream) -> Iterator[av.VideoFrame]:
    for packet in source.demux(shown):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def _size(width: int, height: int) -> tuple[int, int]:
    wide = min(WIDTH, width) // EVEN * EVEN
    return wide, max(EVEN, round(height * wide / width / EVEN) * EVEN)
