"""A hold wins, over sweeps, purges, policies and hands; it comes too late only when it says so (I5)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.errors import NotFound, Refused
from storage.models import Hold, StoredObject
from storage.playback import playable
from storage.retention.claim import discard, purge
from storage.retention.holds import Span, Why, hold_objects, hold_span, lift
from storage.retention.preview import preview
from storage.retention.publish import set_policy
from storage.retention.restriction import release, restrict
from tests.storage.plain_house import LINE, PlainHouse

DAY = 86400


def why(house: PlainHouse, case: str = "12/2026") -> Why:
    return Why(case, "a court asks", "operator", house.clock.now() + timedelta(days=400))


def set_hold(house: PlainHouse, *object_ids: str, case: str = "12/2026") -> str:
    with house.database.begin() as session:
        return hold_objects(session, object_ids, why(house, case), house.clock.now()).id


def lift_hold(house: PlainHouse, hold_id: str) -> tuple[int, int, int]:
    with house.database.begin() as session:
        told = lift(session, hold_id, "the case is closed", house.clock.now())
    return len(told.go_now), len(told.go_later), len(told.still_held)


def test_i5_a_held_object_survives_sweep_purge_policy_and_discard(plain: PlainHouse) -> None:
    held, free = plain.keep(), plain.keep()
    hold_id = set_hold(plain, held)
    with plain.database.begin() as session:
        set_policy(
            session, purpose="training", window="PT1S", reason="r", centre=None, now=plain.clock.now(), dry_run=False
        )
        set_policy(
            session, purpose="quality", window="PT1S", reason="r", centre=None, now=plain.clock.now(), dry_run=False
        )
    with plain.database.begin() as session, pytest.raises(Refused, match="held"):
        purge(session, held, "by hand", plain.clock.now())
    with plain.database.begin() as session:
        discard(session, held, "notice_not_proven", plain.clock.now())
    plain.clock.sleep(400 * DAY)
    plain.deleter.run()
    assert plain.states() == {held: "stored", free: "deleted"}
    assert plain.keys.exists(held)
    assert lift_hold(plain, hold_id) == (1, 0, 0)
    plain.deleter.run()
    assert plain.states()[held] == "deleted"
    assert not plain.keys.exists(held)


def test_i5_several_holds_are_counted(plain: PlainHouse) -> None:
    kept = plain.keep()
    first, second = set_hold(plain, kept), set_hold(plain, kept, case="13/2026")
    plain.clock.sleep(400 * DAY)
    assert lift_hold(plain, first) == (0, 0, 1)
    plain.deleter.run()
    assert plain.states() == {kept: "stored"}
    with plain.database.begin() as session, pytest.raises(Refused, match="already"):
        lift(session, first, "again", plain.clock.now())
    assert lift_hold(plain, second) == (1, 0, 0)
    plain.deleter.run()
    assert plain.states() == {kept: "deleted"}


def test_i5_a_hold_that_comes_too_late_is_refused_and_names_what_is_gone(plain: PlainHouse) -> None:
    gone, there = plain.keep(), plain.keep()
    with plain.database.begin() as session:
        purge(session, gone, "by hand", plain.clock.now())
    with plain.database.begin() as session, pytest.raises(Refused, match=gone):
        hold_objects(session, [there, gone], why(plain), plain.clock.now())
    assert plain.row(there).holds == 0
    with plain.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Hold)) == 0


def test_i5_what_is_derived_is_held_too_also_when_it_comes_later(plain: PlainHouse) -> None:
    parent = plain.keep()
    child = plain.keep(parent_id=parent)
    set_hold(plain, parent)
    later = plain.keep(parent_id=parent)
    assert [plain.row(object_id).holds for object_id in (parent, child, later)] == [1, 1, 1]
    plain.clock.sleep(400 * DAY)
    plain.deleter.run()
    assert set(plain.states().values()) == {"stored"}


def test_i5_a_hold_over_a_span_keeps_what_touches_it_and_what_is_to_come(plain: PlainHouse) -> None:
    before = plain.keep()
    plain.clock.sleep(10)
    begins = plain.clock.now()
    plain.clock.sleep(5)
    touches = plain.keep(began_at=begins - timedelta(seconds=3))
    with plain.database.begin() as session:
        span = Span(LINE, begins, begins + timedelta(seconds=60))
        hold, gone = hold_span(session, span, why(plain), plain.clock.now())
    assert gone == 0
    to_come = plain.keep()
    plain.clock.sleep(120)
    after = plain.keep()
    assert [plain.row(each).holds for each in (before, touches, to_come, after)] == [0, 1, 1, 0]
    plain.clock.sleep(400 * DAY)
    plain.deleter.run()
    states = plain.states()
    assert [states[each] for each in (before, touches, to_come, after)] == ["deleted", "stored", "stored", "deleted"]
    assert lift_hold(plain, hold.id) == (2, 0, 0)


@pytest.mark.parametrize(
    ("case", "reason", "days", "named"),
    [("", "r", 1, "case"), ("1", " ", 1, "reason"), ("1", "r", 0, "review")],
)
def test_a_hold_says_its_case_its_reason_and_when_to_look_again(
    plain: PlainHouse, case: str, reason: str, days: int, named: str
) -> None:
    kept = plain.keep()
    incomplete = Why(case, reason, "operator", plain.clock.now() + timedelta(days=days))
    with plain.database.begin() as session, pytest.raises(Refused, match=named):
        hold_objects(session, [kept], incomplete, plain.clock.now())


def test_lifting_says_what_will_go_and_when_before_it_does(plain: PlainHouse) -> None:
    kept = plain.keep()
    hold_id = set_hold(plain, kept)
    with plain.database.begin() as session:
        told = lift(session, hold_id, "r", plain.clock.now(), dry_run=True)
    assert told.go_later == ((kept, plain.row(kept).delete_after),)
    assert plain.row(kept).holds == 1
    with plain.database.begin() as session, pytest.raises(NotFound):
        lift(session, "nothing", "r", plain.clock.now())


def test_i11_a_restricted_object_is_kept_and_used_for_nothing(plain: PlainHouse) -> None:
    kept = plain.keep()
    with plain.database.begin() as session:
        restrict(session, kept, "the caller contests it", plain.clock.now())
        with pytest.raises(NotFound):
            playable(session, kept, "quality", plain.clock.now())
        with pytest.raises(Refused, match="already"):
            restrict(session, kept, "again", plain.clock.now())
        release(session, kept, "settled", plain.clock.now())
        assert playable(session, kept, "quality", plain.clock.now()).object_id == kept
        restrict(session, kept, "again", plain.clock.now())
    plain.clock.sleep(400 * DAY)
    plain.deleter.run()
    assert plain.states() == {kept: "deleted"}, "its date stands"


def test_what_should_never_have_been_kept_is_not_used_while_it_is_held(plain: PlainHouse) -> None:
    kept = plain.keep()
    set_hold(plain, kept)
    with plain.database.begin() as session:
        discard(session, kept, "notice_not_proven", plain.clock.now())
    with plain.database.begin() as session:
        with pytest.raises(NotFound):
            playable(session, kept, "quality", plain.clock.now())
        with pytest.raises(Refused, match="only kept because it is held"):
            release(session, kept, "settled", plain.clock.now())


def test_a_preview_counts_before_anything_goes(plain: PlainHouse) -> None:
    first = plain.keep()
    plain.keep(("quality",))
    plain.clock.sleep(DAY)
    plain.keep()
    set_hold(plain, first)
    now = plain.clock.now()
    with plain.database.read() as session:
        assert preview(session, now) == []
        going = {each.purpose: each for each in preview(session, now + timedelta(days=365))}
        oldest = session.get_one(StoredObject, first).counted_from
    assert (going["training"].objects, going["training"].held, going["training"].oldest) == (2, 1, oldest)
    assert (going["quality"].objects, going["quality"].held) == (1, 0)
    assert going["quality"].centre == "ast"
