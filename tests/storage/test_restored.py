"""After a restore nothing that has ended comes back, and nothing that has not goes, in silence."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.errors import Refused
from storage.intake import Arrival
from storage.models import Deletion, Receipt
from storage.objects.keys import KeyDestroyed
from storage.retention.claim import purge
from tests.storage.backups import BACKENDS, RealHouse, real_house
from tests.storage.plain_house import CONTENT, LINE, PlainHouse
from tests.storage.test_holds import DAY, set_hold


@pytest.fixture(params=BACKENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealHouse]:
    with real_house(request, tmp_path) as house:
        yield house


def go(house: PlainHouse, *object_ids: str) -> None:
    """Delete now."""
    with house.database.begin() as session:
        for object_id in object_ids:
            purge(session, object_id, "by hand", house.clock.now())
    house.deleter.run()
    assert {house.row(each).state for each in object_ids} == {"deleted"}


def two_days_later(house: PlainHouse) -> None:
    """By the store's clock, which is the machine's."""
    house.clock.sleep((datetime.now(UTC) - house.clock.now()).total_seconds() + 2 * DAY)


def differences(house: PlainHouse) -> list[tuple[str, str]]:
    return sorted((each.kind, each.object_id) for each in house.restored.findings())


def test_an_older_main_database_deletes_again_what_has_ended(house: RealHouse) -> None:
    parent, stays = house.keep(), house.keep()
    child = house.keep(parent_id=parent)
    restore = house.copy_of(house.main_url)
    go(house, parent)
    restore()
    assert house.row(parent).state == "stored"
    with pytest.raises(KeyDestroyed):
        house.content(parent)
    assert differences(house) == sorted([("key_destroyed", parent), ("key_destroyed", child)])
    assert house.restored.replay().deletions == 2
    assert house.row(parent).state == "deleting"
    assert house.restored.replay().deletions == 0, "once"
    house.deleter.run()
    assert [house.row(each).state for each in (parent, child, stays)] == ["deleted", "deleted", "stored"]
    assert house.content(stays) == CONTENT
    with house.database.read() as session:
        causes = {row.object_id: row.content["cause"] for row in session.scalars(sa.select(Receipt))}
    assert causes == {parent: "restored", child: "restored"}
    assert ("deletion_replayed", parent) in house.findings()
    assert differences(house) == []


def test_an_older_key_database_has_its_keys_destroyed_again(house: RealHouse) -> None:
    gone, stays = house.keep(), house.keep()
    restore = house.copy_of(house.keys_url)
    go(house, gone)
    restore()
    assert house.keys.exists(gone)
    assert differences(house) == [("key_left", gone)]
    assert house.restored.replay().keys == 1
    assert (house.keys.exists(gone), house.keys.exists(stays)) == (False, True)
    assert differences(house) == []


def test_what_was_stored_after_the_backup_is_kept_and_told(house: RealHouse) -> None:
    """Today's only copy must not be swept because its row is older than it."""
    restore = house.copy_of(house.main_url)
    lost = house.keep()
    version = house.row(lost).version_id
    restore()
    two_days_later(house)
    assert house.sweep.run() == 0
    assert [each.version_id for each in house.real.versions(f"{lost}/")] == [version]
    assert house.keys.exists(lost)
    assert house.findings() == [("row_lost", lost)]
    assert differences(house) == [("row_lost", lost)]
    assert house.restored.replay().told == 1


def test_what_was_arriving_at_the_backup_and_stored_since_is_told(house: RealHouse) -> None:
    now = house.clock.now()
    arrival = Arrival("recording", house.centre_id, "audio/wav", ("training",), LINE, now, now)
    with house.database.begin() as session:
        ticket = house.intake.expect(session, arrival)
    restore = house.copy_of(house.main_url)
    house.intake.bring_in(ticket, arrival, [CONTENT], len(CONTENT), lambda _session, _row: None)
    set_hold(house, ticket.object_id)
    house.mirror.run()
    restore()
    two_days_later(house)
    assert house.sweep.run() == 0
    expected = [("arrived_meanwhile", ticket.object_id), ("hold_not_known", ticket.object_id)]
    assert differences(house) == expected
    house.restored.replay()
    assert house.row(ticket.object_id).holds == 1
    house.mirror.run()
    assert house.mirrored(ticket.object_id) == (True, True), "what is marked stays marked"


def test_a_held_row_whose_key_is_destroyed_is_told_and_goes_when_lifted(house: RealHouse) -> None:
    kept = house.keep()
    hold_id = house.hold(kept)
    restore = house.copy_of(house.main_url)
    house.lift(hold_id)
    go(house, kept)
    restore()
    assert differences(house) == [("destroyed_but_held", kept)]
    assert house.restored.replay().told == 1
    assert house.row(kept).state == "stored"
    house.mirror.run()
    house.lift(hold_id)
    assert house.restored.replay().deletions == 1
    house.deleter.run()
    assert house.row(kept).state == "deleted"


def test_bytes_of_a_deleted_object_that_come_back_are_swept_and_open_for_nobody(house: RealHouse) -> None:
    gone, stays = house.keep(), house.keep()
    row = house.row(gone)
    key = row.key or ""
    sealed = b"".join(house.real.read(key, 0, row.cipher_bytes or 0))
    go(house, gone)
    house.client.put_object(house.bucket, key, io.BytesIO(sealed), len(sealed))
    with pytest.raises(KeyDestroyed):
        house.content(gone)
    two_days_later(house)
    assert house.sweep.run() == 1
    assert house.real.is_gone(f"{gone}/")
    assert house.content(stays) == CONTENT


def test_a_stray_that_the_store_holds_does_not_stop_the_sweep(house: RealHouse) -> None:
    for name in ("a" * 32, "b" * 32):
        house.client.put_object(house.bucket, f"{name}/000001", io.BytesIO(b"x"), 1)
    held = next(iter(house.real.versions("a")))
    house.real.set_legal_hold(held.key, held.version_id, on=True)
    for _ in range(3):
        house.keep()
    two_days_later(house)
    assert house.sweep.run() == 1
    assert house.findings() == [("stray_kept", "a" * 32)]


def test_a_replay_that_would_take_most_stops_and_says_so(plain: PlainHouse) -> None:
    kept = [plain.keep() for _ in range(30)]
    for object_id in kept[:20]:
        plain.keys.destroy(object_id)
    with pytest.raises(Refused, match=r"20 of 30 .* --most"):
        plain.restored.replay()
    assert set(plain.states().values()) == {"stored"}
    assert plain.findings() == [("replay_stopped", "key_database")]
    assert plain.restored.replay(most=True).deletions == 20
    plain.deleter.run()
    assert sorted(plain.states().values()) == ["deleted"] * 20 + ["stored"] * 10


def test_a_replay_of_half_or_of_few_does_not_stop(plain: PlainHouse) -> None:
    kept = [plain.keep() for _ in range(19)]
    for object_id in kept:
        plain.keys.destroy(object_id)
    assert plain.restored.replay().deletions == 19


def test_what_is_being_deleted_now_has_not_come_back(plain: PlainHouse) -> None:
    kept = plain.keep()
    with plain.database.begin() as session:
        purge(session, kept, "by hand", plain.clock.now())
    plain.keys.destroy(kept)
    assert differences(plain) == []
    plain.clock.sleep(timedelta(minutes=10).total_seconds())
    plain.deleter.run()
    with plain.database.read() as session:
        assert session.get_one(Deletion, kept).cause == "by hand"
