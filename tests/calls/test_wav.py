"""Is it a whole WAV file? Whatever comes in its place, in pieces of whatever size, is refused before it is sealed."""

import io
import struct
import wave
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.wav import LONGEST_HEADER, NotWholeWav, WavHeader, read_header

XML = b"<?xml version='1.0'?><TwilioResponse><RestException><Code>20404</Code></RestException></TwilioResponse>"


def made(seconds: float, channels: int = 2, rate: int = 8000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(bytes(round(seconds * rate) * channels * 2))
    return file.getvalue()


def in_pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


FMT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 2, 8000, 32000, 4, 16))

whole = st.builds(
    made,
    seconds=st.floats(0, 2),
    channels=st.sampled_from([1, 2]),
    rate=st.sampled_from([8000, 16000]),
)
sizes = st.integers(1, 70_000)


@given(data=whole, size=sizes)
def test_i7_a_whole_file_is_read_in_any_pieces_and_nothing_of_it_is_lost(data: bytes, size: int) -> None:
    chunks = in_pieces(data, size)
    header, head = read_header(chunks)
    assert head + b"".join(chunks) == data
    with wave.open(io.BytesIO(data)) as sound:
        assert (header.channels, header.sample_rate) == (sound.getnchannels(), sound.getframerate())
        assert header.seconds == pytest.approx(sound.getnframes() / sound.getframerate())
    assert header.total_bytes == len(data)


@given(data=whole, size=sizes, cut=st.integers(0, 43))
def test_i7_a_file_that_ends_within_its_header_is_refused(data: bytes, size: int, cut: int) -> None:
    with pytest.raises(NotWholeWav):
        read_header(in_pieces(data[:cut], size))


@given(data=whole, size=sizes, cut=st.integers(1, 40_000))
def test_i7_a_file_that_is_cut_says_how_long_it_should_have_been(data: bytes, size: int, cut: int) -> None:
    """The header cannot tell by itself; the intake counts against what it says."""
    left = data[: max(44, len(data) - cut)]
    header, _ = read_header(in_pieces(left, size))
    assert header.total_bytes == len(data) >= len(left)


@given(data=st.binary(max_size=3000), size=sizes)
def test_i7_bytes_of_no_wav_file_are_refused_and_nothing_else_is_raised(data: bytes, size: int) -> None:
    for content in (data, XML + data, b"RIFF" + data, b"RIFF\xff\xff\xff\xffWAVE" + data):
        try:
            header, head = read_header(in_pieces(content, size))
        except NotWholeWav:
            continue
        assert content.startswith(head)
        assert header.seconds >= 0


def test_i7_a_page_that_says_not_found_is_no_recording() -> None:
    """clientcomm#208: such a page was once stored as audio."""
    with pytest.raises(NotWholeWav, match="RIFF"):
        read_header(iter([XML]))


def test_chunks_before_the_sound_are_passed_over_even_odd_ones() -> None:
    sound = chunk(b"data", bytes(64_000))
    data = riff(chunk(b"LIST", b"odd"), FMT, chunk(b"fact", bytes(4)), sound, chunk(b"LIST", b"behind"))
    header, _ = read_header(iter([data]))
    assert header == WavHeader(len(data), 64_000, 2, 8000, 32_000, 1, 16, 4, 12 + 12 + 24 + 12 + 8)
    assert header.seconds == 2


@pytest.mark.parametrize(("data", "why"), [
    (riff(chunk(b"data", bytes(8))), "format is missing"),
    (riff(chunk(b"fmt ", bytes(16)), chunk(b"data", bytes(8))), "makes no sense"),
    (riff(FMT, b"data" + struct.pack("<I", 0xFFFFFFFF)), "longer than the file"),
    (riff(FMT, chunk(b"LIST", bytes(LONGEST_HEADER + 2000)), chunk(b"data", bytes(8))), "64 KiB"),
    (riff(FMT), "within its header"),
    (b"", "after 0 bytes"),
])  # fmt: skip
def test_what_is_wrong_is_said_in_words(data: bytes, why: str) -> None:
    with pytest.raises(NotWholeWav, match=why):
        read_header(in_pieces(data, 1000))


def test_no_more_is_read_than_a_header_may_be_long() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\xff\xff\xff\xff"
        while True:
            taken += 4096
            yield bytes(4096)

    with pytest.raises(NotWholeWav):
        read_header(endless())
    assert taken <= LONGEST_HEADER + 4096
