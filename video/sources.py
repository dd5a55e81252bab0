"""Opening a camera's stream: RTSP over TCP, HTTP(S), a file. PyAV's input side is known here alone.

What goes wrong has a reason and never a text of PyAV's: that repeats the address, with the password in it. Nothing
here waits for longer than its timeouts, whatever the other side does.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.container import InputContainer
from av.packet import Packet as AnyPacket
from av.video.stream import VideoStream

from video.addresses import Reachable
from video.rtsp_greeting import SentElsewhere, greet

OPEN_TIMEOUT_S = 8.0
READ_TIMEOUT_S = 5.0
CODECS = ("h264", "hevc")
# What may be inside of an HTTP answer or a file: nothing that names other addresses, as playlists do.
FORMATS = "mpegts,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,flv,avi,h264,hevc"
PROTOCOLS = {"http": "http,tcp", "https": "https,tls,tcp", "file": "file"}
REDIRECTED = "Redirecting to"
# A packet that took longer than this to come was waited for, and not read from what lay ready.
WAITED_S = 0.005
# The least time after which TCP sends again what was lost (RFC 6298 as Linux has it), which every camera lives with.
REST_S = 0.2
REST_BYTES = 128 << 10

# FFmpeg follows redirects of RTSP without asking. A server is asked before it gets to it (rtsp_greeting.py); that it
# answers otherwise the second time is told in FFmpeg's log alone, so that is read while a stream is opened, each line.
# They can hold passwords: nobody else gets them.
av.logging.set_level(av.logging.INFO)
av.logging.set_skip_repeated(False)
_libav = logging.getLogger("libav")
_libav.addHandler(logging.NullHandler())
_libav.propagate = False


if TYPE_CHECKING:
    Packet = AnyPacket[VideoStream]
else:  # a class of C, which takes no parameters when it runs
    Packet = AnyPacket


class Trouble(StrEnum):
    """Why there is no stream, or no more of it."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    UNSUPPORTED = "unsupported"
    STALLED = "stalled"
    ENDED = "ended"


class StreamLost(Exception):
    """There is no stream (any more); `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


class Rest:
    """How long nothing is read from a stream, so that what comes in meanwhile is read in one go.

    To wake up for every frame of every camera costs a recorder a third of its processor time. A rest is taken only
    after a packet that had to be waited for: so one packet of each batch is seen as it comes, which is all that a run's
    beginning and its pace go by (timing.py). What a rest gathers has to lie in the system's buffers: the more a stream
    brings, the shorter it is, and a camera never waits for longer than it would for one packet that a network lost.
    """

    def __init__(self) -> None:
        self._gathered = 0

    def after(self, waited_s: float, size: int) -> float:
        """Seconds to rest after a packet of `size` bytes for which `waited_s` seconds were waited."""
        self._gathered += size
        if waited_s < WAITED_S:
            return 0.0
        gathered, self._gathered = self._gathered, 0
        return REST_S * min(1.0, REST_BYTES / gathered)


@dataclass(frozen=True)
class Pictures:
    """What a stream holds."""

    codec: str
    width: int
    height: int


class Source:
    """An open stream. Not for two threads."""

    def __init__(self, container: InputContainer, reachable: Reachable, *, redirected: bool = False) -> None:
        if redirected:
            raise StreamLost(Trouble.REDIRECTED)
        self._container = container
        self._stream = _video(container)
        self._loops = reachable.loops
        self._paced = reachable.scheme == "file"

    @property
    def pictures(self) -> Pictures:
        context = self._stream.codec_context
        return Pictures(context.name, context.width, context.height)

    @property
    def stream(self) -> VideoStream:
        """What an output stream is made after."""
        return self._stream

    @property
    def time_base(self) -> Fraction:
        """Of the packets' times."""
        found = self._stream.time_base
        if found is None:
            raise StreamLost(Trouble.UNSUPPORTED)
        return found

    def packets(self) -> Iterator[Packet]:
        """Its video packets, as they come. A file's come in real time, and begin again at its end if it loops.

        Raises:
            StreamLost: always, at the end: a stream that is recorded has no good end.
        """
        try:
            yield from self._in_real_time() if self._paced else self._demuxed()
        except av.error.FFmpegError as error:
            raise StreamLost(trouble_of(error, Trouble.STALLED)) from None
        raise StreamLost(Trouble.ENDED)

    def close(self) -> None:
        """Give it back. Waits for nothing."""
        with suppress(av.error.FFmpegError):
            self._container.close()

    def _demuxed(self) -> Iterator[Packet]:
        rest, asked = Rest(), time.monotonic()
        for packet in self._container.demux(self._stream):
            # An empty packet is how PyAV tells the end; a server that died is told in no other way.
            if not packet.size:
                continue
            waited = time.monotonic() - asked
            yield packet
            if not self._paced and (pause := rest.after(waited, packet.size)):
                time.sleep(pause)
            asked = time.monotonic()

    def _in_real_time(self) -> Iterator[Packet]:
        begun, shift = time.monotonic(), 0
        while True:
            first, end = None, 0
            for packet in self._demuxed():
                if packet.dts is None:
                    continue
                first = packet.dts if first is None else first
                end = max(end, packet.dts + (packet.duration or 1) - first)
                moved = shift - first
                packet.dts += moved
                packet.pts = packet.dts if packet.pts is None else packet.pts + moved
                time.sleep(max(0.0, begun + float(packet.dts * self.time_base) - time.monotonic()))
                yield packet
            if not self._loops or first is None:
                return
            shift += end
            self._container.seek(0)


def open_source(
    reachable: Reachable, open_timeout_s: float = OPEN_TIMEOUT_S, read_timeout_s: float = READ_TIMEOUT_S
) -> Source:
    """Open a stream; its first bytes are read, so that what it holds is known.

    Raises:
        StreamLost: with why not.
    """
    if reachable.scheme == "rtsp":
        try:
            greet(reachable, open_timeout_s)
        except SentElsewhere:
            raise StreamLost(Trouble.REDIRECTED) from None
        except OSError:
            raise StreamLost(Trouble.UNREACHABLE) from None
    options = {"format_whitelist": FORMATS, "protocol_whitelist": PROTOCOLS.get(reachable.scheme, "")}
    if reachable.scheme == "rtsp":
        options = {"rtsp_transport": "tcp", "allowed_media_types": "video", "fpsprobesize": "0"}
    elif reachable.scheme in ("http", "https"):
        options |= {"max_redirects": "0", "headers": f"Host: {reachable.host}\r\n"}
    if reachable.scheme == "https":
        options |= {"tls_verify": "1", "verifyhost": reachable.host}
    with av.logging.Capture() as said:
        try:
            container = av.open(reachable.url, options=options, timeout=(open_timeout_s, read_timeout_s))
        except av.error.FFmpegError as error:
            raise StreamLost(Trouble.REDIRECTED if _redirected(said) else trouble_of(error)) from None
    try:
        return Source(container, reachable, redirected=_redirected(said))
    except BaseException:
        container.close()
        raise


def trouble_of(error: Exception, else_: Trouble = Trouble.UNREACHABLE) -> Trouble:
    """PyAV's errors as ours."""
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return Trouble.REFUSED
    return else_


def _redirected(said: list[tuple[int, str, str]]) -> bool:
    return any(REDIRECTED in line for _, _, line in said)


def _video(container: InputContainer) -> VideoStream:
    found = next((stream for stream in container.streams.video if stream.codec_context.name in CODECS), None)
    if found is None or not found.codec_context.width:
        raise StreamLost(Trouble.UNSUPPORTED)
    return found
