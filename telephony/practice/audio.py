"""Sound: read by PyAV, kept as 16-bit samples at 8 kHz, written as WAV.

A recording's media is PCM, 16 bits, 8 kHz (128 kbit/s a channel: Twilio's Recording resource). Channel 0 of a tape
is what the caller says, channel 1 what the caller hears; in a dual `<Dial>` recording the parent leg, the caller, is
the first channel (Twilio's guide on dual-channel recordings: customer left, agent right).
"""

import io
import struct
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import av
import av.error
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000
BLOCK_S = 10
LOUD = 200
"""Above this amplitude (of 32,767) a sample is sound; below, line noise."""

Samples = NDArray[np.int16]


class NotAudioError(ValueError):
    """These bytes are no sound that PyAV can read."""


def decode(source: bytes | Path) -> Samples:
    """All of a sound as mono samples at `RATE_HZ`, whatever its format. Raises NotAudioError."""
    try:
        with av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source), mode="r") as container:
            if not container.streams.audio:
                raise NotAudioError("there is no sound in it")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
            parts = [
                part.to_ndarray().reshape(-1)
                for frame in container.decode(audio=0)
                for part in resampler.resample(frame)
            ]
            parts += [part.to_ndarray().reshape(-1) for part in resampler.resample(None)]
    except (av.error.FFmpegError, OSError) as error:
        raise NotAudioError(str(error)) from error
    if not parts:
        raise NotAudioError("it is empty")
    return np.concatenate(parts).astype(np.int16, copy=False)


def seconds(samples: Samples) -> float:
    """How long mono samples last."""
    return len(samples) / RATE_HZ


class Tape:
    """Everything that was said in one call, and when: the line itself, of which a recording is a stretch.

    Sounds are laid on it when they begin and cut where they were broken off, so that a recording that is stopped in
    the middle of a sentence has that half of it. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._sounds: list[tuple[int, int, Samples]] = []
        self._lock = threading.Lock()

    def lay(self, channel: int, at_s: float, samples: Samples) -> None:
        """`samples` begin to sound at `at_s` seconds after the call's start."""
        with self._lock:
            self._sounds.append((round(at_s * RATE_HZ), channel, samples))

    def cut(self, at_s: float) -> None:
        """Nothing that was laid so far sounds after `at_s`."""
        end = round(at_s * RATE_HZ)
        with self._lock:
            self._sounds = [(at, channel, samples[: end - at]) for at, channel, samples in self._sounds if at < end]

    def blocks(self, begin: int, end: int) -> Iterator[Samples]:
        """The stretch between two sample positions as blocks of shape (n, 2), at most `BLOCK_S` seconds each."""
        with self._lock:
            sounds = list(self._sounds)
        for start in range(begin, end, BLOCK_S * RATE_HZ):
            stop = min(end, start + BLOCK_S * RATE_HZ)
            block = np.zeros((stop - start, 2), dtype=np.int16)
            for at, channel, samples in sounds:
                low, high = max(at, start), min(at + len(samples), stop)
                if low < high:
                    block[low - start : high - start, channel] = samples[low - at : high - at]
            yield block


def loud_span(blocks: Iterator[Samples]) -> tuple[int, int] | None:
    """Where sound begins and ends (exclusive) in `blocks`; None where all of it is silence."""
    first, last, position = -1, -1, 0
    for block in blocks:
        loud = np.flatnonzero(np.abs(block.astype(np.int32)).max(axis=1) > LOUD)
        if len(loud):
            first = position + int(loud[0]) if first < 0 else first
            last = position + int(loud[-1])
        position += len(block)
    return None if first < 0 else (first, last + 1)


def within(blocks: Iterator[Samples], begin: int, end: int) -> Iterator[Samples]:
    """The samples from `begin` to `end` of a stream of blocks."""
    position = 0
    for block in blocks:
        part = block[max(0, begin - position) : max(0, end - position)]
        position += len(block)
        if len(part):
            yield part


def write_wav(path: Path, blocks: Iterator[Samples], channels: int) -> int:
    """Write blocks of shape (n, 2) as a WAV of `channels` (1: the first channel alone); returns the frames written.

    Streams, so that hours fit; the file has its name only once it is whole.
    """
    frames = 0
    unfinished = path.with_suffix(".part")
    with wave.open(str(unfinished), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for block in blocks:
            file.writeframes((block if channels == 2 else block[:, 0]).astype("<i2").tobytes())
            frames += len(block)
    unfinished.replace(path)
    return frames


def mono_stream(path: Path) -> tuple[int, Iterator[bytes]]:
    """A two-channel WAV mixed down to one: its size in bytes, and the bytes, read as they are asked for."""
    with wave.open(str(path), "rb") as file:
        size = file.getnframes() * 2
    form = (b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, RATE_HZ, RATE_HZ * 2, 2, 16, b"data", size)
    header = struct.pack("<4sI4s4sIHHIIHH4sI", *form)
    return len(header) + size, _mix_down(path, header)


def _mix_down(path: Path, header: bytes) -> Iterator[bytes]:
    yield header
    with wave.open(str(path), "rb") as file:
        while data := file.readframes(RATE_HZ):
            both = np.frombuffer(data, dtype="<i2").reshape(-1, 2).astype(np.int32)
            # one speaks while the other is silent: adding them keeps the loudness that averaging would halve
            yield np.clip(both.sum(axis=1), -32768, 32767).astype("<i2").tobytes()
