"""What a segment shows, seen by its key frames alone: a thumbnail, a strip of small pictures, where something moved.

Pictures are decoded here alone. A segment is read once, in a stream; of its pictures one a second is looked at, however
often key frames come, so the work for a segment does not grow with what a camera sends.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from video.motion import Change, Motion, Picture, by_second
from video.sources import Packet
from video.timing import TIMESCALE

THUMBNAIL_WIDTH = 320
TILE_WIDTH = 160
CARD_WIDTH = 640
PICTURE_EVERY_S = 5.0
MOST_PICTURES = 24
LOOK_EVERY_S = 1.0
QUALITY = 75
# The most that a picture is higher than wide, or wider than high. Cameras' are about 2; what is drawn out further would
# need memory without end.
MOST_UNEVEN = 4
# How far before its second a key frame counts: cameras are not exact.
EARLY_S = 0.1
TICK = Fraction(1, TIMESCALE)


class NothingToSee(Exception):
    """Not one picture of it can be decoded, or none of a camera's proportions."""


@dataclass(frozen=True)
class Look:
    """What was seen. `pictures`: when each of the strip was taken, in milliseconds from the segment's begin."""

    thumbnail: bytes
    strip: bytes
    grids: bytes
    pictures: tuple[int, ...]
    motion: bytes


class Reading(io.RawIOBase):
    """Bytes that come in pieces, as a file that is read from its begin to its end."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Called by the demuxer."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._left = chunk
        size = len(self._left) if size < 0 else size
        given, self._left = self._left[:size], self._left[size:]
        return given


def look(chunks: Iterator[bytes], media_begin_s: float, seconds: float) -> Look:
    """Look at a segment.

    Args:
        chunks: its bytes, in pieces of any size.
        media_begin_s: media time at its begin.
        seconds: its length.

    Raises:
        NothingToSee: if there is no picture in it, or one more than four times as high as wide, or as wide as high.
        av.error.FFmpegError: if it cannot be read.
    """
    every_s = max(PICTURE_EVERY_S, seconds / MOST_PICTURES)
    motion, changes = Motion(), list[Change]()
    thumbnail, tiles, taken = b"", list[Picture](), list[int]()
    for at_s, picture in _pictures(chunks, media_begin_s):
        change = motion.see(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), at_s)
        if change is not None:
            changes.append(change)
        thumbnail = thumbnail or _jpeg(picture)
        if at_s + EARLY_S >= len(tiles) * every_s and len(tiles) < MOST_PICTURES:
            height = max(2, round(picture.shape[0] * TILE_WIDTH / picture.shape[1]))
            tiles.append(cv2.resize(picture, (TILE_WIDTH, height), interpolation=cv2.INTER_AREA))
            taken.append(round(at_s * 1000))
    if not tiles:
        raise NothingToSee("no picture of it can be decoded")
    strip = _jpeg(np.hstack(tiles))
    grids = b"".join(change.cells for change in changes)
    return Look(thumbnail, strip, grids, tuple(taken), by_second(changes, max(1, math.ceil(seconds))))


def _pictures(chunks: Iterator[bytes], media_begin_s: float) -> Iterator[tuple[float, Picture]]:
    """Key frames at least about a second apart, as (seconds from the begin, picture of the thumbnail's width)."""
    due = 0.0
    with av.open(Reading(chunks), "r", format="mp4") as file:
        stream: VideoStream = file.streams.video[0]
        stream.codec_context.thread_count = 1
        base = stream.time_base or TICK
        # A file of ours has one track.
        for packet in file.demux(stream):
            if not packet.is_keyframe or packet.pts is None:
                continue
            at_s = max(0.0, float(packet.pts * base) - media_begin_s)
            if at_s + EARLY_S < due:
                continue
            due = at_s + LOOK_EVERY_S
            # One picture alone: all that the decoder holds back is asked for at once.
            frames = [*stream.codec_context.decode(packet), *stream.codec_context.decode(None)]
            stream.codec_context.flush_buffers()
            for frame in frames[:1]:
                yield at_s, _scaled(frame, THUMBNAIL_WIDTH)


def one_picture(stream: VideoStream, packet: Packet) -> bytes:
    """What a key frame shows, as a JPEG of a card's width.

    Raises:
        NothingToSee: if it cannot be decoded, or has not the proportions of a camera's picture.
    """
    context = stream.codec_context
    context.thread_count = 1
    try:
        frames = [*context.decode(packet), *context.decode(None)]
    except av.error.FFmpegError:
        raise NothingToSee("it cannot be decoded") from None
    if not frames:
        raise NothingToSee("there is no picture in it")
    return _jpeg(_scaled(frames[0], CARD_WIDTH))


def _scaled(frame: av.VideoFrame, width: int) -> Picture:
    if max(frame.width, frame.height) > MOST_UNEVEN * min(frame.width, frame.height):
        raise NothingToSee(f"{frame.width}x{frame.height} are not the proportions of a camera's picture")
    height = max(2, round(frame.height * width / frame.width))
    return frame.to_ndarray(format="bgr24", width=width, height=height)


def _jpeg(picture: Picture) -> bytes:
    made, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not made:
        raise NothingToSee("it could not be written as JPEG")
    return data.tobytes()
