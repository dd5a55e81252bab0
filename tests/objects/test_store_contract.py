"""What every object store must do: the one in memory, and the real ones, with versions and without."""

import io
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from minio.commonconfig import ENABLED
from minio.objectlockconfig import ObjectLockConfig
from minio.versioningconfig import VersioningConfig

from storage.objects.sending import PART_BYTES
from storage.objects.store import ObjectAbsent, ObjectStore, RemovalFailed, StoredVersion, StoreRefused, WrongLength
from tests.objects.fake_store import MemoryStore
from tests.seaweed import Seaweed

SEVERAL_PARTS = 2 * PART_BYTES + 7


@dataclass
class Rig:
    """A store under test, and two things that the port rightly cannot do."""

    store: ObjectStore
    hide: Callable[[str], None]
    leave_upload: Callable[[str], object]
    versioned: bool
    locked: bool


KINDS = ["memory", "seaweed", "minio"]
BUCKETS = {"": "", " with versions": "versioned_", " with object lock": "locked_"}


@pytest.fixture(params=[kind + bucket for kind in KINDS for bucket in BUCKETS])
def rig(request: pytest.FixtureRequest) -> Rig:
    kind, _, _ = request.param.partition(" ")
    locked = "lock" in request.param
    versioned = locked or "versions" in request.param
    if kind == "memory":
        memory = MemoryStore(versioned=versioned, locked=locked)
        memory.ensure_bucket()
        return Rig(memory, memory.hide, memory.leave_upload, versioned, locked)
    server: Seaweed = request.getfixturevalue(kind)
    fixture = BUCKETS[request.param.removeprefix(kind)] + ("minio_bucket" if kind == "minio" else "bucket")
    name: str = request.getfixturevalue(fixture)
    client = server.client()
    return Rig(
        server.store(name),
        lambda key: client.remove_object(name, key),
        lambda key: client._upload_part(name, key, b"x", None, client._create_multipart_upload(name, key, {}), 1),
        versioned,
        locked,
    )


class Breaking:
    """A source that gives some bytes, and then an error of its own."""

    def __init__(self, good: int) -> None:
        self.left = good

    def read(self, n: int, /) -> bytes:
        if self.left == 0:
            raise TimeoutError("the carrier went away")
        taken = min(n, self.left)
        self.left -= taken
        return bytes(taken)


def content(store: ObjectStore, key: str, length: int, version_id: str | None = None) -> bytes:
    return b"".join(store.read(key, 0, length, version_id))


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, SEVERAL_PARTS])
def test_keeps_what_it_was_given(rig: Rig, size: int) -> None:
    data = os.urandom(size)
    copy = rig.store.put("a/1", io.BytesIO(data), size)
    assert (copy.key, copy.bytes, bool(copy.version_id)) == ("a/1", size, rig.versioned)
    assert rig.store.stat("a/1") == copy
    assert sha256(content(rig.store, "a/1", size)).digest() == sha256(data).digest()


def test_reads_any_range(rig: Rig) -> None:
    data = os.urandom(SEVERAL_PARTS)
    copy = rig.store.put("a/1", io.BytesIO(data), len(data))
    for offset, length in ((0, 1), (1, 2), (PART_BYTES - 1, 3), (SEVERAL_PARTS - 1, 1), (17, 6_000_000), (9, 0)):
        assert b"".join(rig.store.read("a/1", offset, length, copy.version_id)) == data[offset : offset + length]
    with pytest.raises(ValueError, match="negative"):
        rig.store.read("a/1", -1, 1)


def test_a_reader_may_stop_early_and_often(rig: Rig) -> None:
    rig.store.put("a/1", io.BytesIO(bytes(SEVERAL_PARTS)), SEVERAL_PARTS)
    for _ in range(40):  # more than there are connections
        next(rig.store.read("a/1", 0, SEVERAL_PARTS))


@pytest.mark.parametrize("good", [0, 10, PART_BYTES, SEVERAL_PARTS - 1, SEVERAL_PARTS])
def test_a_source_that_fails_leaves_nothing(rig: Rig, good: int) -> None:
    with pytest.raises(TimeoutError, match="the carrier went away"):
        rig.store.put("a/1", Breaking(good), SEVERAL_PARTS)
    assert rig.store.stat("a/1") is None
    assert rig.store.is_gone("a/")


@pytest.mark.parametrize("announced", [0, 9, PART_BYTES - 1, 11, SEVERAL_PARTS])
def test_a_wrong_length_leaves_nothing(rig: Rig, announced: int) -> None:
    size = 10 if announced in {0, 9, 11} else PART_BYTES
    with pytest.raises(WrongLength):
        rig.store.put("a/1", io.BytesIO(bytes(size)), announced)
    assert rig.store.is_gone("a/")


def test_a_failed_put_spares_the_upload_of_a_longer_name(rig: Rig) -> None:
    rig.leave_upload("a/10")
    with pytest.raises(TimeoutError):
        rig.store.put("a/1", Breaking(PART_BYTES + 1_000_000), SEVERAL_PARTS)
    assert rig.store.abort_uploads("a/", keys=["a/10"]) == 1


def test_what_is_not_there(rig: Rig) -> None:
    assert rig.store.stat("none") is None
    assert list(rig.store.versions("none")) == []
    assert rig.store.is_gone("none")
    with pytest.raises(ObjectAbsent):
        content(rig.store, "none", 1)
    rig.store.remove([StoredVersion("none", None, False, 0, datetime.now(UTC))])
    assert rig.store.is_gone("none")  # and no delete marker was made


def test_removal_takes_versions_and_markers(rig: Rig) -> None:
    for text in (b"first", b"second"):
        rig.store.put("a/1", io.BytesIO(text), len(text))
    rig.store.put("b/1", io.BytesIO(b"other"), 5)
    rig.hide("a/1")
    assert rig.store.stat("a/1") is None
    found = list(rig.store.versions("a/"))
    assert sorted(each.is_delete_marker for each in found) == ([False, False, True] if rig.versioned else [])
    assert all(each.modified_at.tzinfo is not None for each in found)
    assert rig.store.is_gone("a/") is not rig.versioned
    rig.store.remove(found)
    rig.store.remove(found)  # again: no error
    assert rig.store.is_gone("a/")
    assert content(rig.store, "b/1", 5) == b"other"


def test_one_version_alone_can_go(rig: Rig) -> None:
    first = rig.store.put("a/1", io.BytesIO(b"first"), 5)
    second = rig.store.put("a/1", io.BytesIO(b"again"), 5)
    found = [each for each in rig.store.versions("a/") if each.version_id == (second.version_id or "null")]
    rig.store.remove(found)
    if rig.versioned:
        assert rig.store.stat("a/1") == first
        assert content(rig.store, "a/1", 5, first.version_id) == b"first"
    else:
        assert rig.store.is_gone("a/")


def test_a_legal_hold_keeps_its_version_and_no_other(rig: Rig) -> None:
    held = rig.store.put("a/1", io.BytesIO(b"held"), 4)
    assert rig.store.supports_legal_hold() is rig.locked
    if not rig.locked:
        return
    assert not rig.store.legal_hold("a/1", held.version_id)
    for _ in range(2):
        rig.store.set_legal_hold("a/1", held.version_id, on=True)
        assert rig.store.legal_hold("a/1", held.version_id)
    rig.store.put("a/1", io.BytesIO(b"above"), 5)
    rig.hide("a/1")
    with pytest.raises(RemovalFailed) as failed:
        rig.store.remove(rig.store.versions("a/"))
    assert [(left.key, left.version_id) for left in failed.value.remaining] == [("a/1", held.version_id)]
    (left,) = rig.store.versions("a/")
    assert left.version_id == held.version_id
    assert content(rig.store, "a/1", 4) == b"held", "what lay over it is gone"
    for _ in range(2):
        rig.store.set_legal_hold("a/1", held.version_id, on=False)
    rig.store.remove(rig.store.versions("a/"))
    assert rig.store.is_gone("a/")
    for ask in (
        lambda: rig.store.legal_hold("a/1", held.version_id),
        lambda: rig.store.set_legal_hold("a/1", held.version_id, on=False),
    ):
        with pytest.raises(ObjectAbsent):
            ask()


def test_what_lies_under_a_marker_is_read_by_its_version(rig: Rig) -> None:
    copy = rig.store.put("a/1", io.BytesIO(b"here"), 4)
    if rig.versioned:
        rig.hide("a/1")
        assert content(rig.store, "a/1", 4, copy.version_id) == b"here"
        with pytest.raises(ObjectAbsent):
            content(rig.store, "a/1", 4)


@pytest.mark.parametrize("kind", ["seaweed", "minio"])
def test_a_new_bucket_has_object_lock(kind: str, request: pytest.FixtureRequest) -> None:
    """Where the store can: SeaweedFS and MinIO both can."""
    server: Seaweed = request.getfixturevalue(kind)
    store = server.store(f"test-{uuid.uuid4().hex}")
    store.ensure_bucket()
    store.ensure_bucket()
    try:
        assert store.supports_legal_hold()
        assert store.put("a/1", io.BytesIO(b"x"), 1).version_id
    finally:
        store.remove(store.versions(""))
        server.client().remove_bucket(store.bucket)


def test_a_hold_that_the_store_only_claims_to_have_set_is_refused(seaweed: Seaweed) -> None:
    """SeaweedFS 4.48 turns object lock on later too, says 200 for the version `null`, and holds nothing."""
    bucket = f"test-{uuid.uuid4().hex}"
    client, store = seaweed.client(), seaweed.store(bucket)
    client.make_bucket(bucket)
    store.put("a/1", io.BytesIO(b"x"), 1)
    client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))
    client.set_object_lock_config(bucket, ObjectLockConfig(None, None, None))
    with pytest.raises(StoreRefused, match="did not"):
        store.set_legal_hold("a/1", None, on=True)


def test_more_than_one_page(rig: Rig) -> None:
    for number in range(1005):
        rig.store.put(f"many/{number:04}", io.BytesIO(b"x"), 1)
    assert [each.key for each in rig.store.versions("many/")] == [f"many/{n:04}" for n in range(1005)]
    rig.store.remove(rig.store.versions("many/"))
    assert rig.store.is_gone("many/")


def test_unfinished_uploads(rig: Rig) -> None:
    for key in ("a/1", "a/1", "a/2", "b/1"):
        rig.leave_upload(key)
    keys = ["a/1", "a/2", "a/3"]
    assert not rig.store.is_gone("a/", keys)
    assert list(rig.store.versions("a/")) == []
    assert rig.store.abort_uploads("a/", datetime.now(UTC) - timedelta(hours=1), keys) == 0
    assert rig.store.abort_uploads("a/", keys=keys) == 3
    assert rig.store.is_gone("a/", keys)
    assert not rig.store.is_gone("b/", ["b/1"])
    assert rig.store.abort_uploads("b/", datetime.now(UTC) + timedelta(hours=1), ["a/1", "b/1"]) == 1


@pytest.mark.parametrize("goes", ["all", "some", "most"])
def test_many_are_asked_for_at_once_and_none_is_left_out(rig: Rig, goes: str) -> None:
    ids = [f"{number:04}" for number in range(300)]
    stays = {"all": set(), "some": set(ids) - set(ids[::7]), "most": set(ids[::23])}[goes]
    for each in sorted(stays):
        rig.store.put(f"{each}/000001", io.BytesIO(b"x"), 1)
    gone = [each for each in ids if each not in stays]
    late = set(gone[5::60])
    for each in late:
        rig.store.put(f"{each}/000002", io.BytesIO(b"x"), 1)
    hidden = set(gone[6::60])
    for each in hidden:
        rig.store.put(f"{each}/000001", io.BytesIO(b"x"), 1)
        rig.hide(f"{each}/000001")
    begun = set(gone[7::60])
    for each in begun:
        rig.leave_upload(f"{each}/000001")
    asked = {f"{each}/": [f"{each}/000001", f"{each}/000002"] for each in gone}
    expected = late | begun | (hidden if rig.versioned else set())
    assert rig.store.left(asked) == {f"{each}/" for each in expected}
    for each in expected:
        rig.store.abort_uploads(f"{each}/", keys=asked[f"{each}/"])
        rig.store.remove(rig.store.versions(f"{each}/"))
    assert rig.store.left(asked) == set()
    assert rig.store.left({}) == set()


def test_the_bucket_is_made_once(rig: Rig) -> None:
    rig.store.put("a/1", io.BytesIO(b"x"), 1)
    rig.store.ensure_bucket()
    rig.store.check()
    assert rig.store.stat("a/1") is not None


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_bucket_is_not_a_lost_object(kind: str, request: pytest.FixtureRequest) -> None:
    store: ObjectStore = MemoryStore()
    if kind != "memory":
        store = request.getfixturevalue(kind).store("never-made")
    for ask in (
        store.check,
        lambda: store.stat("a"),
        lambda: store.is_gone("a"),
        lambda: next(store.versions("")),
        lambda: store.put("a", io.BytesIO(b"x"), 1),
        lambda: store.abort_uploads(""),
    ):
        with pytest.raises(StoreRefused):
            ask()
