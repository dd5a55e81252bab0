"""Dates may come earlier at once, later never without an approval (I4); each purpose ends by itself (I11)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.models import (
    Call,
    CallStep,
    CarrierEvent,
    Centre,
    ConsentRecord,
    Leaf,
    LeafOpening,
    Person,
    Recording,
    RetentionPolicy,
    StoredObject,
)
from storage.models.columns import random_id
from tests.calls.keeping import hold, kept, may_hear, policy
from tests.calls.rows import all_rows, count
from tests.calls.watched import WatchedHouse

DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def keeping(watched: WatchedHouse) -> WatchedHouse:
    """One recording, kept as long as the shipped policies say: 30 days for quality, 90 for training."""
    watched.call("stay", "ru", "listen")
    watched.work()
    return watched


def ends(house: WatchedHouse) -> dict[str, float]:
    """Days from the recording to the end of each purpose."""
    row = kept(house)
    return {each.purpose: (each.until - row.counted_from).total_seconds() / DAY for each in row.purposes}


def test_when_quality_is_over_it_is_for_training_only_and_then_for_nothing(keeping: WatchedHouse) -> None:
    """I11: by purpose, by role, by centre; before any sweep has come round."""
    with keeping.at.database.begin() as session:
        other = Centre(id=random_id(), code="alm", name="Almaty", jurisdiction="KZ", timezone="Asia/Almaty",
                       languages=["kk"], created_at=keeping.clock.now())  # fmt: skip
        session.add(other)
        session.flush()
        session.add(Person(id=random_id(), email="bob@example.com", role="qa_reviewer", centre_id=other.id, active=True,
                           created_at=keeping.clock.now()))  # fmt: skip
    assert [may_hear(keeping, asked=asked) for asked in (None, "quality", "training")] == [
        "quality",
        "quality",
        "training",
    ]
    assert [may_hear(keeping, asked=asked) for asked in ("security", "evidence", "")] == [None] * 3
    for nobody in ("bob@example.com", "charlie@example.com"):
        assert [may_hear(keeping, nobody, asked) for asked in (None, "quality", "training")] == [None] * 3
    until = {each.purpose: each.until for each in kept(keeping).purposes}
    keeping.clock.sleep((until["quality"] - keeping.clock.now()).total_seconds() - 0.001)
    assert may_hear(keeping, asked="quality") == "quality"
    keeping.clock.sleep(0.001)
    assert [may_hear(keeping, asked=asked) for asked in (None, "quality", "training")] == ["training", None, "training"]
    keeping.clock.sleep((until["training"] - keeping.clock.now()).total_seconds())
    assert kept(keeping).state == "stored"
    assert [may_hear(keeping, asked=asked) for asked in (None, "quality", "training")] == [None] * 3


@pytest.mark.parametrize("window", ["P91D", "P3M", "P1Y"])
def test_what_keeps_longer_waits_for_an_approval_and_changes_nothing(keeping: WatchedHouse, window: str) -> None:
    """I4: neither what is stored, nor what is recorded afterwards."""
    before = kept(keeping)
    change = policy(keeping, "training", window)
    assert change.waits_for_approval
    assert (change.objects_earlier, change.due_at_once) == (0, 0)
    assert "approval" in " ".join(change.lines())
    after = kept(keeping)
    assert (after.delete_after, [each.until for each in after.purposes]) == (
        before.delete_after, [each.until for each in before.purposes])  # fmt: skip
    keeping.call("stay", "kk", "listen")
    keeping.work()
    for row in keeping.objects():
        assert row.delete_after == row.counted_from + timedelta(days=90)
    assert sorted(states(keeping, "training")) == ["awaiting", "published"]


def test_what_keeps_shorter_brings_dates_forward_at_once(keeping: WatchedHouse) -> None:
    """I4: of the one purpose; the object goes with its last one."""
    change = policy(keeping, "training", "P10D")
    assert (change.waits_for_approval, change.objects_earlier, change.due_at_once) == (False, 1, 0)
    assert ends(keeping) == {"quality": 30, "training": 10}
    row = kept(keeping)
    assert row.delete_after == row.counted_from + timedelta(days=30)
    policy(keeping, "quality", "P5D")
    row = kept(keeping)
    assert row.delete_after == row.counted_from + timedelta(days=10)
    assert states(keeping, "training") == ["published", "superseded"]
    keeping.call("stay", "kk", "listen")
    keeping.work()
    for row in keeping.objects():
        assert row.delete_after == row.counted_from + timedelta(days=10)


def test_two_policies_of_one_moment_are_not_both_in_force(keeping: WatchedHouse) -> None:
    """The newer one supersedes the older: not by their times alone, which can be the same."""
    policy(keeping, "training", "P10D")
    policy(keeping, "training", "P9D")
    assert states(keeping, "training") == ["published", "superseded", "superseded"]
    assert ends(keeping)["training"] == 9


def test_a_dry_run_says_what_would_change_and_changes_nothing(keeping: WatchedHouse) -> None:
    before = all_rows(keeping)
    hold(keeping, kept(keeping).id, 0)
    for window, earlier, waits in (("P10D", 1, False), ("PT1S", 1, False), ("P91D", 0, True), ("P90D", 0, False)):
        change = policy(keeping, "training", window, dry_run=True)
        assert (change.objects_earlier, change.waits_for_approval) == (earlier, waits)
        assert all_rows(keeping) == before


def test_what_goes_at_once_is_counted_without_what_is_held(keeping: WatchedHouse) -> None:
    """I5: said before, and true after."""
    keeping.clock.sleep(60)
    policy(keeping, "quality", "PT30S")
    assert policy(keeping, "training", "PT30S", dry_run=True).due_at_once == 1
    hold(keeping, kept(keeping).id, 1)
    assert policy(keeping, "training", "PT30S").due_at_once == 0
    keeping.work()
    assert kept(keeping).state == "stored"


def test_evidence_goes_after_its_window_and_only_after_the_media(keeping: WatchedHouse) -> None:
    """I3, I4: the rows of a call outlive its recording; then all of them go, with what opens their leaves."""
    row = kept(keeping)
    call = keeping.ask(lambda s: s.scalars(sa.select(Call)).one())
    kin = (Call, CallStep, CarrierEvent, ConsentRecord, Recording)
    subjects = keeping.ask(
        lambda s: [each for model in (Call, ConsentRecord, Recording) for each in s.scalars(sa.select(model.id))]
    )
    policy(keeping, "evidence", "P1D")
    assert keeping.ask(lambda s: s.scalars(sa.select(Call.delete_after)).one()) == call.ringing_at + timedelta(days=1)
    keeping.clock.sleep(2 * DAY)
    keeping.work()
    assert all(count(keeping, model) for model in kin), "what proves a recording stays as long as it"
    keeping.clock.sleep(88 * DAY)
    keeping.work()
    assert kept(keeping).state == "deleted"
    assert [count(keeping, model) for model in kin] == [0] * len(kin)
    assert not keeping.ask(
        lambda s: s.scalars(sa.select(LeafOpening.facts).where(LeafOpening.subject_id.in_(subjects))).all()
    )
    assert "call_settled" in keeping.ask(lambda s: s.scalars(sa.select(Leaf.kind)).all()), "leaves stay, unopenable"
    assert (count(keeping, StoredObject), len(all_rows(keeping)["receipt"])) == (1, 1)
    assert row.id not in str(subjects)


def test_evidence_of_a_refused_recording_takes_its_leaf_opening_along(watched: WatchedHouse) -> None:
    """I10: salts and mappings go with their rows."""
    watched.faults.record_by_account = True
    watched.call("stay", "kk", "hangup-during-notice")
    watched.work_for(60)
    (refused,) = watched.recordings()
    assert (refused.state, refused.carrier_copy) == ("refused", "deleted")
    watched.clock.sleep(3 * 366 * DAY)
    watched.work()
    assert (count(watched, Call), count(watched, Recording)) == (0, 0)
    left = watched.ask(lambda s: s.scalars(sa.select(LeafOpening.facts)).all())
    assert not [facts for facts in left if refused.id in str(facts) or refused.call_id in str(facts)]


def states(house: WatchedHouse, purpose: str) -> list[str]:
    rows = house.ask(lambda s: s.scalars(sa.select(RetentionPolicy).where(RetentionPolicy.purpose == purpose)).all())
    return sorted(row.state for row in rows)
