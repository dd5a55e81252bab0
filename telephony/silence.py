"""Silence in stretches of a recording: every sample of them, in all channels; every other byte stays as it was. Pure.

What silence is depends on the format: zero for signed samples and floats, the middle for unsigned ones of eight bits,
0xFF and 0xD5 for the zeros of µ-law and A-law (ITU-T G.711).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from telephony.wav import NotWholeWav, WavHeader, read_header

PCM, FLOAT, A_LAW, MU_LAW = 1, 3, 6, 7
ZERO = {(PCM, 8): 0x80, (PCM, 16): 0, (PCM, 24): 0, (PCM, 32): 0, (FLOAT, 32): 0, (FLOAT, 64): 0}
ZERO |= {(A_LAW, 8): 0xD5, (MU_LAW, 8): 0xFF}


def zero_of(header: WavHeader) -> int:
    """The byte of which silence consists.

    Raises:
        NotWholeWav: if the samples are compressed, so that one cannot be changed without its neighbours.
    """
    zero = ZERO.get((header.format, header.sample_bits))
    if zero is None or header.frame_bytes != header.channels * header.sample_bits // 8:
        raise NotWholeWav(f"samples of format {header.format} with {header.sample_bits} bits cannot be silenced")
    return zero


def lasts_ms(header: WavHeader) -> int:
    """How long it is, in milliseconds, the last one begun counted whole.

    Raises:
        NotWholeWav: if it cannot be silenced.
    """
    zero_of(header)
    return -(-(header.data_bytes // header.frame_bytes) * 1000 // header.sample_rate)


def silenced(chunks: Iterable[bytes], spans: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """The same file with silence in `spans` ([from, to) in milliseconds from its begin), in pieces, as long as it was.

    A sample that a span touches is silent.

    Raises:
        NotWholeWav: if these are no WAV file's bytes, or cannot be silenced.
    """
    source = iter(chunks)
    header, head = read_header(source)
    zero = zero_of(header)
    stretches = [_bytes_of(header, *span) for span in spans]
    at = 0
    for chunk in chain([head], source):
        yield _silent(chunk, at, stretches, zero)
        at += len(chunk)


def _bytes_of(header: WavHeader, from_ms: int, to_ms: int) -> tuple[int, int]:
    first = from_ms * header.sample_rate // 1000
    last = -(-to_ms * header.sample_rate // 1000)
    stop = last * header.frame_bytes if last < header.data_bytes // header.frame_bytes else header.data_bytes
    return header.data_at + first * header.frame_bytes, header.data_at + stop


def _silent(chunk: bytes, at: int, stretches: Sequence[tuple[int, int]], zero: int) -> bytes:
    changed = None
    for start, stop in stretches:
        first, last = max(start - at, 0), min(stop - at, len(chunk))
        if first < last:
            changed = changed if changed is not None else bytearray(chunk)
            changed[first:last] = bytes([zero]) * (last - first)
    return chunk if changed is None else bytes(changed)
