"""The cipher of stored objects: one age file for each, sealed on the way in, opened on the way out (`opening.py`).

Plain chunks go in, an age file comes out, of a length that is known before its first byte is read. pyrage makes the
header (a fresh file key, wrapped for the object's key, and its MAC); the chunks behind it are sealed here, as they are
wanted: pyrage itself pushes, so it would take a thread and a pipe beside a store that pulls, and four times the
processor's time. Two rules keep a recording from being stored half: the source must give exactly the bytes that it
promised, and that it ends well is tried before the last chunk is handed out.
"""

import os
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

import pyrage

from storage.objects.opening import (
    CHUNK_BYTES,
    NONCE_BYTES,
    ObjectKey,
    Opened,
    SealBroken,
    chunk_nonce,
    header_end,
    last_chunk,
    open_range,
    open_whole,
    payload_cipher,
    plain_length,
    sealed_length,
)

__all__ = [
    "ObjectKey",
    "Opened",
    "PlainDiffers",
    "SealBroken",
    "Sealed",
    "key_of",
    "new_identity",
    "open_range",
    "open_whole",
    "plain_length",
    "sealed_length",
]


class PlainDiffers(Exception):
    """Permanent: the source gave fewer or more bytes than it had promised."""


def new_identity() -> ObjectKey:
    """A fresh key from the system's random source."""
    identity = pyrage.x25519.Identity.generate()
    return ObjectKey(str(identity), str(identity.to_public()))


def key_of(identity: str) -> ObjectKey:
    """The key with this identity. Raises `SealBroken` if that is none."""
    try:
        return ObjectKey(identity, str(pyrage.x25519.Identity.from_str(identity).to_public()))
    except pyrage.IdentityError as error:
        raise SealBroken("no age identity") from error


class Sealed:
    """`with Sealed(chunks, n, key) as sealed: store.put(name, sealed, sealed.length)`.

    `chunks` is iterated once, by whoever reads, and closed on leaving the block if it can be.
    `read` raises `PlainDiffers` and whatever the source raises.
    """

    def __init__(self, chunks: Iterable[bytes], plain_bytes: int, key: ObjectKey) -> None:
        header = _new_header(key)
        # A nonce of our own, never the one that pyrage sealed its empty chunk with: no nonce is used twice.
        nonce = os.urandom(NONCE_BYTES)
        self.length = sealed_length(len(header), plain_bytes)
        self._cipher = payload_cipher(header, nonce, key)
        self._plain = _Plain(chunks, plain_bytes)
        self._last = last_chunk(plain_bytes)
        self._number = 0
        self._rest = memoryview(header + nonce)

    def __enter__(self) -> Self:
        return self

    def read(self, n: int = -1, /) -> bytes:
        """`n` bytes, fewer only at the end. The last of them come after the source has ended well, or not at all."""
        pieces: list[memoryview] = []
        missing = self.length if n < 0 else n
        while missing > 0:
            if not self._rest:
                if self._number > self._last:
                    break
                self._rest = memoryview(self._next_chunk())
            pieces.append(self._rest[:missing])
            self._rest = self._rest[missing:]
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def _next_chunk(self) -> bytes:
        # What raises ends it: nothing is handed out behind a gap, and no chunk's number is used twice.
        number, self._number = self._number, self._last + 1
        plain = self._plain.take()
        if number == self._last:
            self._plain.expect_end()
        sealed: bytes = self._cipher.encrypt(chunk_nonce(number, self._last), plain, None)
        self._number = number + 1
        return sealed

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self._plain.close()


def _new_header(key: ObjectKey) -> bytes:
    whole: bytes = pyrage.encrypt(b"", [pyrage.x25519.Recipient.from_str(key.recipient)])
    end = header_end(whole)
    if end is None:
        raise SealBroken("pyrage gave no age header")
    return whole[:end]


class _Plain:
    """The plain bytes in age's chunks, which end well only after exactly the promised bytes."""

    def __init__(self, chunks: Iterable[bytes], promised: int) -> None:
        self._iterable = chunks
        self._chunks: Iterator[bytes] | None = None
        self._due = promised  # by the source
        self._left = promised  # to be handed out
        self._rest = memoryview(b"")

    def take(self) -> bytes | memoryview:
        """The next chunk: whole, or the last one."""
        wanted = min(CHUNK_BYTES, self._left)
        pieces: list[memoryview] = []
        missing = wanted
        while missing:
            if not self._rest:
                piece = self._next_piece()
                if piece is None:
                    raise PlainDiffers(f"the source ended {self._due} bytes early")
                self._rest = memoryview(piece)
            pieces.append(self._rest[:missing])
            self._rest = self._rest[missing:]
            missing -= len(pieces[-1])
        self._left -= wanted
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def expect_end(self) -> None:
        """All was given: the source must end now, and well."""
        self._next_piece()

    def _next_piece(self) -> bytes | None:
        """What the source gives next, or None at its end."""
        if self._chunks is None:
            self._chunks = iter(self._iterable)
        for piece in self._chunks:
            if len(piece) > self._due:
                raise PlainDiffers(f"the source gave {len(piece) - self._due} bytes too many")
            if piece:
                self._due -= len(piece)
                return piece
        return None

    def close(self) -> None:
        """Let a generator clean up."""
        close = getattr(self._iterable if self._chunks is None else self._chunks, "close", None)
        if close is not None:
            close()
