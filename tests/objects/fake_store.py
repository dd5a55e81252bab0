"""An object store in memory, for tests of what stands on the port. It passes the same contract as the real one."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from storage.objects.sending import PART_BYTES, Sending
from storage.objects.store import (
    ObjectAbsent,
    Readable,
    Remaining,
    RemovalFailed,
    StoredCopy,
    StoredDiffers,
    StoredVersion,
    StoreError,
    StoreRefused,
    StoreUnavailable,
)


@dataclass
class Held:
    """One version. `data` is None for a delete marker."""

    version_id: str
    data: bytes | None
    etag: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    legal_hold: bool = False


class MemoryStore:
    """Set `failing` to an error and every call raises it; set `damages` and what is put is not what is held."""

    def __init__(self, bucket: str = "memory", *, versioned: bool = False, locked: bool = False) -> None:
        self.bucket = bucket
        self.versioned = versioned or locked
        self.locked = locked
        self.failing: StoreError | None = None
        self.damages = False
        self.held: dict[str, list[Held]] = {}
        self.uploads: list[tuple[str, datetime]] = []
        self._made = False

    def _answer(self) -> None:
        if self.failing is not None:
            raise self.failing
        if not self._made:
            raise StoreRefused(f"there is no bucket {self.bucket!r}")

    def ensure_bucket(self) -> None:
        if self.failing is not None:
            raise self.failing
        self._made = True

    def put(self, key: str, source: Readable, length: int) -> StoredCopy:
        self._answer()
        sending = Sending(source, length, PART_BYTES)
        data = bytearray()
        while len(data) < length:
            data += sending.read(PART_BYTES)
        if self.damages:
            raise StoredDiffers(f"{key}: damaged on the way")
        made = Held(uuid.uuid4().hex if self.versioned else "null", bytes(data), sending.etag.value())
        self.held[key] = [made, *(self.held.get(key, []) if self.versioned else [])]
        return self._copy(key, made)

    def stat(self, key: str) -> StoredCopy | None:
        self._answer()
        newest = next(iter(self.held.get(key, [])), None)
        return None if newest is None or newest.data is None else self._copy(key, newest)

    def _copy(self, key: str, held: Held) -> StoredCopy:
        return StoredCopy(key, len(held.data or b""), held.etag, held.version_id if self.versioned else None)

    def read(self, key: str, offset: int, length: int, version_id: str | None = None) -> Iterator[bytes]:
        if offset < 0 or length < 0:
            raise ValueError("offset and length cannot be negative")
        return self._read(key, offset, length, version_id)

    def _read(self, key: str, offset: int, length: int, version_id: str | None) -> Iterator[bytes]:
        if length == 0:
            return
        self._answer()
        data = next((h.data for h in self.held.get(key, []) if version_id in {None, h.version_id}), None)
        if data is None:
            raise ObjectAbsent(key)
        if offset >= len(data):
            raise StoreRefused(f"{key}: no such range")
        if offset + length > len(data):
            raise StoreUnavailable(f"{key}: {len(data) - offset} bytes of {length}")
        yield data[offset : offset + length]

    def versions(self, prefix: str) -> Iterator[StoredVersion]:
        self._answer()
        for key in sorted(self.held):
            if key.startswith(prefix):
                for each in list(self.held[key]):
                    yield StoredVersion(key, each.version_id, each.data is None, len(each.data or b""), each.at)

    def remove(self, versions: Iterable[StoredVersion]) -> None:
        remaining = []
        for gone in list(versions):
            self._answer()
            left = []
            for each in self.held.get(gone.key, []):
                if each.version_id != (gone.version_id or "null"):
                    left.append(each)
                elif each.legal_hold:
                    left.append(each)
                    remaining.append(Remaining(gone.key, gone.version_id, "AccessDenied"))
            if left:
                self.held[gone.key] = left
            else:
                self.held.pop(gone.key, None)
        if remaining:
            raise RemovalFailed(remaining)

    def supports_legal_hold(self) -> bool:
        self._answer()
        return self.locked

    def set_legal_hold(self, key: str, version_id: str | None, *, on: bool) -> None:
        self._version(key, version_id).legal_hold = on

    def legal_hold(self, key: str, version_id: str | None) -> bool:
        return self._version(key, version_id).legal_hold

    def _version(self, key: str, version_id: str | None) -> Held:
        self._answer()
        if not self.locked:
            raise StoreRefused("the bucket has no object lock")
        for each in self.held.get(key, []):
            if each.version_id == (version_id or "null") and each.data is not None:
                return each
        raise ObjectAbsent(key)

    def hide(self, key: str) -> None:
        """A delete without a version, which the product never does."""
        self.held[key] = [Held(uuid.uuid4().hex, None), *self.held[key]] if self.versioned else []
        if not self.held[key]:
            del self.held[key]

    def leave_upload(self, key: str) -> None:
        """An upload that nobody finishes."""
        self.uploads.append((key, datetime.now(UTC)))

    def abort_uploads(self, prefix: str, started_before: datetime | None = None, keys: Iterable[str] = ()) -> int:
        self._answer()
        due = [
            each
            for each in self.uploads
            if each[0].startswith(prefix) and (started_before is None or each[1] < started_before)
        ]
        self.uploads = [each for each in self.uploads if each not in due]
        return len(due)

    def unfinished_uploads(self, prefix: str, started_before: datetime) -> list[str]:
        self._answer()
        return sorted({key for key, at in self.uploads if key.startswith(prefix) and at < started_before})

    def is_gone(self, prefix: str, keys: Iterable[str] = ()) -> bool:
        return next(self.versions(prefix), None) is None and not any(key.startswith(prefix) for key, _ in self.uploads)

    def left(self, asked: Mapping[str, Iterable[str]]) -> set[str]:
        return {prefix for prefix, keys in asked.items() if not self.is_gone(prefix, keys)}

    def check(self) -> None:
        self._answer()
