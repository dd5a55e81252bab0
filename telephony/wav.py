"""Is this a whole WAV file, and what is in it? Read from its first bytes, before anything is kept.

Somebody once stored a carrier's 404 page as audio (clientcomm#208): so the type, the RIFF length, the channels and the
length in time are checked before the first byte is sealed.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_HEADER = 64 * 1024
# Its fmt chunk is that long, and begins its last sixteen bytes with the format that it extends.
EXTENSIBLE, EXTENSIBLE_BYTES = 0xFFFE, 40


class NotWholeWav(Exception):
    """The bytes are no WAV file, or not all of one. The message says what is wrong."""


@dataclass(frozen=True)
class WavHeader:
    """What a WAV file says of itself. Sizes in bytes, rates per second."""

    total_bytes: int
    data_bytes: int
    channels: int
    sample_rate: int
    bytes_per_second: int
    format: int
    """1: PCM, 3: floats, 6: A-law, 7: µ-law; others are compressed. Of an extensible one, what it extends."""
    sample_bits: int
    frame_bytes: int
    """One sample of every channel."""
    data_at: int
    """Where the samples begin."""

    @property
    def seconds(self) -> float:
        return self.data_bytes / self.bytes_per_second


def read_header(chunks: Iterator[bytes]) -> tuple[WavHeader, bytes]:
    """The header, and the bytes that had to be taken from `chunks` to read it.

    Raises:
        NotWholeWav: if these are no WAV file's bytes.
    """
    taken = b""
    while True:
        header = _parse(taken)
        if header is not None:
            return header, taken
        if len(taken) > LONGEST_HEADER:
            raise NotWholeWav("no audio data within the first 64 KiB")
        chunk = next(chunks, b"")
        if not chunk:
            raise NotWholeWav(f"it ends after {len(taken)} bytes, within its header")
        taken += chunk


def _parse(head: bytes) -> WavHeader | None:
    if len(head) < 12:
        return None
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise NotWholeWav("it is no WAV file: RIFF and WAVE are missing")
    total = struct.unpack_from("<I", head, 4)[0] + 8
    at, fmt = 12, None
    while len(head) >= at + 8:
        name, size = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"data":
            return _checked(total, at + 8, size, fmt)
        if name == b"fmt ":
            if len(head) < at + 8 + min(max(size, 16), EXTENSIBLE_BYTES):
                return None
            fmt = struct.unpack_from("<HHIIHH", head, at + 8)
            if fmt[0] == EXTENSIBLE and size >= EXTENSIBLE_BYTES:
                fmt = (*struct.unpack_from("<H", head, at + 8 + 24), *fmt[1:])
        at += 8 + size + size % 2
    return None


def _checked(total: int, data_at: int, size: int, fmt: tuple[int, ...] | None) -> WavHeader:
    if fmt is None:
        raise NotWholeWav("its format is missing")
    kind, channels, rate, byte_rate, frame, bits = fmt
    if not (channels and rate and byte_rate):
        raise NotWholeWav("its format makes no sense")
    if data_at + size > total:
        raise NotWholeWav("its data is longer than the file says it is")
    return WavHeader(total, size, channels, rate, byte_rate, kind, bits, frame, data_at)
