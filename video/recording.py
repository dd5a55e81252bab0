"""One camera, for as long as it is to be recorded: runs, and gaps between them. It harms no other, whatever it does."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from config.clock import Clock
from storage.models.columns import random_id
from video.addresses import Forbidden
from video.facts import Reason, Run
from video.salvage import recover
from video.segments import SEGMENT_S, SegmentWriter
from video.sources import Packet, Source, StreamLost
from video.spool import NO_ROOM, CameraSpool, OpenGap, SpoolFull
from video.timing import Normaliser, Placed, Runaway, began, run_begin

log = structlog.get_logger()

# Reconnects come at most 5 s apart in the first minute, and half a minute later on.
FIRST_WAIT_S = 0.5
SLOWEST_AT_FIRST_S = 5.0
FIRST_MINUTE = timedelta(minutes=1)
SLOWEST_S = 30.0
# How long a run's first packets are held back, and how many of them at most.
HELD_BACK_S = 1.0
MOST_HELD_BACK = 500
# Who is stopped for these may not record: of a run that has not begun nothing is written any more (I8).
MUST_NOT = (Reason.NO_SIGN, Reason.OFF)


@dataclass(frozen=True)
class Habits:
    """How long things are (seconds), and chance: a test shortens the one and does without the other."""

    segment_s: float = SEGMENT_S
    first_wait_s: float = FIRST_WAIT_S
    chance: Callable[[], float] = random.random


class CameraRecording:
    """Records one camera into its spool.

    `open_stream` opens it anew each time. It raises StreamLost, Forbidden, or OSError where a name is not known.
    """

    def __init__(
        self,
        spool: CameraSpool,
        open_stream: Callable[[], Source],
        clock: Clock,
        habits: Habits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        lease: int = 0,
    ) -> None:
        self.lease = lease
        # How often in a row nobody answered, or not to us.
        self.not_opened = 0
        self._spool = spool
        self._open_stream = open_stream
        self._clock = clock
        self._monotonic = monotonic
        self._habits = habits or Habits()
        self.stopping = threading.Event()
        self._stopped_for = Reason.RECORDER_STOPPED
        # What a segment that nobody finished was broken off by: another process's end, until something failed in ours.
        self._broken_by = Reason.RECORDER_KILLED

    def stop(self, reason: Reason) -> None:
        """Let it end, soon; the gap that then begins has this reason."""
        self._stopped_for = reason
        self.stopping.set()

    def run(self) -> None:
        """Record until `stopping` is set. Nothing that a camera or a disk does ends it."""
        failures = 0
        while not self.stopping.is_set():
            began = self._clock.now()
            try:
                gap, recorded = self._one_run()
            # Whatever it was, the next try begins with what the spool holds.
            except Exception as error:  # noqa: BLE001
                log.warning("recording_failed", camera=self._spool.camera_id, error=type(error).__name__)
                full = isinstance(error, SpoolFull) or (isinstance(error, OSError) and error.errno in NO_ROOM)
                self._broken_by = Reason.SPOOL_FULL if full else Reason.FAILED
                gap, recorded = None, False
            failures = 0 if recorded else failures + 1
            lasts = self._clock.now() - (began if gap is None else gap.gap.started_at)
            self.stopping.wait(self._wait_s(failures, lasts))

    def _one_run(self) -> tuple[OpenGap, bool]:
        """Connect, record until it ends. Returns the gap since then, and whether anything was recorded."""
        gap = recover(self._spool, self._clock.now(), self._broken_by)
        try:
            self._spool.make_sure_of_room()
            source = self._open_stream()
        except StreamLost as lost:
            why = Reason(lost.trouble.value)
        except SpoolFull:
            why = Reason.SPOOL_FULL
        except Forbidden:
            why = Reason.FORBIDDEN
        except OSError:
            why = Reason.UNREACHABLE
        # Credentials that do not open, say: it is told, and tried again.
        except Exception as error:  # noqa: BLE001
            log.warning("not_opened", camera=self._spool.camera_id, error=type(error).__name__)
            why = Reason.FAILED
        else:
            with closing(source):
                self.not_opened = 0
                if not self.stopping.is_set():
                    return self._record(source, gap)
            why = self._stopped_for
        self.not_opened += why in (Reason.UNREACHABLE, Reason.REFUSED)
        return gap.change(self._clock.now(), why), False

    def _record(self, source: Source, gap: OpenGap) -> tuple[OpenGap, bool]:
        taker = _Taker(self._spool, source, gap, self._clock, self._monotonic, self._habits, self.lease)
        try:
            for packet in source.packets():
                # It may have come for as long as nobody asked.
                if self.stopping.is_set():
                    break
                taker.take(packet)
            why = self._stopped_for
        except StreamLost as lost:
            why = Reason(lost.trouble.value)
        except SpoolFull:
            why = Reason.SPOOL_FULL
        except Runaway:
            why = Reason.RUNAWAY
        # A disk that fails, a stream that the muxer does not take: the run is over, and the next one begins anew.
        except Exception as error:  # noqa: BLE001
            log.warning("run_failed", camera=self._spool.camera_id, error=type(error).__name__)
            why = Reason.FAILED
        if self.stopping.is_set() and self._stopped_for in MUST_NOT:
            why = self._stopped_for
        recorded = taker.writer is not None
        log.info("run_ended", camera=self._spool.camera_id, reason=why.value, recorded=recorded)
        return taker.close(why), recorded

    def _wait_s(self, failures: int, lasts: timedelta) -> float:
        """How long to wait before the next try: longer each time, and never for all cameras the same."""
        slowest = SLOWEST_AT_FIRST_S if lasts < FIRST_MINUTE else SLOWEST_S
        wait = min(self._habits.first_wait_s * 2.0 ** min(failures, 16), slowest)
        return wait * (0.5 + 0.5 * self._habits.chance())


class _Taker:
    """Takes the packets of one run. The run begins with the first key frame, and the gap ends there.

    What came in while the stream was being looked at, or what a camera keeps for those who join, comes all at once, and
    later than it was seen. So the first second is held back: of all packets the one that came with the least delay says
    when the run began.
    """

    def __init__(
        self,
        spool: CameraSpool,
        source: Source,
        gap: OpenGap,
        clock: Clock,
        monotonic: Callable[[], float],
        habits: Habits,
        lease: int,
    ) -> None:
        self._lease = lease
        self._spool, self._source, self._gap = spool, source, gap
        self._clock, self._monotonic, self._habits = clock, monotonic, habits
        self._normaliser = Normaliser(source.time_base)
        self._first: list[tuple[Packet, Placed, float]] = []
        self._zero = 0.0
        self.writer: SegmentWriter | None = None

    def take(self, packet: Packet) -> None:
        now = self._monotonic()
        zero = self._zero if self.writer is not None else self._first[0][2] if self._first else now
        placed = self._normaliser.place(
            packet.dts, packet.pts, key=packet.is_keyframe, elapsed_s=now - zero, length=packet.duration
        )
        if placed is None:
            return
        if self.writer is not None:
            self.writer.add(packet, placed, now - zero)
            return
        self._first.append((packet, placed, now))
        if now - zero >= HELD_BACK_S or len(self._first) >= MOST_HELD_BACK:
            self._begin()

    def close(self, why: Reason) -> OpenGap:
        """End the run: the gap that lasts from then on."""
        if self.writer is None and self._first and why not in MUST_NOT:
            with suppress(SpoolFull):
                self._begin()
        if self.writer is None:
            return self._gap.change(self._clock.now(), why)
        gaps: list[OpenGap] = []

        def settle(ended_at: datetime) -> None:
            gaps.append(self._spool.open_gap(ended_at, why))

        self.writer.close(settle)
        return gaps[0]

    def _begin(self) -> None:
        self._zero = began(((placed.dts, came) for _, placed, came in self._first))
        clock_said = self._clock.now() - timedelta(seconds=self._monotonic() - self._zero)
        began_at = run_begin(clock_said, self._gap.gap.started_at)
        pictures = self._source.pictures
        run = Run(
            random_id(),
            self._spool.camera_id,
            began_at,
            clock_said,
            pictures.codec,
            pictures.width,
            pictures.height,
            self._lease,
        )
        # Cameras that begin together shall not all cut together: each has its own first length.
        first_cut_s = self._habits.segment_s * (0.5 + 0.5 * self._habits.chance())
        self.writer = SegmentWriter(self._spool, run, self._source.stream, first_cut_s, self._habits.segment_s)
        self._gap.end(began_at)
        log.info("run_began", camera=self._spool.camera_id, run=run.id, skipped=self._normaliser.skipped)
        held, self._first = self._first, []
        for packet, placed, came in held:
            self.writer.add(packet, placed, came - self._zero)
