"""A worker that dies while it mirrors a hold, or takes the mirror off: another goes on with it (I5, I6, I7)."""

from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from config.milestones import Milestone
from storage.models import HoldMirror
from storage.retention.holds import Why, hold_objects, lift
from tests.processes.plant import KEPT_FOR_S, Plant
from tests.processes.test_killed_at_milestones import (
    KILLS_PER_STEP,
    OF_HOLDS,
    is_deleted_once,
    is_empty,
    is_stored_once,
)


@pytest.mark.parametrize("milestone", sorted(OF_HOLDS))
def test_i5_killed_there_the_hold_is_mirrored_and_taken_off_all_the_same(plant: Plant, milestone: Milestone) -> None:
    for _ in range(KILLS_PER_STEP):
        plant.deaths.clear()
        result = plant.call()
        plant.until(partial(plant.outcome, result.call_sid), "the call is settled", pace=20)
        object_id = is_stored_once(plant, result)
        plant.arm(milestone, 1, whole=True)
        hold_id = hold(plant, object_id)
        plant.until(lambda: is_mirrored(plant), "the hold is mirrored", pace=20)
        assert (plant.at.keys.is_held(object_id), in_store(plant)) == (True, [True])
        plant.clock.advance(KEPT_FOR_S * 2)
        due = mirror(plant).next_attempt_at
        plant.clock.advance(4000)
        plant.until(partial(looked_after, plant, due), "the worker has looked at the mirror again")
        assert [kept.state for kept in plant.objects() if kept.id == object_id] == ["stored"]
        with plant.at.database.begin() as session:
            lift(session, hold_id, "the case is closed", plant.at.clock.now())
        is_deleted_once(plant, object_id)
        assert plant.fuse.died is not None, "the milestone was never reached"
        assert plant.deaths == [("worker", -9)]
        assert list(plant.at.keys.held_ids()) == []
        # Its row goes by the worker's own job, which may come a moment after the receipt.
        plant.until(lambda: not plant.ask(lambda s: s.scalars(sa.select(HoldMirror)).all()), "no mirror left", pace=20)
        is_empty(plant)


def hold(plant: Plant, object_id: str) -> str:
    now = plant.at.clock.now()
    with plant.at.database.begin() as session:
        return hold_objects(session, [object_id], Why("1", "a test", "operator", now + timedelta(days=900)), now).id


def mirror(plant: Plant) -> HoldMirror:
    row: HoldMirror = plant.ask(lambda s: s.scalars(sa.select(HoldMirror)).one())
    return row


def is_mirrored(plant: Plant) -> bool:
    row = mirror(plant)
    return row.revision == row.mirrored


def looked_after(plant: Plant, due: datetime) -> bool:
    return mirror(plant).next_attempt_at > due


def in_store(plant: Plant) -> list[bool]:
    store = plant.at.store
    return [store.legal_hold(each.key, each.version_id) for each in store.versions("")]
