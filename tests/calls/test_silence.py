"""Silence in stretches of a WAV: every sample that they touch, no other byte, in whatever pieces it comes."""

import io
import random
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.silence import lasts_ms, silenced
from telephony.wav import NotWholeWav, read_header
from tests.calls.test_wav import chunk, in_pieces, riff

RATE = 8000
FORMATS = [(1, 8, 0x80), (1, 16, 0), (1, 24, 0), (6, 8, 0xD5), (7, 8, 0xFF), (3, 32, 0)]
spans = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 300)).map(lambda s: (s[0], s[0] + s[1])), max_size=3)


def made(seed: int, frames: int, channels: int, kind: int, bits: int, *, extensible: bool = False) -> bytes:
    """A file of noise, with chunks before and behind its samples."""
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", 0xFFFE if extensible else kind, channels, RATE, RATE * frame, frame, bits)
    if extensible:
        fmt += struct.pack("<HHIH", 22, bits, 0, kind) + bytes(14)
    noise = random.Random(seed).randbytes(frames * frame)
    return riff(chunk(b"LIST", b"odd"), chunk(b"fmt ", fmt), chunk(b"data", noise), chunk(b"LIST", b"behind"))


@given(
    seed=st.integers(0, 9),
    frames=st.integers(0, 3000),
    channels=st.integers(1, 2),
    kind=st.sampled_from(FORMATS),
    extensible=st.booleans(),
    wanted=spans,
    size=st.integers(1, 7000),
)
def test_every_sample_of_the_spans_is_silent_and_every_other_byte_as_it_was(
    seed: int,
    frames: int,
    channels: int,
    kind: tuple[int, int, int],
    extensible: bool,
    wanted: list[tuple[int, int]],
    size: int,
) -> None:
    tag, bits, zero = kind
    data = made(seed, frames, channels, tag, bits, extensible=extensible)
    header, _ = read_header(iter([data]))
    result = b"".join(silenced(in_pieces(data, size), wanted))
    frame = channels * bits // 8
    quiet = {n for begin, end in wanted for n in range(begin * RATE // 1000, end * RATE // 1000)}
    at = header.data_at
    assert (result[:at], result[at + frames * frame :]) == (data[:at], data[at + frames * frame :])
    for number in range(frames):
        place = slice(at + number * frame, at + (number + 1) * frame)
        assert result[place] == (bytes([zero]) * frame if number in quiet else data[place])


@given(frames=st.integers(1, 50_000), channels=st.integers(1, 2))
def test_the_whole_of_it_can_be_silenced(frames: int, channels: int) -> None:
    data = made(1, frames, channels, 1, 16)
    header, _ = read_header(iter([data]))
    with wave.open(io.BytesIO(b"".join(silenced([data], [(0, lasts_ms(header))])))) as sound:
        assert sound.getnframes() == frames
        assert set(sound.readframes(frames)) == {0}
    assert lasts_ms(header) - 1 < frames * 1000 / RATE <= lasts_ms(header)


def test_a_sample_that_a_span_only_touches_is_silent() -> None:
    """At 11,025 Hz no sample begins at a whole millisecond."""
    frame = struct.pack("<HHIIHH", 1, 1, 11_025, 22_050, 2, 16)
    data = riff(chunk(b"fmt ", frame), chunk(b"data", b"\x11\x11" * 100))
    samples = b"".join(silenced([data], [(1, 2)]))[44:]
    assert [n for n in range(100) if samples[2 * n : 2 * n + 2] == b"\0\0"] == list(range(11, 23))


@pytest.mark.parametrize(("kind", "bits", "frame"), [(2, 4, 1), (17, 4, 256), (49, 0, 65), (1, 16, 3), (1, 12, 2)])
def test_compressed_samples_are_refused(kind: int, bits: int, frame: int) -> None:
    data = riff(
        chunk(b"fmt ", struct.pack("<HHIIHH", kind, 1, RATE, RATE, frame, bits)), chunk(b"data", bytes(frame * 4))
    )
    with pytest.raises(NotWholeWav, match="cannot be silenced"):
        list(silenced([data], [(0, 1)]))
    with pytest.raises(NotWholeWav, match="cannot be silenced"):
        lasts_ms(read_header(iter([data]))[0])
