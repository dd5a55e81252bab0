"""The cipher: exact lengths, any range, nothing tampered or cut passes, and the age format's own tools agree."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.objects.cipher import (
    Opened,
    PlainDiffers,
    SealBroken,
    Sealed,
    key_of,
    new_identity,
    open_range,
    open_whole,
    plain_length,
)
from storage.objects.opening import CHUNK_BYTES, header_end

KEY = new_identity()
EDGES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 5 * CHUNK_BYTES + 3]
lengths = st.one_of(st.sampled_from(EDGES), st.integers(0, 4 * CHUNK_BYTES))
places = st.one_of(st.integers(0, 400), st.integers(0, 10**6))  # taken modulo a length that differs every time


def pattern(length: int) -> bytes:
    """Bytes that tell their place."""
    return b"".join(number.to_bytes(4, "big") for number in range(-(-length // 4)))[:length]


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def seal(data: bytes, size: int = 50_000) -> bytes:
    with Sealed(pieces(data, size), len(data), KEY) as sealed:
        cipher = sealed.read()
        assert sealed.read(1) == b""
        assert len(cipher) == sealed.length
    return cipher


class Cipher:
    """Cipher text in memory, which counts what was read of it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bytes_read = 0

    def __call__(self, offset: int, length: int) -> Iterator[bytes]:
        self.bytes_read += length
        yield from pieces(self.data[offset : offset + length], 1000)


def opened(cipher: bytes) -> bytes:
    return b"".join(open_whole(Cipher(cipher), len(cipher), KEY))


@settings(max_examples=40, deadline=None)
@given(length=lengths, size=st.integers(1, 200_000))
def test_sealed_is_an_age_file_of_the_length_it_announced(length: int, size: int) -> None:
    data = pattern(length)
    cipher = seal(data, max(size, length // 500 + 1))
    assert pyrage.decrypt(cipher, [pyrage.x25519.Identity.from_str(KEY.identity)]) == data
    assert plain_length(header_end(cipher) or 0, len(cipher)) == length
    assert opened(cipher) == data


@settings(max_examples=60, deadline=None)
@given(data=st.data(), length=lengths)
def test_any_range_is_that_slice(data: st.DataObject, length: int) -> None:
    plain = pattern(length)
    start = data.draw(st.integers(0, length))
    stop = data.draw(st.integers(start, length))
    cipher = seal(plain)
    assert b"".join(open_range(Cipher(cipher), len(cipher), KEY, start, stop)) == plain[start:stop]


@settings(max_examples=60, deadline=None)
@given(length=lengths, place=places, bit=st.integers(0, 7))
def test_a_flipped_bit_is_found(length: int, place: int, bit: int) -> None:
    cipher = bytearray(seal(pattern(length)))
    cipher[place % len(cipher)] ^= 1 << bit
    with pytest.raises(SealBroken):
        opened(bytes(cipher))


@settings(max_examples=60, deadline=None)
@given(length=lengths, place=places)
def test_a_cut_is_found_before_the_first_byte(length: int, place: int) -> None:
    cipher = seal(pattern(length))
    cut = cipher[: place % len(cipher)]
    with pytest.raises(SealBroken):
        Opened(Cipher(cut), len(cut), KEY)


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_a_cut_between_chunks_is_found(chunks: int) -> None:
    cipher = seal(pattern(4 * CHUNK_BYTES))
    cut = cipher[: (header_end(cipher) or 0) + 16 + chunks * (CHUNK_BYTES + 16)]
    with pytest.raises(SealBroken):
        Opened(Cipher(cut), len(cut), KEY)


def test_every_bit_of_the_header_counts() -> None:
    cipher = seal(b"")
    for place in range(8 * len(cipher)):
        changed = bytearray(cipher)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(SealBroken):
            opened(bytes(changed))


def test_swapped_chunks_and_appended_bytes_are_found() -> None:
    cipher = seal(pattern(3 * CHUNK_BYTES))
    body, size = (header_end(cipher) or 0) + 16, CHUNK_BYTES + 16
    swapped = cipher[:body] + cipher[body + size : body + 2 * size] + cipher[body : body + size]
    for changed in (swapped + cipher[body + 2 * size :], cipher + b"x", cipher + bytes(size)):
        with pytest.raises(SealBroken):
            opened(changed)


def test_a_range_reads_only_what_it_takes() -> None:
    data = pattern(40 * CHUNK_BYTES)
    cipher = Cipher(seal(data))
    whole = Opened(cipher, len(cipher.data), KEY)
    cipher.bytes_read = 0
    assert b"".join(whole.range(3 * CHUNK_BYTES + 5, 3 * CHUNK_BYTES + 9)) == data[3 * CHUNK_BYTES + 5 :][:4]
    assert cipher.bytes_read == CHUNK_BYTES + 16
    for start, stop in ((-1, 1), (2, 1), (0, len(data) + 1)):
        with pytest.raises(ValueError, match="outside"):
            whole.range(start, stop)


def test_another_key_does_not_open() -> None:
    cipher = seal(b"secret")
    with pytest.raises(SealBroken, match="does not fit"):
        Opened(Cipher(cipher), len(cipher), new_identity())
    for wrong in ("", "AGE-SECRET-KEY-1", KEY.recipient, KEY.identity[:-1] + "X"):
        with pytest.raises(SealBroken):
            key_of(wrong)


def test_a_file_for_several_recipients_opens() -> None:
    others = [pyrage.x25519.Identity.generate().to_public() for _ in range(3)]
    cipher = pyrage.encrypt(b"shared", [*others, pyrage.x25519.Recipient.from_str(KEY.recipient)])
    assert opened(cipher) == b"shared"


def test_a_key_does_not_show_its_secret() -> None:
    assert KEY.identity not in repr(KEY)
    assert key_of(KEY.identity) == KEY


def failing(good: int) -> Iterator[bytes]:
    yield from pieces(bytes(good), 30_000)
    raise TimeoutError("the carrier went away")


def read_all(chunks: Iterator[bytes], promised: int) -> None:
    with Sealed(chunks, promised, KEY) as sealed:
        while sealed.read(64_000):
            pass


@pytest.mark.parametrize("good", [0, 1, 100_000, 1_000_000, 3_000_000])
def test_a_failing_source_is_never_a_short_success(good: int) -> None:
    with pytest.raises(TimeoutError, match="the carrier went away"):
        read_all(failing(good), 3_000_000)


@pytest.mark.parametrize("given_bytes", [0, 1, 99_999, 100_001, 300_000])
def test_a_wrong_number_of_bytes_is_never_a_success(given_bytes: int) -> None:
    with pytest.raises(PlainDiffers):
        read_all(pieces(bytes(given_bytes), 7_000), 100_000)


def test_the_last_bytes_come_only_after_a_good_end() -> None:
    """Exactly the promised bytes, and then an error: whoever counts bytes must not take that for a success."""
    with Sealed(failing(100_000), 100_000, KEY) as sealed:
        got = sealed.read(sealed.length - 1 - 34_480)
        assert got
        with pytest.raises(TimeoutError):
            sealed.read(sealed.length)


def test_behind_a_failure_nothing_comes() -> None:
    with Sealed(failing(100_000), 100_000, KEY) as sealed:
        with pytest.raises(TimeoutError):
            sealed.read()
        assert sealed.read() == b""


def test_leaving_early_closes_the_source_and_leaves_no_thread_and_no_descriptor() -> None:
    closed: list[bool] = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield bytes(100_000)
        finally:
            closed.append(True)

    threads, descriptors = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    for read in (0, 500, 70_000, 500_000):  # the first does not begin it: there is nothing to close
        with Sealed(endless(), 10**12, KEY) as sealed:
            sealed.read(read)
    for _ in range(3):
        with pytest.raises(TimeoutError), Sealed(failing(0), 5, KEY) as sealed:
            sealed.read()
    assert (threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))) == (threads, descriptors)
    assert closed == [True] * 3


def test_an_iterable_of_any_kind() -> None:
    with Sealed([b"one", b"", b"two"], 6, KEY) as sealed:
        assert opened(sealed.read()) == b"onetwo"
