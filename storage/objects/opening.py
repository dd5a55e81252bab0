"""Opening stored objects anywhere in their middle: each is one file in the age format, with a key of its own.

The format (https://age-encryption.org/v1, C2SP age.md): a text header that ends in the line `--- <MAC>`, 16 bytes of
nonce, then the plain bytes in chunks of 64 KiB, each with a tag of 16 bytes. A chunk's own nonce is its number (11
bytes, big-endian) and a byte which is 1 for the last one: so any chunk opens alone, and a cut is seen.

Lengths. The cipher text's length does not follow from the plain text's: age puts a stanza of random size into the
header (199-355 bytes over 200 runs, one recipient). Once the header is known, it is exact (`sealed_length`).
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.objects.bech32 import decode

CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
NONCE_BYTES = 16
MOST_HEADER_BYTES = 16 * 1024  # ours are below 400; age's own limit on a header is of this order
# The header, and with it the first chunk: who opens an object mostly wants its begin next.
_FIRST_LOOK_BYTES = 1024 + SEALED_CHUNK_BYTES
_VERSION_LINE = b"age-encryption.org/v1"
_ACROSS_BYTES = 32 * SEALED_CHUNK_BYTES  # cipher text asked for at a time: 2 MiB

ReadCipher = Callable[[int, int], Iterator[bytes]]
"""`read_cipher(offset, length)` yields exactly that range of the cipher text, in pieces of any size."""


class SealBroken(Exception):
    """Permanent: the wrong key, or the cipher text is not (all of) what was sealed."""


@dataclass(frozen=True)
class ObjectKey:
    """The data key of one object. `identity` (AGE-SECRET-KEY-1…) opens it, `recipient` (age1…) seals for it."""

    identity: str = field(repr=False)
    recipient: str


def header_end(head: bytes | bytearray) -> int | None:
    """Where the header ends (behind its last line's newline), or None while `head` does not reach that far."""
    mac_line = head.find(b"\n--- ")
    newline = head.find(b"\n", mac_line + 1) if mac_line >= 0 else -1
    return newline + 1 if newline >= 0 else None


def sealed_length(header_bytes: int, plain_bytes: int) -> int:
    """How long the cipher text is, exactly: an empty object has one (empty) chunk too."""
    chunks = max(1, -(-plain_bytes // CHUNK_BYTES))
    return header_bytes + NONCE_BYTES + plain_bytes + chunks * TAG_BYTES


def plain_length(header_bytes: int, cipher_length: int) -> int:
    """How long the plain text is. Raises `SealBroken` for a length that no age file has.

    What it says is proven only by opening the last chunk, which `Opened` does.
    """
    body = cipher_length - header_bytes - NONCE_BYTES
    chunks = max(1, -(-body // SEALED_CHUNK_BYTES))
    plain = body - chunks * TAG_BYTES
    if plain < 0 or (chunks > 1 and plain <= (chunks - 1) * CHUNK_BYTES):
        raise SealBroken(f"{cipher_length} bytes: cut off in the middle of a chunk")
    return plain


def last_chunk(plain_bytes: int) -> int:
    """The number of the last chunk, counted from 0."""
    return max(1, -(-plain_bytes // CHUNK_BYTES)) - 1


def chunk_nonce(number: int, last: int) -> bytes:
    """What a chunk is sealed with beside the key: its place, and whether anything comes behind it."""
    return number.to_bytes(11, "big") + (b"\x01" if number == last else b"\x00")


def payload_cipher(header: bytes, nonce: bytes, key: ObjectKey) -> ChaCha20Poly1305:
    """What seals and opens the chunks behind this header and nonce. Raises `SealBroken` where the key does not fit."""
    return ChaCha20Poly1305(_hkdf(_unwrap(header, key), nonce, b"payload"))


class Opened:
    """A sealed object whose key fits and whose length is authenticated, for any number of ranges of it.

    Opening reads the header, and the last chunk unless `plain_bytes` says how long the plain text is (as its row does).
    Then no cut has to be looked for: each chunk is sealed with its number and whether it is the last one, so what lies
    in a range opens only in its own place, and what was cut off is missing when it is asked for. Raises `SealBroken`,
    and what `read_cipher` raises.
    """

    def __init__(
        self, read_cipher: ReadCipher, cipher_length: int, key: ObjectKey, plain_bytes: int | None = None
    ) -> None:  # fmt: skip
        self._read_cipher = read_cipher
        self._cipher_length = cipher_length
        head, end = self._read_head()
        self._body_at = end + NONCE_BYTES
        self.plain_length = plain_length(end, cipher_length)
        if plain_bytes not in (None, self.plain_length):
            raise SealBroken(f"{self.plain_length} bytes are sealed where {plain_bytes} were due")
        self._last = last_chunk(self.plain_length)
        self._payload = payload_cipher(head[:end], head[end : self._body_at], key)
        first = head[self._body_at : self._body_at + SEALED_CHUNK_BYTES]
        self._first = first if len(first) == min(SEALED_CHUNK_BYTES, cipher_length - self._body_at) else b""
        self._ends_well = False
        if plain_bytes is None:
            self._prove_end()

    def _prove_end(self) -> None:
        # A cut at a chunk's border shows nowhere else: the new last chunk was not sealed as the last one.
        last_at = self._body_at + self._last * SEALED_CHUNK_BYTES
        self._open_chunk(self._last, self._take(last_at, self._cipher_length))
        self._ends_well = True

    def _read_head(self) -> tuple[bytes, int]:
        """The beginning of the cipher text, at least to the nonce's end, and where the header ends in it."""
        head = self._fetch(0, min(_FIRST_LOOK_BYTES, self._cipher_length))
        end = header_end(head[:MOST_HEADER_BYTES])
        if end is None or end + NONCE_BYTES > len(head):
            raise SealBroken("no age header")
        return head, end

    def _fetch(self, offset: int, length: int) -> bytes:
        data = b"".join(self._read_cipher(offset, length))
        if len(data) != length:
            raise SealBroken(f"{len(data)} bytes of cipher text where {length} were due")
        return data

    def _open_chunk(self, number: int, sealed: bytes | memoryview) -> bytes:
        try:
            return self._payload.decrypt(chunk_nonce(number, self._last), sealed, None)
        except InvalidTag as error:
            raise SealBroken(f"chunk {number} is not what was sealed") from error

    def range(self, start: int, stop: int) -> Iterator[bytes]:
        """The plain bytes from `start` up to `stop`, authenticated, reading only the chunks which that takes.

        The first of them are read before this returns, so who sends them on knows by then that there are any; and that
        a long object is all there. Raises ValueError for a range outside the object.
        """
        if not 0 <= start <= stop <= self.plain_length:
            raise ValueError(f"{start}-{stop} is outside of 0-{self.plain_length}")
        if stop == self.plain_length and stop - start > _ACROSS_BYTES and not self._ends_well:
            self._prove_end()
        pieces = self._range(start, stop)
        first = next(pieces, b"")
        return chain((first,), pieces) if first else pieces

    def _range(self, start: int, stop: int) -> Iterator[bytes]:
        if start == stop:
            return
        number = start // CHUNK_BYTES
        for plain in self._chunks(number, (stop - 1) // CHUNK_BYTES):
            begins = number * CHUNK_BYTES
            yield plain[max(0, start - begins) : stop - begins]
            number += 1

    def _chunks(self, number: int, last: int) -> Iterator[bytes]:
        at = self._body_at + number * SEALED_CHUNK_BYTES
        end = min(self._cipher_length, self._body_at + (last + 1) * SEALED_CHUNK_BYTES)
        while at < end:
            sealed = memoryview(self._take(at, end))
            for offset in range(0, len(sealed), SEALED_CHUNK_BYTES):
                yield self._open_chunk(number, sealed[offset : offset + SEALED_CHUNK_BYTES])
                number += 1
            at += len(sealed)

    def _take(self, at: int, end: int) -> bytes:
        """Whole sealed chunks from `at` on. The first one came with the header, and is not asked for again."""
        known = self._first if at == self._body_at else b""
        rest = min(_ACROSS_BYTES, end - at) - len(known)
        return known + self._fetch(at + len(known), rest) if rest > 0 else known


def open_range(
    read_cipher: ReadCipher, cipher_length: int, key: ObjectKey, start: int, stop: int
) -> Iterator[bytes]:  # fmt: skip
    """`Opened(...).range(start, stop)`, for one range alone."""
    return Opened(read_cipher, cipher_length, key).range(start, stop)


def open_whole(read_cipher: ReadCipher, cipher_length: int, key: ObjectKey) -> Iterator[bytes]:
    """All plain bytes, authenticated chunk by chunk. The length is proven before the first one comes."""
    opened = Opened(read_cipher, cipher_length, key)
    return opened.range(0, opened.plain_length)


def _hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


def _unwrap(header: bytes, key: ObjectKey) -> bytes:
    """The file key: from the first X25519 stanza that our key opens, and the header's MAC checked with it."""
    lines = header.split(b"\n")
    if lines[0] != _VERSION_LINE:
        raise SealBroken("no age file")
    private = X25519PrivateKey.from_private_bytes(_secret_bytes(key))
    public = private.public_key().public_bytes_raw()
    for number, line in enumerate(lines):
        words = line.split(b" ")
        if words[:2] != [b"->", b"X25519"] or len(words) != 3:
            continue
        try:
            share = _unbase64(words[2])
            secret = private.exchange(X25519PublicKey.from_public_bytes(share))
            wrap_key = _hkdf(secret, share + public, b"age-encryption.org/v1/X25519")
            file_key = ChaCha20Poly1305(wrap_key).decrypt(bytes(12), _unbase64(lines[number + 1]), None)
        except (InvalidTag, SealBroken, ValueError, IndexError):
            continue  # a stanza for somebody else, or a damaged one: the MAC cannot be checked without the key
        signed, _, mac = header.rpartition(b" ")
        expected = hmac.digest(_hkdf(file_key, b"", b"header"), signed, sha256)
        if not hmac.compare_digest(expected, _unbase64(mac.rstrip(b"\n"))):
            raise SealBroken("the header was changed")
        return file_key
    raise SealBroken("the key does not fit")


def _secret_bytes(key: ObjectKey) -> bytes:
    try:
        return decode("age-secret-key-", key.identity)
    except ValueError as error:
        raise SealBroken("no age identity") from error


def _unbase64(text: bytes) -> bytes:
    """Standard alphabet without padding, as age writes it. Raises `SealBroken`, which callers of one stanza outlive."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise SealBroken("the header is damaged") from error
    # The last letter's spare bits are nobody's: without this a changed MAC line could pass.
    if base64.b64encode(data).rstrip(b"=") != text:
        raise SealBroken("the header is damaged")
    return data
