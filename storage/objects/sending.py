"""Bytes on their way into a store: counted and fingerprinted while they pass.

The fingerprint is the one that S3 stores give: for one part the MD5 of the bytes, for more the MD5 of the parts' MD5s,
a dash, and their number. It is a check against damage on the way, not against an attacker: that is the cipher's work.
Source: AWS S3 user guide, "Checking object integrity"; tried on SeaweedFS 4.48.
"""

import hashlib

from storage.objects.store import Readable, WrongLength

# Three parts are in memory at most (s3_parts.py): 24 MB above idle, measured with 1.4 GB. S3 allows 5 MiB and more.
PART_BYTES = 8 * 1024 * 1024


class EtagOf:
    """The ETag of `length` bytes, uploaded in parts of `part_bytes`."""

    def __init__(self, part_bytes: int, length: int) -> None:
        self.part_bytes = part_bytes
        self._in_parts = length > part_bytes
        self._part = hashlib.md5(usedforsecurity=False)
        self._in_part = 0
        self._digests: list[bytes] = []

    def update(self, data: bytes) -> None:
        """Take the next bytes, in pieces of any size."""
        view = memoryview(data)
        while view:
            taken = view[: self.part_bytes - self._in_part] if self._in_parts else view
            self._part.update(taken)
            self._in_part += len(taken)
            view = view[len(taken) :]
            if self._in_parts and self._in_part == self.part_bytes:
                self._close_part()

    def _close_part(self) -> None:
        self._digests.append(self._part.digest())
        self._part = hashlib.md5(usedforsecurity=False)
        self._in_part = 0

    def value(self) -> str:
        """The ETag, once everything has passed. Asking twice gives the same."""
        if not self._in_parts:
            return self._part.hexdigest()
        digests = [*self._digests, self._part.digest()] if self._in_part else self._digests
        return f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"


class Sending:
    """A source of exactly `length` bytes, which keeps its own failure apart from the store's.

    Its end is tried *before* the last bytes are handed out, so that a source that fails or goes on there fails the put
    while no object exists yet. Raises `WrongLength`, and whatever the source raises; both stay in `failure`.
    """

    def __init__(self, source: Readable, length: int, part_bytes: int) -> None:
        self._source = source
        self._left = length
        self.etag = EtagOf(part_bytes, length)
        self.failure: BaseException | None = None
        if length == 0:
            self._expect_end()

    def read(self, n: int = -1) -> bytes:
        """At most `n` bytes (all for -1); fewer only where the source gives fewer."""
        wanted = self._left if n < 0 else min(n, self._left)
        if wanted == 0:
            return b""
        data = self._take(wanted)
        if not data or len(data) > wanted:
            self._fail(WrongLength(f"the source {'runs over' if data else 'ended'} with {self._left} bytes due"))
        self._left -= len(data)
        self.etag.update(data)
        if self._left == 0:
            self._expect_end()
        return data

    def _expect_end(self) -> None:
        if self._take(1):
            self._fail(WrongLength("the source goes on behind its announced length"))

    def _take(self, n: int) -> bytes:
        try:
            return self._source.read(n)
        except BaseException as error:
            self.failure = error
            raise

    def _fail(self, error: WrongLength) -> None:
        self.failure = error
        raise error
