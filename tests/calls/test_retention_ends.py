"""From a date to a receipt: on its day an object is nowhere any more, and the receipt says what remains (I4-I6)."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.errors import Refused
from storage.models import Leaf, Receipt
from storage.objects.keys import data_key
from storage.retention.claim import purge
from storage.retention.deletion import KEY_TRACES
from tests.backend import DATABASE, Databases
from tests.calls.keeping import hold, kept, may_hear, policy
from tests.calls.rows import all_rows
from tests.calls.watched import WatchedHouse
from tests.seaweed import Seaweed, made_bucket


@pytest.fixture(params=["plain bucket", "versioned bucket"])
def keeping(
    request: pytest.FixtureRequest, tmp_path: Path, store_server: Seaweed, databases: Databases
) -> Iterator[WatchedHouse]:
    """A house with one recording, kept for twenty seconds."""
    with (
        made_bucket(store_server, versioned=request.param == "versioned bucket") as bucket,
        WatchedHouse(tmp_path, store_server.store(bucket), databases).open() as house,
    ):
        policy(house, "training", "PT20S")
        policy(house, "quality", "PT20S")
        house.call("stay", "ru", "listen")
        house.work()
        yield house


def die_at(house: WatchedHouse, moment: datetime | None) -> None:
    """Let it be that moment, the worker having worked until a second before."""
    assert moment is not None
    house.clock.sleep((moment - house.clock.now()).total_seconds() - 1)
    house.work()
    assert kept(house).state == "stored", "not a second before its date"
    house.clock.sleep(1)


def test_on_its_date_it_is_gone_from_everywhere_and_the_receipt_says_what_remains(keeping: WatchedHouse) -> None:
    """I4, I6: versions, markers, key, carrier; in a versioned bucket too."""
    row = kept(keeping)
    assert row.delete_after == row.counted_from + timedelta(seconds=20)
    with keeping.at.keys._reading() as connection:
        wanted = sa.select(data_key.c.wrapped).where(data_key.c.object_id == row.id)
        wrapped = bytes(connection.execute(wanted).scalar_one())
    identity = keeping.at.keys.get(row.id).identity.encode()
    assert wrapped in keeping.bytes_on_disk(), "the search below looks at the right files"
    assert len(keeping.in_store()) == 1

    die_at(keeping, row.delete_after)
    keeping.work()
    row = kept(keeping)
    assert (row.state, row.deleted_at) == ("deleted", keeping.clock.now())
    assert keeping.in_store() == []
    assert keeping.at.store.is_gone(f"{row.id}/", [f"{row.id}/1"])
    everything = keeping.bytes_on_disk()
    assert wrapped not in everything
    assert identity not in everything
    assert not keeping.at.keys.exists(row.id)
    assert keeping.at_carrier() == []

    receipt, leaf = keeping.ask(lambda s: s.execute(sa.select(Receipt, Leaf).join(Leaf)).one())
    assert (receipt.object_id, leaf.kind, leaf.position is not None) == (row.id, "object_deleted", True)
    assert receipt.content["gone_from"] == ["store", "keys", "carrier"]
    assert (receipt.content["cause"], receipt.content["bytes"]) == ("policy", row.bytes)
    metadata, *traces, sealed, backups = receipt.content["remains"]
    assert traces == ([KEY_TRACES] if DATABASE == "postgresql" else [])
    assert sealed["what"] == "sealed bytes that nobody can open"
    assert "metadata" in metadata["what"]
    assert timedelta(days=39) < datetime.fromisoformat(metadata["until"]) - keeping.clock.now() <= timedelta(days=40)
    assert "backups" in backups["what"]
    rows = all_rows(keeping)
    keeping.work_for(60, step=20)
    assert all_rows(keeping)["receipt"] == rows["receipt"], "once"


def test_what_hides_behind_a_marker_or_an_older_try_goes_too(
    tmp_path: Path, store_server: Seaweed, databases: Databases
) -> None:
    """I6: a delete without a version only hides the bytes; a try that was given up may have left some."""
    with (
        made_bucket(store_server, versioned=True) as bucket,
        WatchedHouse(tmp_path, store_server.store(bucket), databases).open() as house,
    ):
        house.door.swallows_answers = True
        house.call("stay", "ru", "listen")
        house.work_for(10)
        house.heal()
        house.work_for(30)
        row = kept(house)
        assert (row.state, row.attempt > 1) == ("stored", True)
        assert set(house.in_store()) == {row.key}, "what the earlier tries left was swept"
        client = store_server.client()
        client.put_object(bucket, f"{row.id}/1", data=_source(), length=5)
        client.remove_object(bucket, row.key or "")
        assert len(house.in_store()) == 3, "the bytes, a marker over them, and what an older try left late"
        with house.at.database.begin() as session:
            purge(session, row.id, "test", house.clock.now())
        house.work_for(10)
        assert (kept(house).state, house.in_store()) == ("deleted", [])


def test_playback_ends_with_the_claim_whatever_is_away(keeping: WatchedHouse) -> None:
    """I6: the claim is quick and enough, also while store and carrier are away; the receipt waits for them."""
    assert may_hear(keeping) == "quality"
    keeping.door.away = keeping.faults.rest_down = True
    with keeping.at.database.begin() as session:
        purge(session, kept(keeping).id, "test", keeping.clock.now())
    assert may_hear(keeping) is None, "though its dates would allow it"
    told = keeping.ask(lambda s: s.scalars(sa.select(Leaf.kind).where(Leaf.kind.startswith("media_"))).all())
    assert sorted(told) == ["media_refused", "media_shown"], "the refusal is in the ledger too (I9)"
    keeping.work()
    assert kept(keeping).state == "deleting"
    assert not keeping.at.keys.exists(kept(keeping).id), "a store that is away does not keep the key alive"
    keeping.work_for(600, step=60)
    assert (kept(keeping).state, all_rows(keeping)["receipt"]) == ("deleting", [])
    keeping.door.away = False
    keeping.work_for(600, step=60)
    assert (keeping.in_store(), kept(keeping).state) == ([], "deleting"), "an absent carrier does not keep our copy"
    keeping.heal()
    keeping.work_for(600, step=60)
    assert (kept(keeping).state, len(all_rows(keeping)["receipt"])) == ("deleted", 1)


def test_a_held_object_outlives_its_date_sweeps_and_hands(keeping: WatchedHouse) -> None:
    """I5: the claim itself refuses it."""
    row = kept(keeping)
    hold(keeping, row.id, 1)
    keeping.clock.sleep(timedelta(days=365).total_seconds())
    keeping.work()
    assert keeping.at.deleter.claim_due() == 0
    with keeping.at.database.begin() as session, pytest.raises(Refused, match="held"):
        purge(session, row.id, "by hand", keeping.clock.now())
    policy(keeping, "training", "PT1S")
    policy(keeping, "quality", "PT1S")
    keeping.work()
    assert (kept(keeping).state, keeping.in_store()) == ("stored", [row.key])
    assert keeping.plain(row).startswith(b"RIFF")
    assert may_hear(keeping) is None, "kept, but for no purpose that anybody may hear it for (I11)"
    hold(keeping, row.id, 0)
    keeping.work()
    assert (kept(keeping).state, keeping.in_store()) == ("deleted", [])


def _source() -> io.BytesIO:
    return io.BytesIO(b"bytes")
