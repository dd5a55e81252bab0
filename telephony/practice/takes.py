"""Recordings while they run: which stretch of the line's tape they take, and how that becomes a file."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from telephony.practice.audio import RATE_HZ, Samples, Tape, loud_span, within, write_wav
from telephony.practice.faults import Faults
from telephony.practice.model import ABSENT_SILENT, ABSENT_TOO_SHORT, Recording
from telephony.practice.recordings import Shelf

SHORTEST_S = 0.5
"""Below this a recording is absent, «too short» (16101); Twilio gives no number."""


@dataclass(frozen=True)
class CallbackOrder:
    """Where, how and for which events a recording's status is reported."""

    url: str
    method: str
    events: frozenset[str]


@dataclass
class Take:
    """One running recording. Times are seconds since the call began; `pauses` hold begin, end and behaviour."""

    recording: Recording
    order: CallbackOrder | None
    trim: bool
    begin_s: float
    end_s: float | None = None
    pauses: list[tuple[float, float | None, str]] = field(default_factory=list)
    reported: bool = False

    @property
    def paused(self) -> bool:
        """Whether it is paused now."""
        return bool(self.pauses) and self.pauses[-1][1] is None


class Takes:
    """The recordings of one call. Safe to use from several threads: the REST API stops and pauses them."""

    def __init__(self, shelf: Shelf, tape: Tape, elapsed: Callable[[], float], faults: Faults) -> None:
        self._shelf = shelf
        self._tape = tape
        self._elapsed = elapsed
        self._faults = faults
        self._lock = threading.RLock()
        self._takes: list[Take] = []

    def start(self, call_sid: str, source: str, order: CallbackOrder | None, *, channels: int, trim: bool) -> Take:
        """Begin to record now. What only one party can be heard in (`<Record>`) is stored in one channel."""
        recording = self._shelf.new(call_sid, source, channels, 1 if source == "RecordVerb" else 2)
        take = Take(recording, order, trim, self._elapsed())
        with self._lock:
            self._takes.append(take)
        return take

    def running(self) -> list[Take]:
        """Those that have not been stopped."""
        with self._lock:
            return [take for take in self._takes if take.end_s is None]

    def all(self) -> list[Take]:
        """All of the call's recordings, in the order in which they began."""
        with self._lock:
            return list(self._takes)

    def pause(self, take: Take, behaviour: str) -> None:
        """Record silence (`silence`) or nothing (`skip`) from now on."""
        with self._lock:
            if not take.paused:
                take.pauses.append((self._elapsed(), None, behaviour))

    def resume(self, take: Take) -> None:
        """Record again."""
        with self._lock:
            self._end_pause(take)

    def stop(self, take: Take) -> bool:
        """End it now; False where somebody else had done so."""
        with self._lock:
            if take.end_s is not None:
                return False
            take.end_s = self._elapsed()
            self._end_pause(take)
        self._shelf.change(take.recording, "processing")
        return True

    def develop(self, take: Take) -> None:
        """Make the file of a stopped take: `completed`, or `absent` where it is too short or nothing but silence."""
        frames = sum(high - low for low, high, _ in self._stretches(take))
        if frames < SHORTEST_S * RATE_HZ or self._faults.recording_absent:
            self._shelf.change(take.recording, "absent", error_code=ABSENT_TOO_SHORT)
            return
        span = loud_span(self._blocks(take)) if take.trim else (0, frames)
        if span is None:
            self._shelf.change(take.recording, "absent", error_code=ABSENT_SILENT)
            return
        path = self._shelf.media(take.recording)
        written = write_wav(path, within(self._blocks(take), *span), take.recording.stored_channels)
        self._shelf.change(take.recording, "completed", duration_s=max(1, round(written / RATE_HZ)))

    def _end_pause(self, take: Take) -> None:
        if take.paused:
            begin, _, behaviour = take.pauses[-1]
            take.pauses[-1] = (begin, self._elapsed(), behaviour)

    def _stretches(self, take: Take) -> list[tuple[int, int, bool]]:
        """Sample positions from, to, and whether something can be heard there; skipped pauses are left out."""
        end_s = take.end_s if take.end_s is not None else self._elapsed()
        stretches, at = [], take.begin_s
        for begin, end, behaviour in take.pauses:
            stretches.append((at, begin, True))
            at = end_s if end is None else end
            if behaviour == "silence":
                stretches.append((begin, at, False))
        stretches.append((at, end_s, True))
        return [(round(low * RATE_HZ), round(high * RATE_HZ), sounds) for low, high, sounds in stretches]

    def _blocks(self, take: Take) -> Iterator[Samples]:
        for low, high, sounds in self._stretches(take):
            for block in self._tape.blocks(low, high):
                yield block if sounds else block * 0
