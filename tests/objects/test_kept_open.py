"""Objects kept open: a known length needs no look at the end, and none is kept longer than said."""

import time

import pytest

from storage.objects.cipher import Opened, SealBroken
from storage.objects.kept_open import KeptOpen
from storage.objects.opening import CHUNK_BYTES, header_end
from tests.objects.test_cipher import KEY, Cipher, pattern, seal

PLAIN = pattern(40 * CHUNK_BYTES + 5)


def opened(cipher: Cipher, plain_bytes: int | None = len(PLAIN)) -> Opened:
    return Opened(cipher, len(cipher.data), KEY, plain_bytes)


def test_where_the_length_is_known_one_look_opens_the_begin() -> None:
    cipher = Cipher(seal(PLAIN))
    whole = opened(cipher)
    first = cipher.bytes_read
    assert first <= CHUNK_BYTES + 2048
    assert b"".join(whole.range(0, 1000)) == PLAIN[:1000]
    assert cipher.bytes_read == first, "the begin came with the header"
    assert b"".join(whole.range(10, len(PLAIN))) == PLAIN[10:]


def test_another_length_than_is_sealed_is_refused() -> None:
    with pytest.raises(SealBroken, match="were due"):
        opened(Cipher(seal(PLAIN)), len(PLAIN) - 1)


def test_what_was_cut_off_is_found_before_the_first_byte_of_what_needs_it() -> None:
    whole = Cipher(seal(PLAIN))
    asked = Opened(whole, len(whole.data), KEY, len(PLAIN))
    body = (header_end(whole.data) or 0) + 16
    whole.data = whole.data[: body + 3 * (CHUNK_BYTES + 16)]
    assert b"".join(asked.range(0, 100)) == PLAIN[:100]
    for start, stop in ((0, len(PLAIN)), (5 * CHUNK_BYTES, 5 * CHUNK_BYTES + 1), (len(PLAIN) - 1, len(PLAIN))):
        with pytest.raises(SealBroken):
            asked.range(start, stop)


def test_each_is_let_go_after_its_time_and_the_oldest_before() -> None:
    now = [0.0]
    kept, one = KeptOpen(60, 2, lambda: now[0]), opened(Cipher(seal(PLAIN)))
    kept.keep("a", one)
    now[0] = 59.0
    assert kept.get("a") is one
    kept.keep("b", one)
    now[0] = 60.0
    assert kept.get("a") is None
    kept.keep("c", one)
    assert len(kept) == 2
    kept.forget()
    assert (kept.get("b"), kept.get("c")) == (one, one)
    now[0] = 200.0
    kept.forget()
    assert len(kept) == 0


def test_nobody_has_to_ask_again_for_it_to_be_let_go() -> None:
    kept = KeptOpen(0.01)
    for name in ("a", "b"):
        kept.keep(name, opened(Cipher(seal(PLAIN))))
    until = time.monotonic() + 30
    while len(kept):
        assert time.monotonic() < until
        time.sleep(0.01)
