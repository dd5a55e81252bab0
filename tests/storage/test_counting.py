"""Counting what is stored: the numbers are the rows', and it is not done more often than is cheap."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa

from app.auth.policy import Viewer
from app.overview.stored import stored
from storage.counting import EVERY, LATER, SHARE, WEEK, Counted, Counting, Part, last_count, write
from storage.models import StoredCount, StoredObject
from tests.house import House


def counted(house: House) -> Counted | None:
    found: Counted | None = house.ask(last_count)
    return found


def test_what_was_counted_is_what_is_there(house: House) -> None:
    assert counted(house) is None
    assert house.at.counting.run()
    assert counted(house) == Counted(house.clock.now(), [])
    house.call("stay", "ru")
    house.call("opt_out", "kk")
    house.work()
    first, second = house.objects()
    now = house.clock.now()
    with house.at.database.begin() as session:
        session.execute(sa.update(StoredObject).where(StoredObject.id == first.id).values(holds=1))
        far = now + WEEK * (LATER + 1)
        session.execute(sa.update(StoredObject).where(StoredObject.id == second.id).values(delete_after=far))
    house.clock.sleep(EVERY.total_seconds())
    assert house.at.counting.run()
    told = counted(house)
    assert told is not None
    assert told.at == house.clock.now()
    assert sorted(told.parts, key=str) == sorted(
        [
            Part(first.centre_id, None, 1, first.cipher_bytes or 0),
            Part(second.centre_id, LATER, 1, second.cipher_bytes or 0),
        ],
        key=str,
    )


def test_calls_and_footage_are_counted_apart(house: House) -> None:
    house.call("stay", "ru")
    house.call("opt_out", "kk")
    house.work()
    first, second = house.objects()
    with house.at.database.begin() as session:
        session.execute(sa.update(StoredObject).where(StoredObject.id == second.id).values(kind="segment"))
    house.clock.sleep(EVERY.total_seconds())
    assert house.at.counting.run()
    told = counted(house)
    assert told is not None
    assert {(part.kind, part.objects, part.size) for part in told.parts} == {
        ("recording", 1, first.cipher_bytes),
        ("segment", 1, second.cipher_bytes),
    }
    kept = house.ask(lambda session: stored(session, Viewer("auditor", None, active=True)))
    assert (kept.recordings, kept.segments, kept.objects) == (1, 1, 2)


def test_a_count_that_takes_long_is_made_seldom(house: House) -> None:
    assert house.at.counting.run()
    assert not house.at.counting.run()
    with house.at.database.begin() as session:
        session.execute(sa.update(StoredCount).values(took_ms=4_000))
    house.clock.sleep((SHARE * timedelta(seconds=4)).total_seconds() - 1)
    assert not house.at.counting.run()
    house.clock.sleep(1)
    assert house.at.counting.run()


def test_several_who_count_at_once_leave_one_row(house: House) -> None:
    begin = threading.Barrier(4)

    def one(_: int) -> bool:
        begin.wait()
        return Counting(house.at.database, house.clock).run()

    with ThreadPoolExecutor(4) as pool:
        assert any(pool.map(one, range(4)))
    assert counted(house) == Counted(house.clock.now(), [])


def test_an_older_count_does_not_replace_a_newer(house: House) -> None:
    before = house.clock.now()
    house.clock.sleep(1)
    assert house.at.counting.run()
    with house.at.database.begin() as session:
        write(session, before, 1, [Part("x", 0, 1, 1)])
    assert counted(house) == Counted(house.clock.now(), [])
