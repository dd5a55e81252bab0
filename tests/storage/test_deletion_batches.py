"""Many deletions at once: what goes wrong with one is its own affair, and whoever is killed is overtaken (I6, I7)."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from config import milestones
from config.milestones import Milestone
from storage.ledger.log import commitment
from storage.models import Deletion, Leaf, LeafOpening, ObjectCopy, Receipt
from storage.objects.store import Remaining, RemovalFailed, StoredVersion, StoreUnavailable
from storage.retention import deletion
from storage.retention.deletion import Deleter
from storage.retention.holds import Why, hold_objects
from storage.retention.other_copies import CopyUnreachable
from tests.storage.plain_house import PlainHouse

MANY = 12
LONG_ENOUGH = timedelta(days=400).total_seconds()
AT_A_DELETION = [each for each in Milestone if each.value.startswith("deletion.")]


class Killed(BaseException):
    """Nothing in the product catches this."""


class Elsewhere:
    """Another place: some of its copies cannot be reached, some do not go."""

    name = "elsewhere"

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.unreachable: set[str] = set()
        self.sticky: set[str] = set()

    def remove(self, ref: str) -> None:
        if ref in self.unreachable:
            raise CopyUnreachable(ref)
        if ref not in self.sticky:
            self.held.discard(ref)

    def is_gone(self, ref: str) -> bool:
        if ref in self.unreachable:
            raise CopyUnreachable(ref)
        return ref not in self.held

    def remains(self, gone_at: datetime) -> None:
        return None


@pytest.fixture
def due(plain: PlainHouse) -> list[str]:
    """Some objects whose day has come, in the order of their ids."""
    ids = sorted(plain.keep() for _ in range(MANY))
    plain.clock.sleep(LONG_ENOUGH)
    return ids


def deleted(plain: PlainHouse) -> set[str]:
    """Those that are deleted: each with one receipt, one true leaf, and nothing left of it."""
    gone = {object_id for object_id, state in plain.states().items() if state == "deleted"}
    with plain.database.read() as session:
        receipts = session.scalars(sa.select(Receipt)).all()
        told = session.execute(
            sa.select(Leaf.commitment, LeafOpening)
            .join(LeafOpening, LeafOpening.leaf_id == Leaf.id)
            .where(Leaf.kind == "object_deleted")
        ).all()
    assert sorted(each.object_id for each in receipts) == sorted(gone)
    assert sorted(opening.subject_id for _, opening in told) == sorted(gone)
    assert all(committed == commitment(opening.salt, opening.facts) for committed, opening in told)
    assert {opening.subject_id: opening.facts for _, opening in told} == {r.object_id: r.content for r in receipts}
    assert not plain.store.left({f"{object_id}/": [] for object_id in gone})
    assert plain.keys.existing(sorted(gone)) == set()
    return gone


@pytest.mark.parametrize("milestone", AT_A_DELETION)
def test_killed_there_another_goes_on_with_the_whole_batch(
    plain: PlainHouse, due: list[str], milestone: Milestone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(reached: Milestone) -> None:
        if reached is milestone:
            raise Killed

    monkeypatch.setattr(milestones, "_watchers", [die])
    with pytest.raises(Killed):
        plain.deleter.run()
    monkeypatch.setattr(milestones, "_watchers", [])
    plain.clock.sleep(deletion.LEASE.total_seconds() + 1)
    done = plain.deleter.run()
    assert deleted(plain) == set(due)
    assert done == (0 if milestone is Milestone.DELETION_COMMITTED else MANY)


def test_more_than_a_batch_goes_through_several_hands(
    plain: PlainHouse, due: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "BATCH", 5)
    assert plain.deleter.run() == MANY
    assert deleted(plain) == set(due)


def test_a_hold_in_the_midst_is_left_out(plain: PlainHouse, due: list[str]) -> None:
    now = plain.clock.now()
    with plain.database.begin() as session:
        hold_objects(session, due[3:5], Why("1", "a test", "operator", now + timedelta(days=1)), now)
    assert plain.deleter.run() == MANY - 2
    assert deleted(plain) == set(due) - set(due[3:5])
    assert plain.keys.existing(due) == set(due[3:5])


def test_a_copy_that_cannot_be_reached_or_does_not_go_holds_up_no_other(plain: PlainHouse, due: list[str]) -> None:
    elsewhere = Elsewhere()
    elsewhere.held = {"a", "b", "c"}
    elsewhere.unreachable, elsewhere.sticky = {"a"}, {"b"}
    with plain.database.begin() as session:
        for object_id, ref in zip(due, ("a", "b", "c"), strict=False):
            session.add(ObjectCopy(object_id=object_id, place="elsewhere", ref=ref))
    deleter = Deleter(plain.database, plain.store, plain.keys, plain.clock, [elsewhere])
    assert deleter.run() == MANY - 2
    assert deleted(plain) == set(due[2:])
    assert list(plain.store.versions("")) == []
    assert plain.keys.existing(due) == set()
    elsewhere.unreachable.clear()
    elsewhere.sticky.clear()
    plain.clock.sleep(10)
    assert deleter.run() == 2
    assert deleted(plain) == set(due)
    assert elsewhere.held == set()


def test_a_copy_that_was_gone_and_is_there_again_is_removed_again(plain: PlainHouse, due: list[str]) -> None:
    elsewhere = Elsewhere()
    elsewhere.held = {"a"}
    with plain.database.begin() as session:
        session.add(ObjectCopy(object_id=due[0], place="elsewhere", ref="a", gone_at=plain.clock.now()))
    deleter = Deleter(plain.database, plain.store, plain.keys, plain.clock, [elsewhere])
    assert deleter.run() == MANY - 1
    plain.clock.sleep(10)
    assert deleter.run() == 1
    assert elsewhere.held == set()


def test_what_the_store_refuses_to_remove_is_tried_again_alone(
    plain: PlainHouse, due: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies under a lock of the store's own, say: the others go."""
    removing = plain.store.remove

    def all_but_one(versions: list[StoredVersion]) -> None:
        wanted = list(versions)
        removing([each for each in wanted if not each.key.startswith(due[0])])
        if locked := [each for each in wanted if each.key.startswith(due[0])]:
            raise RemovalFailed([Remaining(locked[0].key, None, "AccessDenied")])

    monkeypatch.setattr(plain.store, "remove", all_but_one)
    assert plain.deleter.run() == MANY - 1
    with plain.database.read() as session:
        waiting = session.scalars(sa.select(Deletion).where(Deletion.finished_at.is_(None))).one()
    assert (waiting.object_id, waiting.attempts, waiting.versions_gone_at) == (due[0], 1, None)
    assert "AccessDenied" in str(waiting.last_error)
    assert deleted(plain) == set(due[1:])
    monkeypatch.undo()
    plain.clock.sleep(10)
    assert plain.deleter.run() == 1
    assert deleted(plain) == set(due)


def test_versions_and_uploads_that_no_row_knows_go_too(plain: PlainHouse, due: list[str]) -> None:
    import io

    plain.store.put(f"{due[0]}/000007", io.BytesIO(b"x"), 1)
    plain.store.leave_upload(f"{due[1]}/000001")
    assert plain.deleter.run() == MANY
    assert deleted(plain) == set(due)
    assert plain.store.uploads == []


def test_a_store_that_is_away_does_not_keep_the_keys(plain: PlainHouse, due: list[str]) -> None:
    plain.store.failing = StoreUnavailable("away")
    assert plain.deleter.run() == 0
    plain.store.failing = None
    assert plain.keys.existing(due) == set()
    assert deleted(plain) == set()
    plain.clock.sleep(10)
    assert plain.deleter.run() == MANY
    assert deleted(plain) == set(due)
