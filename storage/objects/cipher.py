"""The cipher of stored objects: one age file for each, sealed on the way in, opened on the way out (`opening.py`).

Plain chunks go in, an age file comes out, of a length that is known before its first byte is read. pyrage pushes, a
store pulls: between them are a thread and a pipe. Three rules keep a recording from being stored half: the header is
read first, so the exact length can be announced; the source must give exactly the bytes that it promised; and whatever
goes wrong in the thread is raised to the reader, before the reader has all announced bytes.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

import pyrage

from storage.objects.opening import (
    MOST_HEADER_BYTES,
    ObjectKey,
    Opened,
    SealBroken,
    header_end,
    open_range,
    open_whole,
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

PIPE_BYTES = 1024 * 1024  # asked of the kernel (Linux' default is 64 KiB, and its limit for users is this)


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

    `chunks` is iterated in a thread of its own, once, and closed there if it can be. Leaving the block joins the
    thread, also when the reader stopped early; a source that blocks is waited for: it needs time limits of its own.
    Raises `PlainDiffers` and whatever the source raises: on entering, or from `read`.
    """

    def __init__(self, chunks: Iterable[bytes], plain_bytes: int, key: ObjectKey) -> None:
        self._source = _Source(chunks, plain_bytes)
        self._plain_bytes = plain_bytes
        self._key = key
        self._failure: BaseException | None = None
        self._given = 0
        self.length = -1  # exact from `__enter__` on

    def __enter__(self) -> Self:
        self._pipe, writing = os.pipe()
        self._thread = threading.Thread(target=self._seal, args=(writing,), name="seal", daemon=True)
        try:
            _widen(writing)
            self._thread.start()
        except BaseException:
            os.close(self._pipe)
            os.close(writing)
            raise
        try:
            self._head = self._read_header()
        except BaseException:
            self._close()
            raise
        return self

    def _seal(self, writing: int) -> None:
        sink = _Sink(writing)
        try:
            pyrage.encrypt_io(self._source, sink, [pyrage.x25519.Recipient.from_str(self._key.recipient)])
            # pyrage 1.4.0 drops the error of its last write.
            self._failure = sink.failure
        except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
            # pyrage turns what a source raises into an error of its own.
            self._failure = self._source.failure or sink.failure or error
        finally:
            try:
                self._source.close()
            except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
                self._failure = self._failure or error
            # Last of all: the end that the reader sees comes after the failure that it must look for.
            os.close(writing)

    def _read_header(self) -> bytearray:
        head = bytearray()
        while (end := header_end(head)) is None:
            piece = os.read(self._pipe, PIPE_BYTES)
            if not piece or len(head) > MOST_HEADER_BYTES + PIPE_BYTES:
                self._raise_failure()
                raise PlainDiffers("sealing ended before its header did")
            head += piece
        self.length = sealed_length(end, self._plain_bytes)
        return head

    def read(self, n: int = -1, /) -> bytes:
        """`n` bytes, fewer only at the end. The last of them come after the thread has ended well, or not at all."""
        left = self.length - self._given
        wanted = left if n < 0 else min(n, left)
        data = bytearray(self._head[:wanted])
        del self._head[:wanted]
        while len(data) < wanted:
            piece = os.read(self._pipe, min(wanted - len(data), PIPE_BYTES))
            if not piece:
                self._thread.join()
                self._raise_failure()
                raise PlainDiffers(f"sealing ended {wanted - len(data)} bytes early")
            data += piece
        self._given += wanted
        if self._given == self.length:
            self._expect_end()
        return bytes(data)

    def _expect_end(self) -> None:
        goes_on = bool(self._head) or bool(os.read(self._pipe, 1))
        if not goes_on:
            self._thread.join()
            self._raise_failure()
            return
        raise PlainDiffers("sealing goes on behind its length")

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self._close()

    def _close(self) -> None:
        """Closing the reading end makes the thread's next write fail; the flag stops it between two plain chunks."""
        self._source.stopped = True
        os.close(self._pipe)
        self._thread.join()


class _Source:
    """The plain chunks as a file, which ends well only after exactly the promised bytes."""

    def __init__(self, chunks: Iterable[bytes], promised: int) -> None:
        self._chunks: Iterator[bytes] | None = None
        self._iterable = chunks
        self._left = promised
        self._rest = memoryview(b"")
        self.stopped = False
        self.failure: BaseException | None = None

    def read(self, n: int = -1) -> bytes:
        try:
            while not self._rest:
                piece = self._next_piece()
                if piece is None:
                    return b""
                self._rest = memoryview(piece)
        except BaseException as error:
            self.failure = error
            raise
        taken, self._rest = (self._rest, memoryview(b"")) if n < 0 else (self._rest[:n], self._rest[n:])
        return bytes(taken)

    def _next_piece(self) -> bytes | None:
        if self.stopped:
            raise BrokenPipeError("the reader is gone")
        if self._chunks is None:
            self._chunks = iter(self._iterable)
        piece = next(self._chunks, None)
        if piece is None:
            if self._left:
                raise PlainDiffers(f"the source ended {self._left} bytes early")
            return None
        if len(piece) > self._left:
            raise PlainDiffers(f"the source gave {len(piece) - self._left} bytes too many")
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Let a generator clean up in the thread that ran it."""
        close = getattr(self._iterable if self._chunks is None else self._chunks, "close", None)
        if close is not None:
            close()


class _Sink:
    """The pipe's writing end, which remembers its failure."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self.failure: BaseException | None = None

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._pipe, view) :]
        except BaseException as error:
            self.failure = error
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""


def _widen(pipe: int) -> None:
    """A wider pipe lets the cipher work on while a part is sent. Where that is not to be had, it only goes slower."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - not on every system

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
