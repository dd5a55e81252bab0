"""From packets to segments: stream copy into fragmented MP4, cut at key frames. PyAV's output side is known here alone.

The muxer writes into memory; what goes to the spool are whole fragments, about one a second, so that whoever is killed
loses the last one at most. Each segment is a file of its own that a player can open, and its `tfdt` goes on from the
one before, so that a playlist can put them behind one another. A packet waits for the next one: only then is known how
long it lasts, and every fragment begins exactly where the one before it ends.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

import av
from av.video.stream import VideoStream

from storage.models.columns import random_id
from video.boxes import Fragment, boxes, layout, shift
from video.facts import Begun, Finished, Run
from video.sources import Packet
from video.spool import CameraSpool, OpenSegment, SpoolFull
from video.timing import TIMESCALE, Pace, Placed, ended

SEGMENT_S = 30.0
FRAGMENT_S = 1.0
# Beyond these a cut does not wait for a key frame, and a fragment not for its second: what floods costs no memory.
MOST_SEGMENT_BYTES = 512 << 20
MOST_FRAGMENT_BYTES = 4 << 20
TICK = Fraction(1, TIMESCALE)


class Sink:
    """Where the muxer writes to: gathers bytes until they are whole pieces."""

    def __init__(self) -> None:
        self._gathered = bytearray()

    def write(self, data: bytes) -> int:
        """Called by the muxer."""
        self._gathered += data
        return len(data)

    def pieces(self) -> list[bytearray]:
        """What is whole by now: the init part, fragments."""
        if not self._gathered:
            return []
        found, begin = [], 0
        for box in boxes(self._gathered):
            if box.kind in (b"moov", b"mdat"):
                found.append((begin, box.end))
                begin = box.end
        if found == [(0, len(self._gathered))]:  # as nearly always: then it is handed on, not copied
            whole, self._gathered = self._gathered, bytearray()
            return [whole]
        cut = [self._gathered[at:end] for at, end in found]
        del self._gathered[:begin]
        return cut


class Muxer:
    """One segment's packets into pieces. Its time begins with zero."""

    def __init__(self, like: VideoStream) -> None:
        self._sink = Sink()
        self._out = av.open(
            self._sink,
            "w",
            format="mp4",
            options={
                "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
                "frag_duration": str(round(FRAGMENT_S * 1_000_000)),
                "frag_size": str(MOST_FRAGMENT_BYTES),
                "video_track_timescale": str(TIMESCALE),
                "use_editlist": "0",
                "flush_packets": "1",
            },
        )
        self._stream = self._out.add_stream_from_template(like)

    def mux(self, packet: Packet) -> list[bytearray]:
        """Take a packet, its times in ticks; give what became whole."""
        packet.stream = self._stream
        self._out.mux_one(packet)
        return self._sink.pieces()

    def close(self) -> list[bytearray]:
        """Give the rest."""
        self._out.close()
        return self._sink.pieces()


class SegmentWriter:
    """The segments of one run."""

    def __init__(
        self, spool: CameraSpool, run: Run, like: VideoStream, first_cut_s: float, segment_s: float = SEGMENT_S
    ) -> None:
        self._spool = spool
        self._run = run
        self._like = like
        self._cut_ticks = round(first_cut_s * TIMESCALE)
        self._segment_ticks = round(segment_s * TIMESCALE)
        self._pace = Pace()
        self._held: Packet | None = None
        self._last_length = TIMESCALE // 25
        self.finished = 0
        self._begin(Begun(random_id(), run, 0, run.began_at, 0))

    def add(self, packet: Packet, placed: Placed, elapsed_s: float) -> None:
        """Take the next packet of the run; `elapsed_s` since it began, by the machine's monotonic clock.

        Raises:
            SpoolFull, OSError: it could not be written. What was written before stays; `close` is to be called.
        """
        packet.time_base, packet.dts, packet.pts = TICK, placed.dts, placed.pts
        held, self._held = self._held, None
        if held is not None and held.dts is not None:
            self._last_length = placed.dts - held.dts
            self._write(held)
            age = placed.dts - self._open.begun.media_begin
            if (packet.is_keyframe and age >= self._cut_ticks) or self._open.size > MOST_SEGMENT_BYTES:
                self._cut()
        self._pace.see(elapsed_s, placed.dts)
        self._held = packet

    def close(self, settle: Callable[[datetime], object]) -> None:
        """End the run. `settle` is told when it ended, and begins the gap, before the last segment is finished."""
        # Whatever cannot be written: what is whole on the disk counts, and the gap begins behind it.
        with suppress(SpoolFull, OSError, av.error.FFmpegError):
            if self._held is not None:
                self._write(self._held)
            self._append(self._muxer.close())
        self._open.close()
        finished = self._whole()
        settle(self._open.begun.began_at if finished is None else finished.ended_at)
        if finished is not None:
            self._finish(self._open, finished)

    def _begin(self, begun: Begun) -> None:
        self._open = self._spool.begin(begun)
        self._muxer = Muxer(self._like)
        self._torn = False
        self._init_bytes = 0
        self._fragments: list[Fragment] = []

    def _write(self, packet: Packet) -> None:
        packet.duration = self._last_length
        self._append(self._muxer.mux(packet))

    def _append(self, pieces: list[bytearray]) -> None:
        begin = self._open.begun.media_begin
        for piece in pieces:
            if self._torn:
                return
            self._torn = True  # until it is written: behind one that is missing there must be no other
            if piece[4:8] == b"ftyp":
                self._open.append(piece)
                self._init_bytes = len(piece)
            else:
                shift(piece, begin)
                at = self._open.size
                self._open.append(piece)
                self._fragments.append(replace(layout(piece).fragments[0], offset=at))
            self._torn = False

    def _cut(self) -> None:
        self._append(self._muxer.close())
        before = self._open
        before.close()
        finished = self._whole()
        if finished is None:
            raise ValueError("a segment of nothing")
        self._cut_ticks = self._segment_ticks
        self._begin(Begun(random_id(), self._run, before.begun.number + 1, finished.ended_at, finished.media_end))
        self._finish(before, finished)

    def _whole(self) -> Finished | None:
        begun = self._open.begun
        if not self._fragments:
            return None
        end = self._fragments[-1].end
        moment = ended(begun.began_at, self._run.began_at, end, end - begun.media_begin, self._pace.take())
        return Finished(begun, moment, self._init_bytes, tuple(self._fragments))

    def _finish(self, opened: OpenSegment, finished: Finished) -> None:
        self._spool.finish(opened.path, finished)
        self.finished += 1
