"""The waveform of a recording: how loud each channel is at most, stretch by stretch. Pure; memory does not grow.

A peak is the loudest sample of a stretch, as thousandths of full scale, rounded up: zero is digital silence alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from telephony.silence import A_LAW, FLOAT, MU_LAW, PCM
from telephony.wav import NotWholeWav, WavHeader, read_header

FULL = 1000
PER_SECOND = 20
MOST = 16_384
"""Peaks of one channel: a longer recording has longer stretches, and no more of them."""

Samples = npt.NDArray[Any]


@dataclass(frozen=True)
class Waveform:
    """All peaks of a recording, by channel. Each is of a stretch of `frames_per_peak`; the last may be shorter."""

    sample_rate: int
    frames: int
    frames_per_peak: int
    channels: list[list[int]]

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate


def waveform(chunks: Iterable[bytes]) -> Waveform:
    """Read a WAV file from its begin to its end.

    Raises:
        NotWholeWav: if it is none, ends before its data does, or has samples that cannot be read.
    """
    source = iter(chunks)
    header, head = read_header(source)
    loudness = _Loudness(header)
    frames = header.data_bytes // header.frame_bytes
    per_peak = max(-(-header.sample_rate // PER_SECOND), -(-frames // MOST), 1)
    peaks: list[npt.NDArray[np.int64]] = []
    for stretch in _stretches(chain([head], source), header, per_peak * header.frame_bytes):
        loud, full = loudness(stretch)
        by_channel = loud.reshape(-1, header.channels)
        whole = len(by_channel) // per_peak * per_peak
        parts = by_channel[:whole].reshape(-1, per_peak, header.channels).max(axis=1)
        if whole < len(by_channel):
            parts = np.concatenate([parts, by_channel[whole:].max(axis=0, keepdims=True)])
        peaks.append(np.ceil(parts * (FULL / full)).astype(np.int64))
    found = np.concatenate(peaks) if peaks else np.zeros((0, header.channels), np.int64)
    if len(found) != -(-frames // per_peak):
        raise NotWholeWav("it ends before its data does")
    return Waveform(header.sample_rate, frames, per_peak, [found[:, each].tolist() for each in range(header.channels)])


def _stretches(chunks: Iterator[bytes], header: WavHeader, size: int) -> Iterator[bytes]:
    """The data alone, in pieces that are multiples of `size`; the last is what is left."""
    skip, left, kept = header.data_at, header.data_bytes // header.frame_bytes * header.frame_bytes, b""
    for chunk in chunks:
        data = chunk[skip:] if skip else chunk
        skip -= len(chunk) - len(data) if skip else 0
        data = data[:left]
        left -= len(data)
        kept += data
        whole = len(kept) // size * size
        if whole:
            yield kept[:whole]
            kept = kept[whole:]
    if kept and not left:
        yield kept


class _Loudness:
    """How far samples are from zero, and how far they can be."""

    def __init__(self, header: WavHeader) -> None:
        self._kind = (header.format, header.sample_bits)
        known = {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64), (A_LAW, 8), (MU_LAW, 8)}
        if self._kind not in known or header.frame_bytes != header.channels * header.sample_bits // 8:
            raise NotWholeWav(f"samples of format {header.format} with {header.sample_bits} bits cannot be read")

    def __call__(self, data: bytes) -> tuple[Samples, float]:
        kind, bits = self._kind
        if kind == FLOAT:
            read: Samples = np.frombuffer(data, f"<f{bits // 8}").astype(np.float64)
            return np.clip(np.abs(np.nan_to_num(read)), 0.0, 1.0), 1.0
        if kind in (A_LAW, MU_LAW):
            return (_A_LAW if kind == A_LAW else _MU_LAW)[np.frombuffer(data, np.uint8)], 1 << 15
        if bits == 8:
            return np.abs(np.frombuffer(data, np.uint8).astype(np.int64) - 128), 1 << 7
        if bits == 24:
            # Three bytes each: put behind a zero they are the upper part of a number of four.
            padded = np.zeros((len(data) // 3, 4), np.uint8)
            padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            return np.abs(padded.reshape(-1).view("<i4").astype(np.int64)), 1 << 31
        return np.abs(np.frombuffer(data, f"<i{bits // 8}").astype(np.int64)), 1 << (bits - 1)


def _mu_law() -> Samples:
    """Loudness by code, as ITU-T G.711 has it, on the scale of sixteen bits."""
    code = ~np.arange(256, dtype=np.int64) & 0xFF
    return (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84


def _a_law() -> Samples:
    code = np.arange(256, dtype=np.int64) ^ 0x55
    segment, step = code >> 4 & 7, (code & 0x0F) << 4
    return np.where(segment == 0, step + 8, step + 0x108 << np.maximum(segment - 1, 0))


_MU_LAW, _A_LAW = _mu_law(), _a_law()
