"""The port to where bytes are kept: an S3-like bucket with keys, versions and unfinished uploads.

What holds for every implementation (tests/objects/test_store_contract.py asks each one):

- a key is written once, by one writer (`<object id>/<attempt>`), and carries nothing personal: stores log keys
  for ever;
- `put` returns only after the store itself was asked what it holds;
- deletion goes by version: a delete without one merely hides the bytes of a versioned bucket behind a marker;
- an error says by its type whether trying again later can help.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class StoreError(Exception):
    """The object store did not do what it was asked to do."""


class StoreUnavailable(StoreError):
    """Not now: no connection, a timeout, a 5xx, "slow down", a full disk. Try again later."""


class StoreRefused(StoreError):
    """Permanent until somebody changes something: wrong credentials, no such bucket, an invalid name."""


class ObjectAbsent(StoreError):
    """Permanent: the store answers, has the bucket, and does not have this object (or this version of it)."""


class StoredDiffers(StoreError):
    """What the store says it holds is not what was sent; it was taken away again. A new attempt may succeed."""


class WrongLength(StoreError):
    """Permanent: the source gave fewer or more bytes than was announced. Nothing was stored."""


@dataclass(frozen=True)
class Remaining:
    """One version that a removal left behind, and the store's own code for why."""

    key: str
    version_id: str | None
    code: str


class RemovalFailed(StoreError):
    """Some versions are still there. The others are gone: remove again what a new listing shows."""

    def __init__(self, remaining: Iterable[Remaining]) -> None:
        self.remaining = tuple(remaining)
        named = ", ".join(f"{left.key}@{left.version_id} ({left.code})" for left in self.remaining[:5])
        more = len(self.remaining) - 5
        super().__init__(f"{len(self.remaining)} still there: {named}{f' and {more} more' if more > 0 else ''}")


@dataclass(frozen=True)
class StoredCopy:
    """What the store says that it holds under a key.

    `bytes` is its size there. `etag` is the store's own fingerprint, without quotes. `version_id` is None where the
    bucket has no versions.
    """

    key: str
    bytes: int
    etag: str
    version_id: str | None


@dataclass(frozen=True)
class StoredVersion:
    """One version of one key, or a delete marker over it. `modified_at` is the store's clock, UTC."""

    key: str
    version_id: str | None
    is_delete_marker: bool
    bytes: int
    modified_at: datetime


class Readable(Protocol):
    """A source of bytes: `read(n)` returns at most `n` bytes, and none at the end alone."""

    def read(self, n: int, /) -> bytes: ...


class ObjectStore(Protocol):
    """One bucket. Methods raise `StoreUnavailable` or `StoreRefused`, besides what each of them names."""

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        ...

    def ensure_bucket(self) -> None:
        """Make the bucket if there is none, with object lock where the store can (it then keeps versions).

        What exists stays as it is: turned on later, object lock does not cover what is there already (SeaweedFS 4.48),
        or is refused (MinIO). Can be repeated.
        """
        ...

    def supports_legal_hold(self) -> bool:
        """Whether the bucket has object lock (and we may ask it), so that `set_legal_hold` can do anything."""
        ...

    def set_legal_hold(self, key: str, version_id: str | None, *, on: bool) -> None:
        """Put a legal hold on this version, or take it off; then ask the store. Can be repeated.

        A version under it is deleted by nobody, root included, with or without bypass (tried on SeaweedFS 4.48 and
        MinIO); a delete without a version still lays a marker over it, which hides the bytes and loses none.
        Raises `ObjectAbsent`; `StoreRefused` where the bucket cannot, or the store said yes and did not.
        """
        ...

    def legal_hold(self, key: str, version_id: str | None) -> bool:
        """Whether a legal hold lies on this version. Raises `ObjectAbsent`, also for a delete marker."""
        ...

    def put(self, key: str, source: Readable, length: int) -> StoredCopy:
        """Store exactly `length` bytes, then ask the store for size and hash.

        When anything fails, nothing usable is left: an error of `source.read` is raised as it is, `WrongLength`
        tells that the source was shorter or longer, `StoredDiffers` that the store holds something else.
        """
        ...

    def stat(self, key: str) -> StoredCopy | None:
        """The newest version, or None if there is none (or a delete marker lies over it)."""
        ...

    def read(self, key: str, offset: int, length: int, version_id: str | None = None) -> Iterator[bytes]:
        """Exactly `length` bytes from `offset` on, in pieces. Nothing is asked before the first piece is wanted.

        No connection is held between pieces, so a slow or forgotten reader costs none. Raises `ObjectAbsent`;
        a store that ends early raises `StoreUnavailable`.
        """
        ...

    def versions(self, prefix: str) -> Iterator[StoredVersion]:
        """Every version and every delete marker under `prefix`, sorted by key alone. `prefix` is text, not a folder."""
        ...

    def remove(self, versions: Iterable[StoredVersion]) -> None:
        """Remove these very versions and markers. What is gone already is no error. Raises `RemovalFailed`."""
        ...

    def abort_uploads(self, prefix: str, started_before: datetime | None = None, keys: Iterable[str] = ()) -> int:
        """End unfinished multipart uploads: they take space, and no listing shows them. Returns how many.

        `keys` are whole keys under `prefix` that an upload may have been begun for (every attempt's): MinIO tells of
        unfinished uploads by their whole key alone, and keeps unnamed ones until they expire there (24 h).
        A sweep over more than one's own keys passes `started_before`, or it ends uploads that are under way.
        """
        ...

    def unfinished_uploads(self, prefix: str, started_before: datetime) -> list[str]:
        """The keys of unfinished uploads under `prefix`, as far as the store tells of them (see `abort_uploads`)."""
        ...

    def is_gone(self, prefix: str, keys: Iterable[str] = ()) -> bool:
        """Ask again: no version, no marker, no unfinished upload under `prefix`. `keys` as for `abort_uploads`."""
        ...

    def left(self, asked: Mapping[str, Iterable[str]]) -> set[str]:
        """`is_gone` for many prefixes at once: those under which there still is anything.

        `asked` has for each prefix its keys; no prefix is the beginning of another. Fewer questions than one a prefix
        are allowed, as long as each prefix was asked about.
        """
        ...

    def check(self) -> None:
        """Whether it can serve, answered within seconds: `StoreUnavailable` if not, `StoreRefused` if never so."""
        ...


def key_of_attempt(object_id: str, attempt: int) -> str:
    """Where one attempt to store an object puts its bytes. Random ids: a key tells nothing about anybody.

    Of one width, so that no attempt's key is the beginning of another's: what sweeps the one must not reach the other.
    """
    return f"{object_id}/{attempt:06d}"


def keys_of_attempts(object_id: str, attempts: int) -> tuple[str, ...]:
    """Where any attempt so far may have put bytes, or begun to."""
    return tuple(key_of_attempt(object_id, attempt) for attempt in range(1, attempts + 1))
