"""What can be wrong with an installation, each made wrong by hand: behind the product's back, as it happens."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from storage.intake import Arrival
from storage.models import Call, ConsentRecord, HeldObject, Receipt, Recording, StoredObject
from storage.objects.keys import data_key
from storage.retention.holds import Why, hold_objects
from tests.house import House

STRANGER = "f" * 32


@dataclass(frozen=True)
class Spoiled:
    """One way to spoil a house: which kinds must be found, and which are still found after a repair."""

    how: Callable[[House], object]
    found: set[str]
    left: set[str] = field(default_factory=set)


def kept(house: House) -> StoredObject:
    """The one object that is stored."""
    (row,) = [row for row in house.objects() if row.state == "stored"]
    return row


def gone(house: House) -> StoredObject:
    """The one object that was deleted."""
    (row,) = [row for row in house.objects() if row.state == "deleted"]
    return row


def change(house: House, table: Any, where: Any, **values: Any) -> None:
    """Change rows behind the product's back."""
    with house.at.database.begin() as session:
        assert session.execute(sa.update(table).where(where).values(**values)).rowcount == 1  # type: ignore[attr-defined]


def put(house: House, key: str) -> None:
    house.at.store.put(key, io.BytesIO(b"what is this"), 12)


def lose_media(house: House) -> None:
    house.at.store.remove(house.at.store.versions(kept(house).id))


def lose_bytes(house: House) -> None:
    change(house, StoredObject, StoredObject.id == kept(house).id, cipher_bytes=17)


def leave_a_stray(house: House) -> None:
    put(house, f"{STRANGER}/000001")


def lose_a_row(house: House) -> None:
    house.at.keys.create(STRANGER)
    put(house, f"{STRANGER}/000001")
    house.clock.sleep(timedelta(days=2).total_seconds())


def leave_an_attempt(house: House) -> None:
    put(house, f"{kept(house).id}/000009")


def bring_media_back(house: House) -> None:
    put(house, f"{gone(house).id}/000001")


def bring_a_key_back(house: House) -> None:
    other = "e" * 32
    house.at.keys.create(other)
    with house.at.keys._writing() as connection:
        wrapped = connection.scalar(sa.select(data_key.c.wrapped).where(data_key.c.object_id == other))
        connection.execute(sa.update(data_key).where(data_key.c.object_id == gone(house).id).values(wrapped=wrapped))
        connection.execute(sa.delete(data_key).where(data_key.c.object_id == other))


def destroy_a_key(house: House) -> None:
    house.at.keys.destroy(kept(house).id)


def lose_a_key(house: House) -> None:
    with house.at.keys._writing() as connection:
        connection.execute(sa.delete(data_key).where(data_key.c.object_id == kept(house).id))


def damage_a_key(house: House) -> None:
    with house.at.keys._writing() as connection:
        at = data_key.c.object_id == kept(house).id
        wrapped = bytes(connection.scalar(sa.select(data_key.c.wrapped).where(at)) or b"")
        connection.execute(sa.update(data_key).where(at).values(wrapped=wrapped[:-1] + bytes([wrapped[-1] ^ 1])))


def keep_a_key_without_row(house: House) -> None:
    house.at.keys.create(STRANGER)
    house.clock.sleep(timedelta(days=2).total_seconds())


def change_a_date(house: House) -> None:
    row = kept(house)
    assert row.delete_after is not None
    change(house, StoredObject, StoredObject.id == row.id, delete_after=row.delete_after + timedelta(days=9))


def let_a_day_pass_without_a_worker(house: House) -> None:
    house.clock.sleep(timedelta(days=92).total_seconds())


def hold(house: House) -> None:
    now = house.clock.now()
    with house.at.database.begin() as session:
        hold_objects(session, [kept(house).id], Why("1/26", "a test", "operator", now + timedelta(days=400)), now)


def forget_a_hold(house: House) -> None:
    hold(house)
    change(house, StoredObject, StoredObject.id == kept(house).id, holds=0)


def invent_a_hold(house: House) -> None:
    change(house, StoredObject, StoredObject.id == kept(house).id, holds=3)


def derive(house: House) -> str:
    """Something derived from the stored object."""
    row = kept(house)
    arrival = Arrival(
        "peaks",
        row.centre_id,
        "application/json",
        tuple(each.purpose for each in row.purposes),
        row.source_id,
        row.began_at,
        row.counted_from,
        row.id,
    )
    with house.at.database.begin() as session:
        ticket = house.at.intake.expect(session, arrival)
    house.at.intake.bring_in(ticket, arrival, [b"[0, 1]"], 6, lambda _session, _row: None)
    return ticket.object_id


def do_not_inherit_a_hold(house: House) -> None:
    derived = derive(house)
    now = house.clock.now()
    with house.at.database.begin() as session:
        row = session.get_one(StoredObject, derived)
        hold_objects(session, [row.parent_id or ""], Why("1/26", "a test", "operator", now + timedelta(days=400)), now)
        session.execute(sa.delete(HeldObject).where(HeldObject.object_id == derived))
    change(house, StoredObject, StoredObject.id == derived, holds=0)


def leave_what_was_derived(house: House) -> None:
    parent = gone(house).id
    derived = derive(house)
    change(house, StoredObject, StoredObject.id == derived, parent_id=parent)


def lose_a_deletion(house: House) -> None:
    change(house, StoredObject, StoredObject.id == kept(house).id, state="deleting")


def lose_a_receipt(house: House) -> None:
    with house.at.database.begin() as session:
        session.execute(sa.delete(Receipt))


def keep_a_number(house: House) -> None:
    change(house, Call, Call.outcome == "declined_key", from_number="+77010000000")


def keep_declined_media(house: House) -> None:
    object_id = kept(house).id
    recording = next(row for row in house.recordings() if row.object_id == object_id)
    change(house, Call, Call.id == recording.call_id, outcome="unrecorded", from_number=None)


def lose_consent(house: House) -> None:
    recording = next(row for row in house.recordings() if row.object_id == kept(house).id)
    with house.at.database.begin() as session:
        session.execute(sa.delete(ConsentRecord).where(ConsentRecord.call_id == recording.call_id))


def lose_an_object(house: House) -> None:
    change(house, Recording, Recording.object_id == kept(house).id, object_id=None)


def leave_a_call_open(house: House) -> None:
    change(house, Call, Call.outcome == "declined_key", outcome=None)
    house.clock.sleep(timedelta(days=3).total_seconds())


def forget_a_copy(house: House) -> None:
    change(house, Recording, Recording.object_id == kept(house).id, carrier_copy="present")
    house.clock.sleep(timedelta(days=2).total_seconds())


def spoil_content(house: House) -> None:
    change(house, StoredObject, StoredObject.id == kept(house).id, sha256="0" * 64)


def lose_the_account(house: House) -> None:
    change(house, Recording, Recording.object_id == kept(house).id, carrier_copy="present")
    object.__setattr__(house.at, "carriers", {})


WAYS = {
    "media lost": Spoiled(lose_media, {"media_missing", "content_differs"}, {"media_missing", "content_differs"}),
    "other length": Spoiled(lose_bytes, {"media_differs", "content_differs"}, {"media_differs", "content_differs"}),
    "stray": Spoiled(leave_a_stray, {"stray"}),
    "row lost": Spoiled(lose_a_row, {"row_lost", "key_without_row"}, {"row_lost", "key_without_row"}),
    "attempt left": Spoiled(leave_an_attempt, {"attempt_left"}),
    "media came back": Spoiled(bring_media_back, {"media_left"}),
    "key came back": Spoiled(bring_a_key_back, {"key_left"}),
    "key destroyed": Spoiled(destroy_a_key, {"key_destroyed", "content_differs"}, {"key_destroyed", "content_differs"}),
    "key lost": Spoiled(lose_a_key, {"key_missing", "content_differs"}, {"key_missing", "content_differs"}),
    "key damaged": Spoiled(damage_a_key, {"key_unreadable", "content_differs"}, {"key_unreadable", "content_differs"}),
    "key without row": Spoiled(keep_a_key_without_row, {"key_without_row"}, {"key_without_row"}),
    "date changed": Spoiled(change_a_date, {"date_unexplained"}, {"date_unexplained"}),
    "no worker": Spoiled(let_a_day_pass_without_a_worker, {"deletion_overdue"}),
    "hold forgotten": Spoiled(forget_a_hold, {"hold_not_counted"}),
    "hold invented": Spoiled(invent_a_hold, {"hold_unknown"}, {"hold_unknown"}),
    "hold not inherited": Spoiled(do_not_inherit_a_hold, {"hold_not_inherited"}),
    "derived left": Spoiled(leave_what_was_derived, {"derived_left", "not_as_told"}, {"not_as_told"}),
    "deletion lost": Spoiled(lose_a_deletion, {"deletion_lost"}),
    "receipt lost": Spoiled(lose_a_receipt, {"receipt_missing", "not_as_told"}, set()),
    "number kept": Spoiled(keep_a_number, {"number_kept"}),
    "declined and kept": Spoiled(keep_declined_media, {"declined_media", "not_as_told"}, {"not_as_told"}),
    "no consent": Spoiled(lose_consent, {"evidence_missing", "not_as_told"}, {"evidence_missing", "not_as_told"}),
    "object lost": Spoiled(lose_an_object, {"object_lost"}, {"object_lost"}),
    "call left open": Spoiled(leave_a_call_open, {"call_open", "not_as_told"}),
    "copy forgotten": Spoiled(forget_a_copy, {"carrier_copy_late"}),
    "content changed": Spoiled(spoil_content, {"content_differs", "not_as_told"}, {"content_differs", "not_as_told"}),
    "account gone": Spoiled(lose_the_account, {"account_unknown"}, {"account_unknown"}),
}
