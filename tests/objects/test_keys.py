"""Data keys: made once, wrapped, destroyed for good, in every file of their folder."""

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from config.clock import SystemClock
from storage.objects.keys import (
    KeyDestroyed,
    KeyHeld,
    KeyMissing,
    KeyRing,
    KeysUnavailable,
    KeyUnreadable,
    MasterKeyRefused,
    data_key,
    load_master_key,
)

MASTER = bytes(range(32))


def ring_in(folder: Path, master: bytes = MASTER) -> KeyRing:
    ring = KeyRing(f"sqlite:///{folder / 'keys.db'}", master, SystemClock())
    ring.create_all()
    return ring


@pytest.fixture(params=["sqlite", "postgres"])
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyRing]:
    if request.param == "sqlite":
        made = ring_in(tmp_path)
    else:
        made = KeyRing(str(request.getfixturevalue("postgres")), MASTER, SystemClock())
        made.create_all()
    yield made
    for object_id in list(made.object_ids()):
        made.release(object_id)
        made.destroy(object_id)
    made.close()


def test_a_key_lives_from_create_to_destroy(ring: KeyRing) -> None:
    name = os.urandom(8).hex()
    with pytest.raises(KeyMissing):
        ring.get(name)
    assert not ring.exists(name)
    key = ring.create(name)
    assert ring.create(name) == key == ring.get(name)
    assert ring.exists(name)
    assert ring.create(name + "b") != key
    ring.destroy(name)
    ring.destroy(name)
    assert not ring.exists(name)
    for ask in (ring.get, ring.create):  # a late intake gets no second key
        with pytest.raises(KeyDestroyed):
            ask(name)
    assert ring.exists(name + "b")


def test_what_is_destroyed_before_it_was_can_never_be(ring: KeyRing) -> None:
    """A slow intake comes to make a key when its object has been deleted already: it gets none (I6)."""
    with pytest.raises(KeyMissing):
        ring.get("never")
    ring.destroy("never")
    ring.destroy("never")
    with pytest.raises(KeyDestroyed):
        ring.create("never")
    assert not ring.exists("never")
    assert list(ring.object_ids()) == []


def test_i5_a_held_key_is_not_destroyed(ring: KeyRing) -> None:
    name = os.urandom(8).hex()
    with pytest.raises(KeyMissing):
        ring.hold(name)
    key = ring.create(name)
    assert not ring.is_held(name)
    ring.hold(name)
    ring.hold(name)
    assert ring.is_held(name)
    assert name in list(ring.held_ids())
    with pytest.raises(KeyHeld):
        ring.destroy(name)
    assert ring.get(name) == key
    ring.release(name)
    ring.release(name)
    assert name not in list(ring.held_ids())
    ring.destroy(name)
    with pytest.raises(KeyDestroyed):
        ring.hold(name)
    assert ring.fates([name, name + "never"]) == {name: False}
    ring.create(name + "b")
    assert ring.fates([name, name + "b"]) == {name: False, name + "b": True}


def test_i5_of_hold_and_destruction_at_once_only_one_wins(ring: KeyRing) -> None:
    for _ in range(20):
        name = os.urandom(8).hex()
        ring.create(name)
        start = threading.Barrier(2)
        won: list[str] = []

        def attempt(
            deed: Callable[[str], None], name: str = name, start: threading.Barrier = start, won: list[str] = won
        ) -> None:
            start.wait()
            with suppress(KeyDestroyed, KeyHeld):
                deed(name)
                won.append(deed.__name__)

        both = [threading.Thread(target=attempt, args=(deed,)) for deed in (ring.hold, ring.destroy)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert len(won) == 1
        assert ring.is_held(name) is ring.exists(name) is (won == ["hold"])
        ring.release(name)


def test_a_mark_leaves_no_copy_of_the_key_behind(tmp_path: Path) -> None:
    """Rows of keys stay where they are: a mark that moved one would leave its bytes in the page."""
    ring = ring_in(tmp_path)
    names = [os.urandom(8).hex() for _ in range(200)]
    wrapped = {}
    for name in names:
        ring.create(name)
    with ring._reading() as connection:
        for name, value in connection.execute(select(data_key.c.object_id, data_key.c.wrapped)):
            wrapped[name] = bytes(value)
    for name in names:
        ring.hold(name)
    for name in names:
        ring.release(name)
        ring.destroy(name)
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(wrapped) == 200
    assert [name for name, value in wrapped.items() if value in everything] == []
    ring.close()


def test_a_key_database_has_a_name_that_stays(ring: KeyRing) -> None:
    assert ring.ring_id() == ring.ring_id() != ""


def test_the_list_pages_and_leaves_out_the_destroyed(ring: KeyRing) -> None:
    names = [f"{n:04}" for n in range(1003 if ring.erased_at_once else 20)]
    for name in names:
        ring.create(name)
    ring.destroy(names[3])
    assert list(ring.object_ids()) == [name for name in names if name != names[3]]
    assert list(ring.object_ids(created_before=datetime.now(UTC) - timedelta(minutes=1))) == []
    assert len(list(ring.object_ids(created_before=datetime.now(UTC) + timedelta(minutes=1)))) == len(names) - 1


def test_everybody_who_creates_at_once_gets_the_same_key(ring: KeyRing) -> None:
    name, made = os.urandom(8).hex(), []
    threads = [threading.Thread(target=lambda: made.append(ring.create(name))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


def wrapped_rows(database: Path) -> dict[str, bytes]:
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT object_id, wrapped FROM data_key").all()
    engine.dispose()
    return {str(row[0]): bytes(row[1]) for row in rows}


def test_nothing_of_a_destroyed_key_is_left_in_any_file(tmp_path: Path) -> None:
    """Thousands of rows, so that pages split and fill; destroyed in any order; whole keys and their halves sought."""
    ring = ring_in(tmp_path)
    order = random.Random(7)
    names = [order.randbytes(16).hex() for _ in range(2000)]
    identities = {name: ring.create(name).identity for name in names}
    wrapped = wrapped_rows(tmp_path / "keys.db")
    gone = set(order.sample(names, 1500))
    for name in order.sample(sorted(gone), len(gone)):
        ring.destroy(name)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for name in names:
        halves = (wrapped[name][:51], wrapped[name][51:])
        found = any(half in data for half in halves for data in files)
        assert found is (name not in gone), name
        assert not any(identities[name].encode() in data for data in files)
    assert {path.name for path in tmp_path.iterdir()} == {"keys.db"}
    assert ring.erased_at_once


def test_the_database_is_its_owners_and_never_in_wal_mode(tmp_path: Path) -> None:
    ring_in(tmp_path).create("a")
    assert (tmp_path / "keys.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys.db").read_bytes()[18:20] == b"\x01\x01"  # the file format's own word for "no WAL"


def test_a_key_does_not_open_in_another_row_nor_by_another_master(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    ring.create("a")
    ring.create("b")
    ring.check()
    with pytest.raises(KeyUnreadable, match="2 keys are wrapped by another master key"):
        ring_in(tmp_path, bytes(32)).check()
    with pytest.raises(KeyUnreadable, match="wrapped by master key"):
        ring_in(tmp_path, bytes(32)).get("a")
    engine = create_engine(f"sqlite:///{tmp_path / 'keys.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key WHERE object_id='a') WHERE object_id='b'"
        )
    engine.dispose()
    with pytest.raises(KeyUnreadable):
        ring.get("b")
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing("sqlite://", b"short", SystemClock())


def test_a_database_that_is_away_is_to_be_tried_again(tmp_path: Path) -> None:
    ring = KeyRing(f"sqlite:///{tmp_path / 'no folder' / 'keys.db'}", MASTER, SystemClock())
    for ask in (ring.create, ring.get, ring.destroy, ring.exists):
        with pytest.raises(KeysUnavailable):
            ask("a")


def test_the_master_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "master.key"
    key = load_master_key(path)
    assert len(key) == 32
    assert load_master_key(path) == key == path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]


def test_two_first_starts_agree_on_a_master_key(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(load_master_key(tmp_path / "key"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o602, 0o601])
def test_a_master_key_that_others_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    load_master_key(path)
    path.chmod(mode)
    with pytest.raises(MasterKeyRefused, match="make it 0600"):
        load_master_key(path)
    path.chmod(0o440)  # as an orchestrator mounts it
    assert len(load_master_key(path)) == 32


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, b"00" * 32])
def test_a_damaged_master_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(MasterKeyRefused, match="exactly 32 bytes"):
        load_master_key(path)
    assert path.read_bytes() == content
