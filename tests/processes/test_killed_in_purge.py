"""The worker, killed at every milestone of a purge of card data: one copy takes its place, and is held (I5, I7)."""

import hashlib
from datetime import timedelta

import pytest
import sqlalchemy as sa

from config.milestones import Milestone
from storage.models import CardDataPurge, Leaf, LeafOpening, Receipt, StoredObject
from storage.retention.card_data import approve, ask
from storage.retention.holds import Why, hold_objects, lift
from telephony.silence import silenced
from tests.processes.plant import KEPT_FOR_S, Plant
from tests.processes.test_killed_at_milestones import (
    IN_PURGE,
    everything_agrees,
    is_empty,
    is_stored_once,
)

SPANS = [(500, 1500)]
ON_THE_WAY = [
    *IN_PURGE,
    Milestone.ARRIVING_COMMITTED,
    Milestone.KEY_MADE,
    Milestone.OBJECT_PUT,
    Milestone.OBJECT_COMMITTED,
    Milestone.VERSIONS_REMOVED,
    Milestone.KEY_DESTROYED,
    Milestone.COPIES_REMOVED,
    Milestone.DELETION_COMMITTED,
]


@pytest.mark.parametrize("milestone", sorted(ON_THE_WAY))
def test_killed_there_card_data_is_gone_and_the_copy_held(plant: Plant, milestone: Milestone) -> None:
    result = plant.call()
    plant.until(lambda: plant.outcome(result.call_sid) == "recorded", "the call is settled", pace=20)
    object_id = is_stored_once(plant, result)
    (before,) = plant.objects()
    wanted = b"".join(silenced([plant.plain(before)], SPANS))
    now = plant.clock.now()
    with plant.at.database.begin() as session:
        why = Why("1", "a court asks", "x", now + timedelta(days=99))
        hold_id = hold_objects(session, [object_id], why, now).id
    plant.arm(milestone, 1, whole=True)
    lasts_ms = plant.at.card_data.lasts_ms(before)
    with plant.at.database.begin() as session:
        row = session.get_one(StoredObject, object_id)
        request = ask(session, row, SPANS, lasts_ms, "a card number is heard", "a" * 32, now)
    with plant.at.database.begin() as session:
        approve(session, request.id, request.request_sha256, "b" * 32, now)
    plant.until(lambda: has_taken_its_place(plant, object_id), "the copy has taken its place", pace=20, within=40)
    assert plant.fuse.died is not None, "the milestone was never reached"
    plant.until(lambda: plant.deaths == [("worker", -9)], "the worker died, once")
    copy_id = is_stored_once(plant, result)
    copy = next(each for each in plant.objects() if each.id == copy_id)
    assert hashlib.sha256(wanted).hexdigest() == copy.sha256
    assert (copy.holds, copy.delete_after) == (1, before.delete_after)
    told = sa.select(Leaf.kind).join(LeafOpening).where(LeafOpening.subject_id == request.id).order_by(Leaf.at)
    assert plant.ask(lambda s: s.scalars(told).all()) == ["purge_asked", "purge_approved", "purge_done"]
    everything_agrees(plant)
    plant.clock.advance(KEPT_FOR_S + 10)
    with plant.at.database.begin() as session:
        assert lift(session, hold_id, "closed", plant.clock.now()).go_now == (copy_id,)
    plant.until(lambda: {each.state for each in plant.objects()} == {"deleted"}, "all is deleted", pace=20)
    is_empty(plant)
    everything_agrees(plant)


def has_taken_its_place(plant: Plant, object_id: str) -> bool:
    states = {each.id: each.state for each in plant.objects()}
    done = plant.ask(lambda s: s.scalars(sa.select(CardDataPurge.state)).one()) == "done"
    causes = plant.ask(lambda s: s.scalars(sa.select(Receipt).where(Receipt.object_id == object_id)).all())
    return done and states[object_id] == "deleted" and [each.content["cause"] for each in causes] == ["card_data"]
