"""Peaks against numpy over the whole file at once, whatever the format, the length and the pieces it comes in."""

import io
import struct
import tracemalloc
import wave
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.wav import NotWholeWav
from telephony.waveform import MOST, waveform

RATE = 8000


def wav(samples: npt.NDArray[Any]) -> bytes:
    """A file of 16 bits, a row a frame."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(samples.shape[1])
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def of_format(kind: int, bits: int, data: bytes, channels: int = 1) -> bytes:
    """A file of any format, of these bytes."""
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", kind, channels, RATE, RATE * frame, frame, bits)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt \x10\0\0\0"
        + fmt
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


def in_pieces(data: bytes, size: int) -> Iterator[bytes]:
    yield from (data[at : at + size] for at in range(0, len(data), size))


@settings(max_examples=40, deadline=None)
@given(
    frames=st.integers(0, 5000),
    channels=st.integers(1, 3),
    piece=st.integers(1, 9000),
    seed=st.integers(0, 2**32 - 1),
)
def test_peaks_are_what_numpy_finds(frames: int, channels: int, piece: int, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(-32768, 32768, (frames, channels))
    found = waveform(in_pieces(wav(samples), piece))
    assert (found.frames, found.frames_per_peak) == (frames, RATE // 20)
    for channel in range(channels):
        loudest = [np.abs(samples[at : at + 400, channel]).max() for at in range(0, frames, 400)]
        assert found.channels[channel] == [-(-int(each) * 1000 // 32768) for each in loudest]


def test_two_channels_stay_apart_and_silence_is_zero() -> None:
    left = np.concatenate([np.full(800, 16384), np.zeros(800)])
    right = np.concatenate([np.zeros(800), np.full(800, -32768)])
    found = waveform([wav(np.stack([left, right], axis=1).astype(np.int16))])
    assert found.channels == [[500, 500, 0, 0], [0, 0, 1000, 1000]]
    assert found.seconds == 0.2


@pytest.mark.parametrize(
    ("kind", "bits", "data", "peak"),
    [
        (1, 8, bytes([128, 0, 255]), 1000),
        (1, 8, bytes([128, 64]), 500),
        (1, 24, b"\0\0\0\0\0\x40", 500),
        (1, 24, b"\0\0\x80", 1000),
        (1, 32, struct.pack("<i", -(2**30)), 500),
        (3, 32, struct.pack("<2f", 0.25, -0.5), 500),
        (3, 64, struct.pack("<2d", 7.0, float("nan")), 1000),
        # The ends of the tables of G.711, and their zeros: 32124, 0; 32256, 8.
        (7, 8, b"\x00\xff", 981),
        (7, 8, b"\x80\x7f", 981),
        (7, 8, b"\xff\x7f", 0),
        (6, 8, b"\x2a\xd5", 985),
        (6, 8, b"\xaa\x55", 985),
        (6, 8, b"\x55\xd5", 1),
    ],
)
def test_every_format_that_can_be_silenced_can_be_drawn(kind: int, bits: int, data: bytes, peak: int) -> None:
    assert waveform([of_format(kind, bits, data)]).channels == [[peak]]


def test_what_cannot_be_read_says_so() -> None:
    with pytest.raises(NotWholeWav, match="format 2"):
        waveform([of_format(2, 4, b"\0" * 8, channels=2)])
    whole = wav(np.ones((9000, 2), np.int16))
    for cut in (whole[:-1], whole[:100], whole[:20]):
        with pytest.raises(NotWholeWav):
            waveform([cut])
    with pytest.raises(NotWholeWav):
        waveform([b"<html>" * 10])


def test_however_long_it_is_peaks_and_memory_stay_as_they_are() -> None:
    """Eight hours, made as they are read."""
    seconds = 8 * 3600
    data = seconds * RATE * 4
    head = of_format(1, 16, b"", channels=2)[:-4] + struct.pack("<I", data)
    head = head[:4] + struct.pack("<I", data + 36) + head[8:]
    piece = np.tile(np.array([100, -3277], "<i2"), 1 << 15).tobytes()

    def chunks() -> Iterator[bytes]:
        yield head
        for at in range(0, data, len(piece)):
            yield piece[: data - at]

    tracemalloc.start()
    found = waveform(chunks())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [len(channel) for channel in found.channels] == [-(-seconds * RATE // found.frames_per_peak)] * 2
    assert len(found.channels[0]) <= MOST
    assert set(found.channels[0]) == {4}
    assert set(found.channels[1]) == {101}
    assert most < 8 * 1024 * 1024
