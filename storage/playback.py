"""Bytes of a stored object, opened on the way: ranged, decrypted, never written anywhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound
from storage.ledger.log import append
from storage.models import Leaf, LeafOpening, StoredObject
from storage.objects.cipher import Opened, open_whole
from storage.objects.kept_open import KeptOpen
from storage.objects.keys import KeyRing
from storage.objects.store import ObjectAbsent, ObjectStore
from storage.retention.policy import usable_for

RENEWED_EVERY = timedelta(minutes=15)


@dataclass(frozen=True)
class Playable:
    """What is needed to serve an object's bytes, read in one transaction."""

    object_id: str
    key: str
    content_type: str
    bytes: int
    cipher_bytes: int
    version_id: str | None = None


def playable(session: Session, object_id: str, purpose: str, now: datetime) -> Playable:
    """An object that may be played for `purpose` at `now`.

    Raises:
        NotFound: if it is not stored (any more), or no longer kept for that purpose (I11).
    """
    row = session.get(StoredObject, object_id)
    if row is None or row.state != "stored" or row.restricted_at is not None:
        raise NotFound("there is no such recording, or it has been deleted")
    if purpose not in usable_for(((each.purpose, each.until) for each in row.purposes), now):
        raise NotFound("this recording is not kept for {purpose}", purpose=purpose)
    return whole(row)


def whole(row: StoredObject | sa.Row[*tuple[Any, ...]]) -> Playable:
    """A stored object (or its columns), for whoever has checked the right, or checks the installation itself."""
    if row.key is None or row.bytes is None or row.cipher_bytes is None:
        raise NotFound("it was never stored")
    return Playable(row.id, row.key, row.content_type, row.bytes, row.cipher_bytes, row.version_id)


def note_viewing(
    session: Session,
    *,
    person_id: str,
    object_id: str,
    purpose: str,
    how: str,
    now: datetime,
    reason: str = "",
) -> None:
    """Tell the ledger, before the first byte leaves (I9). One leaf a person, object and purpose, every 15 minutes.

    `reason` is what somebody without a right gave for looking all the same.
    """
    facts = {"person": person_id, "object": object_id, "purpose": purpose, "how": how}
    if reason:
        facts["reason"] = reason
    if not _told_lately(session, "media_shown", object_id, facts, now):
        append(session, "media_shown", object_id, now, facts)


def note_refusal(
    session: Session, *, person_id: str, object_id: str, purpose: str, how: str, now: datetime, each: bool = True
) -> None:
    """Tell the ledger that somebody was refused (I9): each time, or one leaf every 15 minutes, as of what is shown."""
    facts = {"person": person_id, "object": object_id, "purpose": purpose, "how": how}
    if each or not _told_lately(session, "media_refused", object_id, facts, now):
        append(session, "media_refused", object_id, now, facts)


def told_at(session: Session, kind: str, subject: str, facts: Mapping[str, str], now: datetime) -> datetime | None:
    """When the ledger was told exactly that within the last quarter of an hour; None: it was not."""
    recent = session.execute(
        sa.select(Leaf.at, LeafOpening.facts)
        .join(LeafOpening, Leaf.id == LeafOpening.leaf_id)
        .where(LeafOpening.subject_id == subject, Leaf.kind == kind, Leaf.at > now - RENEWED_EVERY)
    )
    return max((at for at, told in recent if told == facts), default=None)


def _told_lately(session: Session, kind: str, subject: str, facts: Mapping[str, str], now: datetime) -> bool:
    return told_at(session, kind, subject, facts, now) is not None


class Playback:
    """Opens objects of one installation."""

    def __init__(self, store: ObjectStore, keys: KeyRing, kept: KeptOpen | None = None) -> None:
        self._store = store
        self._keys = keys
        self._kept = kept or KeptOpen()

    def read(self, item: Playable, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The plain bytes from `start` up to (not including) `stop`.

        Who plays an object asks for one part after another: it is kept open for a minute (`KeptOpen`). Whoever reads
        it whole does so once.

        Raises:
            KeyDestroyed: the object was deleted meanwhile.
            StoreError: the store is away.
        """
        if start == 0 and stop is None:
            key = self._keys.get(item.object_id)
            return open_whole(lambda at, length: self._sealed(item, at, length), item.cipher_bytes, key)
        return self._opened(item).range(start, item.bytes if stop is None else stop)

    def _opened(self, item: Playable) -> Opened:
        found = self._kept.get(item)
        if found is None:
            key = self._keys.get(item.object_id)
            found = Opened(lambda at, length: self._sealed(item, at, length), item.cipher_bytes, key, item.bytes)
            self._kept.keep(item, found)
        return found

    def _sealed(self, item: Playable, offset: int, length: int) -> Iterator[bytes]:
        """The very version that was stored, whatever somebody laid over it; of a restored store, what is there now.

        Either way the bytes open only if they are what was sealed.
        """
        pieces = self._store.read(item.key, offset, length, item.version_id)
        try:
            first = next(pieces, None)
        except ObjectAbsent:
            if item.version_id is None:
                raise
            yield from self._store.read(item.key, offset, length)
            return
        if first is not None:
            yield first
            yield from pieces
