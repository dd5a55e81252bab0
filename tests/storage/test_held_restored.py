"""A held object survives backups that are restored, of either database or of the store (I5)."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.errors import NotFound, Refused
from storage.models import HoldMirror, StoredObject
from storage.objects.store import ObjectAbsent
from storage.retention.claim import purge
from storage.retention.found_holds import release_found, restore_found
from tests.storage.backups import BACKENDS, RealHouse, is_whole, real_house, restore_from_before_the_hold
from tests.storage.plain_house import CONTENT
from tests.storage.test_holds import DAY, why

LONG = 400 * DAY
HOUR = 3601


@pytest.fixture(params=BACKENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealHouse]:
    with real_house(request, tmp_path) as house:
        yield house


@pytest.mark.parametrize("says", ["both", "the key database", "the object store"])
def test_i5_a_main_database_from_before_the_hold_loses_nothing(house: RealHouse, says: str) -> None:
    """Whoever still tells of the hold: nothing is destroyed before both were asked."""
    kept = restore_from_before_the_hold(house)
    if says == "the object store":
        house.keys.release(kept)
    if says == "the key database":
        row = house.row(kept)
        house.real.set_legal_hold(row.key or "", row.version_id, on=False)
    house.clock.sleep(LONG)
    house.deleter.run()
    assert is_whole(house, kept)
    assert house.row(kept).holds == 1
    assert house.holds() == [("mirror", True)]
    assert house.findings() == [("hold_not_known", kept)]
    house.mirror.run()
    assert house.mirrored(kept) == (True, True), "known again, so mirrored again"
    with house.database.begin() as session:
        restore_found(session, kept, why(house), house.clock.now())
        with pytest.raises(NotFound):
            restore_found(session, kept, why(house), house.clock.now())
    assert house.holds() == [("mirror", False), ("operator", True)]
    house.deleter.run()
    house.mirror.run()
    assert is_whole(house, kept)
    assert house.mirrored(kept) == (True, True)


def test_i5_a_hold_that_was_found_goes_when_somebody_says_so(house: RealHouse) -> None:
    kept = restore_from_before_the_hold(house)
    with house.database.begin() as session:
        purge(session, kept, "by hand", house.clock.now())
    house.deleter.run()
    row = house.row(kept)
    assert (row.state, row.holds, row.restricted_at is not None) == ("stored", 1, True), "kept, used for nothing"
    assert house.content(kept) == CONTENT
    with house.database.begin() as session:
        with pytest.raises(Refused, match="reason"):
            release_found(session, kept, " ", house.clock.now())
        assert release_found(session, kept, "no case", house.clock.now()).go_now == (kept,)
    house.deleter.run()
    assert house.row(kept).state == "deleted"
    assert house.real.is_gone(f"{kept}/")
    assert (house.keys.exists(kept), house.keys.is_held(kept)) == (False, False)


def test_i5_after_a_restore_holds_are_found_before_anything_is_due(house: RealHouse) -> None:
    kept = restore_from_before_the_hold(house)
    assert [(each.kind, each.object_id) for each in house.restored.findings()] == [("hold_not_known", kept)]
    assert house.restored.replay().holds == 1
    assert house.row(kept).holds == 1
    assert list(house.restored.findings()) == []
    assert house.row(kept).restricted_at is None


def test_i5_a_count_that_somebody_changed_by_hand_lifts_nothing(house: RealHouse) -> None:
    kept = house.keep()
    house.hold(kept)
    with house.database.begin() as session:
        session.execute(sa.update(StoredObject).values(holds=0, delete_after=house.clock.now()))
    house.clock.sleep(HOUR)
    house.deleter.run()
    assert is_whole(house, kept)
    assert house.findings() == [("hold_not_known", kept)]
    with house.database.begin() as session:
        session.execute(sa.update(StoredObject).values(holds=0))
        session.execute(sa.update(HoldMirror).values(next_attempt_at=house.clock.now(), mirrored=HoldMirror.revision))
    house.mirror.run()
    assert house.mirrored(kept) == (True, True)
    assert house.row(kept).holds == 1


def test_i5_a_key_database_from_before_the_hold_is_marked_again(house: RealHouse) -> None:
    kept = house.keep()
    restore = house.copy_of(house.keys_url)
    house.hold(kept)
    restore()
    assert house.mirrored(kept) == (False, True)
    house.clock.sleep(LONG)
    house.deleter.run()
    assert is_whole(house, kept)
    house.mirror.run()
    assert house.mirrored(kept) == (True, True)
    assert house.findings() == [("hold_mirror_lost", kept)]


def test_i5_a_key_database_from_before_the_object_is_told(house: RealHouse) -> None:
    restore = house.copy_of(house.keys_url)
    kept = house.keep()
    house.hold(kept)
    restore()
    assert house.restored.replay().told == 1
    house.mirror.run()
    assert house.findings() == [("held_object_gone", kept), ("key_missing", kept)]
    house.clock.sleep(LONG)
    house.deleter.run()
    house.sweep.run()
    assert house.row(kept).state == "stored"
    assert not house.real.is_gone(f"{kept}/"), "its key may yet be found"


def test_i5_a_store_that_was_copied_back_is_played_and_held_again(house: RealHouse) -> None:
    """Copied back, versions have other ids, and no legal hold lies on them."""
    kept = house.keep()
    house.hold(kept)
    row = house.row(kept)
    key = row.key or ""
    sealed = b"".join(house.real.read(key, 0, row.cipher_bytes or 0))
    house.real.set_legal_hold(key, row.version_id, on=False)
    house.real.remove(house.real.versions(f"{kept}/"))
    with pytest.raises(ObjectAbsent):
        house.content(kept)
    house.clock.sleep(HOUR)
    house.mirror.run()
    assert house.findings() == [("held_object_gone", kept)]
    house.client.put_object(house.bucket, key, io.BytesIO(sealed), len(sealed))
    assert is_whole(house, kept)
    house.clock.sleep(HOUR)
    house.mirror.run()
    assert house.mirrored(kept) == (True, True)
    house.clock.sleep(LONG)
    house.deleter.run()
    house.sweep.run()
    assert is_whole(house, kept)
