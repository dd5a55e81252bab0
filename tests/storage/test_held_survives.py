"""A held object survives everything: sweeps, hands, policies, and the store's own client (I5)."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from storage.errors import Refused
from storage.models import HoldMirror, StoredObject
from storage.retention.claim import claim, discard, purge
from storage.retention.found_holds import release_found
from storage.retention.publish import set_policy
from tests.storage.backups import BACKENDS, RealHouse, is_whole, real_house, restore_from_before_the_hold
from tests.storage.test_holds import DAY

LONG = 400 * DAY
HOUR = 3601


@pytest.fixture(params=BACKENDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealHouse]:
    with real_house(request, tmp_path) as house:
        yield house


@pytest.fixture(params=["sqlite+seaweedfs"])
def without_lock(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealHouse]:
    with real_house(request, tmp_path, locked=False) as house:
        yield house


def test_i5_sweep_purge_discard_and_policy(house: RealHouse) -> None:
    held, free = house.keep(), house.keep()
    child = house.keep(parent_id=held)
    house.hold(held)
    later = house.keep(parent_id=held)
    house.mirror.run()
    assert [house.mirrored(each) for each in (held, child, later)] == [(True, True)] * 3
    assert house.mirrored(free) == (False, False)
    for purpose in ("training", "quality"):
        with house.database.begin() as session:
            set_policy(
                session, purpose=purpose, window="PT1S", reason="r", centre=None, now=house.clock.now(), dry_run=False
            )
    with house.database.begin() as session, pytest.raises(Refused, match="held"):
        purge(session, held, "by hand", house.clock.now())
    with house.database.begin() as session:
        discard(session, held, "notice_not_proven", house.clock.now())
    house.clock.sleep(LONG)
    house.deleter.run()
    house.sweep.run()
    assert [house.row(each).state for each in (held, child, later, free)] == ["stored"] * 3 + ["deleted"]
    assert all(is_whole(house, each) for each in (held, child, later))


def test_i5_a_direct_delete_by_the_stores_own_client_is_refused(house: RealHouse) -> None:
    kept = house.keep()
    house.hold(kept)
    row = house.row(kept)
    with pytest.raises(S3Error):
        house.client.remove_object(house.bucket, row.key or "", version_id=row.version_id)
    wanted = [DeleteObject(row.key or "", row.version_id)]
    assert [error.name for error in house.client.remove_objects(house.bucket, wanted)] == [row.key]
    refused = list(house.client.remove_objects(house.bucket, wanted, bypass_governance_mode=True))
    assert [error.name for error in refused] == [row.key]
    assert is_whole(house, kept)


def test_i5_a_direct_delete_without_a_version_only_hides_and_is_undone(house: RealHouse) -> None:
    kept = house.keep()
    house.hold(kept)
    key = house.row(kept).key or ""
    house.client.remove_object(house.bucket, key)
    assert house.real.stat(key) is None
    assert is_whole(house, kept), "playback asks for the very version"
    house.clock.sleep(HOUR)
    house.mirror.run()
    assert house.real.stat(key) is not None
    assert house.findings() == [("held_object_hidden", kept)]


def test_i5_what_somebody_laid_over_a_held_object_is_not_played(house: RealHouse) -> None:
    kept = house.keep()
    house.hold(kept)
    house.client.put_object(house.bucket, house.row(kept).key or "", io.BytesIO(b"other"), 5)
    assert is_whole(house, kept)
    house.clock.sleep(HOUR)
    house.mirror.run()
    held = {each.version_id: house.real.legal_hold(each.key, each.version_id) for each in house.real.versions(kept)}
    assert sorted(held.values()) == [False, True]
    assert held[house.row(kept).version_id], "the one that counts, and no other"


def test_i5_a_legal_hold_that_somebody_took_off_is_set_again_and_told(house: RealHouse) -> None:
    kept = house.keep()
    house.hold(kept)
    row = house.row(kept)
    house.client.disable_object_legal_hold(house.bucket, row.key or "", row.version_id)
    house.clock.sleep(HOUR)
    house.mirror.run()
    assert house.mirrored(kept) == (True, True)
    assert house.findings() == [("hold_mirror_lost", kept)]


def test_i6_lifted_it_is_deleted_for_real_whether_the_mirror_has_followed_or_not(house: RealHouse) -> None:
    first, second = house.keep(), house.keep()
    holds = [house.hold(first), house.hold(second)]
    house.clock.sleep(LONG)
    house.lift(holds[0])
    house.deleter.run()  # before the mirror's own job: the deletion takes it off itself
    house.lift(holds[1])
    house.mirror.run()
    assert house.mirrored(second) == (False, False)
    house.deleter.run()
    for gone in (first, second):
        assert house.row(gone).state == "deleted"
        assert house.real.is_gone(f"{gone}/")
        assert (house.keys.exists(gone), house.keys.is_held(gone)) == (False, False)
    with house.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(HoldMirror)) == 0
    assert house.findings() == []


def test_i5_two_holds_one_lifted(house: RealHouse) -> None:
    kept = house.keep()
    first, second = house.hold(kept), house.hold(kept)
    house.lift(first)
    house.mirror.run()
    assert house.mirrored(kept) == (True, True)
    house.lift(second)
    house.mirror.run()
    assert house.mirrored(kept) == (False, False)


def test_the_mirror_of_what_goes_though_held_can_be_taken_off(house: RealHouse) -> None:
    """Card data alone is purged under a hold: whoever does that says first that the row goes."""
    kept = house.keep()
    house.hold(kept)
    with pytest.raises(Refused, match="held"):
        house.mirror.release_mirror(kept)
    with house.database.begin() as session:
        session.execute(sa.update(StoredObject).values(holds=0))
        assert claim(session, kept, "card_data", house.clock.now()) == 1
    assert house.mirror.release_mirror(kept)
    assert house.mirrored(kept) == (False, False)
    house.deleter.run()
    assert house.row(kept).state == "deleted"


def test_i5_without_object_lock_the_key_is_what_holds(without_lock: RealHouse) -> None:
    house = without_lock
    kept = restore_from_before_the_hold(house)
    assert house.mirrored(kept) == (True, False) if house.real.supports_legal_hold() else house.keys.is_held(kept)
    house.clock.sleep(LONG)
    house.deleter.run()
    assert is_whole(house, kept)
    assert house.findings() == [("hold_not_known", kept)]
    with house.database.begin() as session:
        release_found(session, kept, "no case", house.clock.now())
    house.deleter.run()
    assert house.row(kept).state == "deleted"


def with_keys_away(house: RealHouse) -> Callable[[], None]:
    """Let the key database be away. Returns how it comes back."""
    ring, name = house.keys, "_engine"
    before = getattr(ring, name)

    def away() -> object:
        from storage.objects.keys import KeysUnavailable

        raise KeysUnavailable("the key database: away")

    setattr(ring, name, away)
    return lambda: setattr(ring, name, before)


def test_i5_nothing_is_destroyed_while_the_key_database_cannot_be_asked(house: RealHouse) -> None:
    kept = house.keep()
    house.clock.sleep(LONG)
    back = with_keys_away(house)
    house.deleter.run()
    assert house.row(kept).state == "deleting"
    assert not house.real.is_gone(f"{kept}/")
    back()
    house.clock.sleep(timedelta(minutes=10).total_seconds())
    house.deleter.run()
    assert house.row(kept).state == "deleted"
