"""An object store that is sometimes away: a real one behind a door that a test can shut."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from storage.objects.store import ObjectStore, Readable, StoredCopy, StoredVersion, StoreUnavailable


class StoreWithADoor:
    """Everything goes to the real store while `away` is False.

    `swallows_answers` does what was asked and then fails, as a store does that dies between deed and answer.
    `before_put` is called when a put begins: what happens meanwhile elsewhere happens there.
    """

    def __init__(self, behind: ObjectStore) -> None:
        self._behind = behind
        self.away = False
        self.swallows_answers = False
        self.before_put: Callable[[], None] | None = None

    @property
    def bucket(self) -> str:
        return self._behind.bucket

    def _knock(self) -> None:
        if self.away:
            raise StoreUnavailable("the store is away")

    def _answer(self) -> None:
        if self.swallows_answers:
            raise StoreUnavailable("the answer got lost")

    def ensure_bucket(self) -> None:
        self._knock()
        self._behind.ensure_bucket()

    def put(self, key: str, source: Readable, length: int) -> StoredCopy:
        self._knock()
        meanwhile, self.before_put = self.before_put, None
        if meanwhile is not None:
            meanwhile()
        copy = self._behind.put(key, source, length)
        self._answer()
        return copy

    def stat(self, key: str) -> StoredCopy | None:
        self._knock()
        return self._behind.stat(key)

    def read(self, key: str, offset: int, length: int, version_id: str | None = None) -> Iterator[bytes]:
        self._knock()
        return self._behind.read(key, offset, length, version_id)

    def versions(self, prefix: str) -> Iterator[StoredVersion]:
        self._knock()
        yield from self._behind.versions(prefix)

    def remove(self, versions: Iterable[StoredVersion]) -> None:
        self._knock()
        self._behind.remove(versions)
        self._answer()

    def abort_uploads(self, prefix: str, started_before: datetime | None = None, keys: Iterable[str] = ()) -> int:
        self._knock()
        return self._behind.abort_uploads(prefix, started_before, keys)

    def unfinished_uploads(self, prefix: str, started_before: datetime) -> list[str]:
        self._knock()
        return self._behind.unfinished_uploads(prefix, started_before)

    def is_gone(self, prefix: str, keys: Iterable[str] = ()) -> bool:
        self._knock()
        return self._behind.is_gone(prefix, keys)

    def left(self, asked: Mapping[str, Iterable[str]]) -> set[str]:
        self._knock()
        return self._behind.left(asked)

    def supports_legal_hold(self) -> bool:
        self._knock()
        return self._behind.supports_legal_hold()

    def set_legal_hold(self, key: str, version_id: str | None, *, on: bool) -> None:
        self._knock()
        self._behind.set_legal_hold(key, version_id, on=on)
        self._answer()

    def legal_hold(self, key: str, version_id: str | None) -> bool:
        self._knock()
        return self._behind.legal_hold(key, version_id)

    def check(self) -> None:
        self._knock()
        self._behind.check()
