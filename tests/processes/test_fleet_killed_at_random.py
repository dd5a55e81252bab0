"""Two webs, two workers, one PostgreSQL, one store: killed at random under calls, the invariants hold (I1, I2, I6, I7).

FLEET_SECONDS says for how long; CI takes 40.
"""

import os
import random
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.database import Base
from storage.models import Call, Deletion, Leaf, NoticeVersion, Receipt, Recording, StoredObject
from telephony.outcome import WITHOUT_MEDIA, WITHOUT_NUMBER
from telephony.practice.caller import CallerPlan
from tests.backend import about
from tests.calls.lived import Lived
from tests.calls.scenario import WORDS, Ring
from tests.processes.fleet import KEPT_FOR_S, MODES, PACE, Fleet

if TYPE_CHECKING:
    from tests.seaweed import Seaweed

SECONDS = float(os.environ.get("FLEET_SECONDS", "15"))
CALLERS = 6
# Leases of the dead run out after a minute of the fleet's time; the last looks at a call come an hour after its end.
SETTLES_WITHIN_S = 120.0


@pytest.fixture
def fleet(tmp_path: Path, postgres: str, store_server: "Seaweed", bucket_name: str) -> Iterator[Fleet]:
    names = [f"fleet_{uuid.uuid4().hex}" for _ in range(2)]
    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in names:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    main, keys = (postgres.replace("@/postgres?", f"@/{name}?") for name in names)
    s3 = {
        "ESKERTU_S3_ENDPOINT": store_server.endpoint,
        "ESKERTU_S3_ACCESS_KEY": store_server.access_key,
        "ESKERTU_S3_SECRET_KEY": store_server.secret_key,
        "ESKERTU_S3_BUCKET": bucket_name,
    }
    with Fleet(tmp_path, (main, keys), s3).open() as fleet:
        yield fleet
    with engine.connect() as connection:
        for name in names:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@about("PostgreSQL")
@pytest.mark.timeout(SECONDS + 600)
def test_killed_at_random_the_invariants_hold(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    lived = live_through_it(fleet)
    fleet.until(lambda: settled(fleet), "every call settled, every recording taken in", within=SETTLES_WITHIN_S)
    told_first(fleet, lived)
    nothing_of_others(fleet, lived)
    nothing_is_lost(fleet, lived)
    clean(fleet)
    fleet.until(lambda: all_gone(fleet), "every date has passed", within=KEPT_FOR_S / PACE + 60)
    clean(fleet)
    assert list(fleet.at.store.versions("")) == []
    assert list(fleet.at.keys.object_ids()) == []
    kept = fleet.count(StoredObject.kind == "recording", StoredObject.bytes.is_not(None))
    with capsys.disabled():
        sys.stdout.write(f"\n{fleet.kills} kills, {len(lived)} calls, {kept} recordings stored\n")
    assert fleet.kills > SECONDS / 3
    assert kept


def live_through_it(fleet: Fleet) -> list[Lived]:
    """People call for so many seconds, and every second or two somebody is killed."""
    ends = time.monotonic() + SECONDS
    lived: list[Lived] = []
    failed: list[BaseException] = []

    def calls(seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < ends:
            ring = Ring(chance.choice(list(MODES)), chance.choice(["kk", "ru", "en"]), chance.choice(DOES))
            number = f"+7701{uuid.uuid4().int % 10**7:07d}"
            digit = {"kk": "1", "ru": "2", "en": "3"}[ring.language]
            plan = CallerPlan(
                MODES[ring.mode], number, ring.language, digit, ring.do, talk_s=chance.choice([3.0, 20.0])
            )
            try:
                lived.append(Lived(ring, number, fleet.network.place_call(plan)))
            except BaseException as error:
                failed.append(error)
                raise

    callers = [threading.Thread(target=calls, args=(seed,)) for seed in range(CALLERS)]
    for caller in callers:
        caller.start()
    chance = random.Random(1)
    while time.monotonic() < ends:
        time.sleep(chance.uniform(0.3, 2.0))
        fleet.kill_somebody(chance)
    for caller in callers:
        caller.join()
    assert not failed
    return lived


DOES = ["listen", "listen", "press:1", "press:1", *WORDS]


def settled(fleet: Fleet) -> bool:
    return (
        fleet.count(Call.outcome.is_(None)) == 0
        and fleet.count(Recording.state.in_(("pending", "fetching"))) == 0
        and fleet.count(Recording.carrier_copy == "present") == 0
        and fleet.count(Leaf.position.is_(None)) == 0
        and not [found for found in fleet.network._exchange.shelf.all() if found.status == "completed"]
    )


def all_gone(fleet: Fleet) -> bool:
    return (
        fleet.count(StoredObject.state != "deleted") == 0
        and fleet.count(Deletion.finished_at.is_(None)) == 0
        and fleet.count(Leaf.position.is_(None)) == 0
    )


def told_first(fleet: Fleet, lived: list[Lived]) -> None:
    """I1: nothing began to record before the notice of that line's mode was heard out."""
    rows = fleet.ask(lambda s: s.scalars(sa.select(NoticeVersion).where(NoticeVersion.kind == "notice")).all())
    recorded = 0
    for call in lived:
        notices = {row.audio_sha256: row.duration_ms / 1000 for row in rows if row.mode == call.ring.mode}
        for begun in call.recorded_from:
            heard = call.heard_out(notices)
            assert heard, call
            assert heard[0] <= begun, call
            recorded += 1
    assert recorded


def nothing_of_others(fleet: Fleet, lived: list[Lived]) -> None:
    """I2: whoever declined or was not told left no media and no number."""
    outcomes = fleet.ask(lambda s: dict(s.execute(sa.select(Call.call_sid, Call.outcome)).all()))
    everything = fleet.ask(all_that_is_written)
    for call in lived:
        outcome = outcomes.get(call.call_sid)
        if outcome is None or outcome in WITHOUT_NUMBER:
            assert call.number[1:] not in everything, (outcome, call)
        if outcome in WITHOUT_MEDIA:
            of_call = sa.select(Recording.id).join(Call).where(Call.call_sid == call.call_sid)
            assert not fleet.count(Recording.id.in_(of_call), Recording.state == "stored")


def all_that_is_written(session: Session) -> str:
    tables = Base.metadata.sorted_tables
    return "\n".join(repr(tuple(row)) for table in tables for row in session.execute(sa.select(table)))


def nothing_is_lost(fleet: Fleet, lived: list[Lived]) -> None:
    """I7: what was agreed to and recorded is stored once, or was, and has its receipt."""
    states = fleet.ask(lambda s: dict(s.execute(sa.select(Recording.recording_sid, Recording.object_id)).all()))
    objects = fleet.ask(lambda s: dict(s.execute(sa.select(StoredObject.id, StoredObject.state)).all()))
    receipts = set(fleet.ask(lambda s: s.scalars(sa.select(Receipt.object_id)).all()))
    made = 0
    for call in lived:
        # A Play that failed because a web had just died: then the notice was not heard, as far as anybody can prove.
        for sid in call.result.recording_sids if call.recorded_from and not call.play_failed else ():
            found = fleet.network._exchange.shelf.all(call_sid=call.call_sid, deleted=True)
            if not any(each.sid == sid and each.duration_s for each in found):
                continue
            object_id = states[sid]
            assert object_id is not None, f"lost: {call}"
            assert objects[object_id] == "stored" or objects[object_id] == "deleting" or object_id in receipts
            made += 1
    assert made


def clean(fleet: Fleet) -> None:
    """Everything agrees with everything, while everything runs."""
    found = [each for seen in fleet.at.fsck(content=True).check() for each in seen.found]
    assert found == []
