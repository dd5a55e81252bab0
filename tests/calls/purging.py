"""A recording in which card data was heard: asking for its purge, approving it, and what then is."""

from datetime import timedelta

import sqlalchemy as sa

from storage.models import CardDataPurge, Deletion, HeldObject, Receipt, StoredObject
from storage.retention.card_data import approve, ask
from storage.retention.dates import wrong_dates
from storage.retention.holds import Why, hold_objects
from telephony.silence import silenced
from tests.house import House

ASKS, APPROVES = "a" * 32, "b" * 32
SPANS = [(1000, 2500), (500, 750)]


def stored(house: House) -> StoredObject:
    """The one object that is stored."""
    (row,) = [row for row in house.objects() if row.state == "stored"]
    return row


def asked(house: House, spans: list[tuple[int, int]] = SPANS) -> CardDataPurge:
    row = stored(house)
    lasts_ms = house.at.card_data.lasts_ms(row)
    with house.at.database.begin() as session:
        merged = session.get_one(StoredObject, row.id)
        return ask(session, merged, spans, lasts_ms, "a card number is heard", ASKS, house.clock.now())


def approved(house: House, request: CardDataPurge, *, by: str = APPROVES, sha256: str | None = None) -> None:
    with house.at.database.begin() as session:
        approve(session, request.id, sha256 or request.request_sha256, by, house.clock.now())


def purge_row(house: House) -> CardDataPurge:
    row: CardDataPurge = house.ask(lambda s: s.scalars(sa.select(CardDataPurge)).one())
    return row


def hold(house: House, object_id: str, case: str = "1") -> str:
    now = house.clock.now()
    with house.at.database.begin() as session:
        return hold_objects(session, [object_id], Why(case, "a court asks", "x", now + timedelta(days=999)), now).id


def has_taken_its_place(house: House, before: StoredObject, content: bytes, holds: int) -> StoredObject:
    """All that a purge promises, whatever happened on its way. Returns the copy."""
    copy = stored(house)
    (gone,) = [row for row in house.objects() if row.id == before.id]
    assert copy.id != before.id
    assert (gone.state, gone.holds) == ("deleted", 0)
    assert house.plain(copy) == b"".join(silenced([content], SPANS)) != content
    assert (copy.bytes, copy.cipher_bytes is not None) == (before.bytes, True)
    for name in ("kind", "centre_id", "source_id", "content_type", "began_at", "counted_from", "parent_id"):
        assert getattr(copy, name) == getattr(before, name), name
    assert copy.holds == holds
    (recording,) = house.recordings()
    assert (recording.object_id, recording.state) == (copy.id, "stored")
    assert house.in_store() == [copy.key], "no byte of the original is in the store"
    assert house.at.store.abort_uploads("") == 0
    assert list(house.at.keys.object_ids()) == [copy.id]
    assert house.at_carrier() == []
    deletion, receipt = house.ask(
        lambda s: s.execute(
            sa.select(Deletion, Receipt)
            .join(Receipt, Receipt.object_id == Deletion.object_id)
            .where(Deletion.object_id == before.id)
        ).one()
    )
    assert (deletion.cause, receipt.content["cause"]) == ("card_data", "card_data")
    assert {"store", "keys", "carrier"} <= set(receipt.content["gone_from"])
    purge = purge_row(house)
    assert (purge.state, purge.copy_id, purge.next_attempt_at) == ("done", copy.id, None)
    everything_agrees(house)
    return copy


def everything_agrees(house: House) -> None:
    """Ledger, rows, dates, holds, store, keys, content."""
    assert [found for seen in house.at.fsck(content=True).check() for found in seen.found] == []
    assert [str(problem) for problem in house.at.verification.problems()] == []
    with house.at.database.read() as session:
        assert list(wrong_dates(session)) == []


def objects_of(house: House, hold_id: str) -> list[str]:
    held = sa.select(HeldObject.object_id).where(HeldObject.hold_id == hold_id)
    return list(house.ask(lambda s: s.scalars(held).all()))
