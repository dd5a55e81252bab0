"""Peaks beside holds, claims and other workers, in threads of their own."""

import threading

import pytest
import sqlalchemy as sa

from storage.models import Deletion, StoredObject
from storage.retention.claim import claim
from tests.calls.purging import everything_agrees, hold
from tests.house import House

AT_ONCE = 4


@pytest.fixture
def recorded(house: House) -> House:
    house.call("stay", "ru", "listen")
    house.work()
    return house


def test_many_workers_make_them_once(recorded: House) -> None:
    made: list[int] = []
    workers = [threading.Thread(target=lambda: made.append(recorded.at.peaks.run())) for _ in range(AT_ONCE)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(made) == [0] * (AT_ONCE - 1) + [1]
    kinds = [row.kind for row in recorded.objects() if row.state == "stored"]
    assert sorted(kinds) == ["peaks", "recording"]
    everything_agrees(recorded)


@pytest.mark.parametrize("turn", range(3))
def test_i5_a_hold_that_comes_while_they_are_made_holds_them(recorded: House, turn: int) -> None:
    (recording,) = recorded.objects()
    worker = threading.Thread(target=recorded.at.peaks.run)
    worker.start()
    hold(recorded, recording.id)
    worker.join()
    recorded.at.peaks.run()
    states = {row.kind: (row.state, row.holds) for row in recorded.objects()}
    assert states == {"recording": ("stored", 1), "peaks": ("stored", 1)}, turn
    everything_agrees(recorded)


@pytest.mark.parametrize("turn", range(3))
def test_i6_a_claim_that_comes_while_they_are_made_takes_them(recorded: House, turn: int) -> None:
    (recording,) = recorded.objects()
    worker = threading.Thread(target=recorded.at.peaks.run)
    worker.start()
    with recorded.at.database.begin() as session:
        assert claim(session, recording.id, "policy", recorded.clock.now())
    worker.join()
    recorded.work_for(1200, 60)
    recorded.at.peaks.run()
    assert {row.state for row in recorded.objects()} == {"deleted"}, turn
    assert recorded.in_store() == []
    begun = recorded.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(Deletion)))
    assert begun == recorded.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(StoredObject)))
    everything_agrees(recorded)
