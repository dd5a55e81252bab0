"""`fsck` on a lived-in house: left alone it agrees; whatever is spoiled is found, told, and mended where it can be."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from storage.database import Base
from storage.fsck.check import Fsck, Mended
from storage.models import Call, Finding, Leaf, StoredObject
from storage.retention.holds import lift
from tests.backend import Databases
from tests.fsck.spoiled import STRANGER, WAYS, change, hold, kept, leave_a_stray, put
from tests.house import House
from tests.practice.customer import ACCOUNT, wav
from tests.seaweed import made_bucket

if TYPE_CHECKING:
    from tests.seaweed import Seaweed


@pytest.fixture
def lived(house: House) -> Iterator[House]:
    """An object that is stored, one that was deleted, a call that was declined; all of it more than a day ago.

    The store's moments are the machine's: the house's clock is set two days after them.
    """
    house.clock.sleep((datetime.now(UTC) + timedelta(days=2) - house.clock.now()).total_seconds())
    house.call("stay", "kk", "listen")
    house.work_for(60, 30)
    house.clock.sleep(timedelta(days=91).total_seconds())
    house.work()
    house.call("opt_in", "ru", "press:2")
    house.call("stay", "en", "listen")
    house.work_for(600, 60)
    yield house
    if "carriers" in vars(house.at) and not house.at.carriers:
        del house.at.carriers


def kinds(check: Fsck) -> set[str]:
    return {found.kind for seen in check.check() for found in seen.found}


def mend(check: Fsck) -> list[Mended]:
    return [mended for seen in check.check() for mended in check.repair(seen)]


def everything(house: House) -> dict[str, list[tuple[object, ...]]]:
    """Every row, and every version in the store."""
    with house.at.database.read() as session:
        rows = {
            name: sorted((tuple(row) for row in session.execute(sa.select(table))), key=repr)
            for name, table in Base.metadata.tables.items()
        }
    return rows | {"store": sorted((each.key, each.version_id) for each in house.at.store.versions(""))}


def test_what_was_left_alone_agrees(lived: House) -> None:
    seen = list(lived.at.fsck(content=True).check())
    assert [(each.name, each.found) for each in seen] == [
        (name, ()) for name in ("media", "keys", "endings", "calls", "carrier", "cameras", "signs", "ledger", "content")
    ]
    assert all(each.looked_at for each in seen if each.name not in ("carrier", "cameras", "signs"))


@pytest.mark.parametrize("way", WAYS)
def test_what_is_spoiled_is_found_and_mended_where_it_can_be(lived: House, way: str) -> None:
    spoiled = WAYS[way]
    spoiled.how(lived)
    before = everything(lived)
    assert kinds(lived.at.fsck(content=True)) == spoiled.found
    assert everything(lived) == before, "looking changed something"
    mended = mend(lived.at.fsck(content=True))
    assert [each for each in mended if each.how == "failed"] == []
    done = {each.discrepancy.kind for each in mended if each.how == "done"}
    assert done >= {each.discrepancy.kind for each in mended if each.discrepancy.repair}
    told = lived.ask(lambda s: s.scalar(sa.select(sa.func.count()).where(Leaf.kind == "repaired")))
    assert told == sum(each.how == "done" for each in mended)
    lived.work_for(120)
    assert kinds(lived.at.fsck(content=True)) == spoiled.left


def test_what_lies_over_the_version_that_counts_is_taken_away(
    tmp_path: Path, store_server: "Seaweed", databases: Databases
) -> None:
    """A delete without a version, and a later version: each hides the one that was stored."""
    with (
        made_bucket(store_server, versioned=True) as bucket,
        House(tmp_path, store_server.store(bucket), databases).open() as house,
    ):
        house.call("stay", "kk", "listen")
        house.work_for(60)
        row = kept(house)
        plain = house.plain(row)
        client = store_server.client()
        put(house, row.key or "")
        client.remove_object(bucket, row.key or "")
        (seen,) = list(house.at.fsck().check(["media"]))
        assert [(each.kind, each.subject) for each in seen.found] == [("media_covered", row.id)]
        assert [each.how for each in house.at.fsck().repair(seen)] == ["done"]
        assert [each.version_id for each in house.at.store.versions("")] == [row.version_id]
        assert house.plain(row) == plain
        assert kinds(house.at.fsck(content=True)) == set()


def test_a_store_that_was_copied_back_has_other_versions(
    tmp_path: Path, store_server: "Seaweed", databases: Databases
) -> None:
    """The same bytes under the same key: they are read whole before the row follows. Other bytes are refused."""
    with (
        made_bucket(store_server, versioned=True) as bucket,
        House(tmp_path, store_server.store(bucket), databases).open() as house,
    ):
        house.call("stay", "kk", "listen")
        house.work_for(60)
        row = kept(house)
        key, size = row.key or "", row.cipher_bytes or 0
        sealed = b"".join(house.at.store.read(key, 0, size))
        plain = house.plain(row)
        house.at.store.remove(house.at.store.versions(""))
        house.at.store.put(key, io.BytesIO(bytes(size)), size)
        (seen,) = list(house.at.fsck().check(["media"]))
        assert [each.kind for each in seen.found] == ["media_renumbered"]
        assert [each.how for each in house.at.fsck().repair(seen)] == ["failed"]
        house.at.store.remove(house.at.store.versions(""))
        house.at.store.put(key, io.BytesIO(sealed), size)
        (seen,) = list(house.at.fsck().check(["media"]))
        assert [each.how for each in house.at.fsck().repair(seen)] == ["done"]
        assert kinds(house.at.fsck(content=True)) == set()
        assert house.plain(kept(house)) == plain


def test_an_upload_that_nobody_finished_is_ended(lived: House, store_server: "Seaweed") -> None:
    """The store's moments are the machine's, two days before the house's."""
    key = f"{STRANGER}/000001"
    upload = store_server.client()._create_multipart_upload(lived.at.store.bucket, key, {})
    assert upload
    (seen,) = list(lived.at.fsck().check(["media"]))
    assert [(each.kind, each.subject) for each in seen.found] == [("upload_left", key)]
    assert [each.how for each in lived.at.fsck().repair(seen)] == ["done"]
    assert kinds(lived.at.fsck()) == set()
    assert lived.at.store.is_gone(STRANGER, keys=[key])


def test_a_repair_of_what_is_well_again_does_nothing(lived: House) -> None:
    """Between looking and mending the worker may have done it: a repair looks again."""
    leave_a_stray(lived)
    check = lived.at.fsck()
    (seen,) = list(check.check(["media"]))
    lived.at.store.remove(lived.at.store.versions("f"))
    assert [each.how for each in check.repair(seen)] == ["not needed"]


def test_what_the_carrier_has_and_we_do_not_know(lived: House, tmp_path: Path) -> None:
    media = tmp_path / "media.wav"
    media.write_bytes(wav(3))
    calls = lived.ask(lambda s: dict(s.execute(sa.select(Call.outcome, Call.call_sid)).all()))
    declined, recorded = calls["declined_key"], calls["recorded"]
    begun = lived.clock.now() - timedelta(hours=1)
    for sid in ("CA" + "9" * 32, declined, recorded):
        lived.network.add_recording(sid, media, channels=1, duration_s=3, start_time=begun)
    object_id = kept(lived).id
    known = next(row for row in lived.recordings() if row.object_id == object_id)
    check = lived.at.fsck()
    (seen,) = list(check.check(["carrier"]))
    assert sorted(each.kind for each in seen.found) == [
        "recording_unnoticed",
        "recording_unnoticed",
        "unanswered_recording",
    ]
    assert sorted(each.how for each in check.repair(seen)) == ["done", "done", "for a person"]
    lived.work_for(120)
    assert kinds(lived.at.fsck()) == {"unanswered_recording"}
    assert len(lived.at_carrier()) == 1
    lived.faults.rest_down = True
    (seen,) = list(check.check(["carrier"]))
    assert [(each.kind, each.subject) for each in seen.found] == [("carrier_unasked", ACCOUNT)]
    assert known.carrier_copy == "deleted"


def test_inferred_deletions_stop_when_they_would_take_more_than_half(lived: House) -> None:
    for number in range(20):
        put(lived, f"{number:032x}/000001")
    check = lived.at.fsck()
    (seen,) = list(check.check(["media"]))
    assert {each.how for each in check.repair(seen)} == {"held back"}
    assert lived.at.sweep.run() == 0
    assert len(lived.in_store()) == 21
    (finding,) = lived.ask(lambda s: s.scalars(sa.select(Finding).where(Finding.kind == "repairs_held_back")).all())
    assert finding.subject == "stray"


def test_a_held_object_outlives_every_repair(lived: House) -> None:
    """I5, though each of these repairs would delete it."""
    hold(lived)
    object_id = kept(lived).id
    parent = next(row.id for row in lived.objects() if row.state == "deleted")
    change(lived, StoredObject, StoredObject.id == object_id, parent_id=parent)
    recording = next(row for row in lived.recordings() if row.object_id == object_id)
    with lived.at.database.begin() as session:
        session.execute(sa.text("update call set outcome='unrecorded' where id=:id"), {"id": recording.call_id})
    lived.clock.sleep(timedelta(days=200).total_seconds())
    assert {"derived_left", "declined_media"} <= kinds(lived.at.fsck())
    mend(lived.at.fsck())
    lived.work_for(60)
    assert kept(lived).id == object_id
    assert lived.in_store() == [kept(lived).key]
    assert lived.at.keys.exists(object_id)
    with lived.at.database.begin() as session:
        (held,) = session.execute(sa.text("select id from hold")).scalars()
        lift(session, held, "the case is closed", lived.clock.now(), dry_run=False)
    lived.work_for(60)
    assert lived.in_store() == []
