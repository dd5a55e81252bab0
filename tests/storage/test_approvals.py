"""A policy that keeps longer is approved by a second person, who approves exactly what the first was shown (I4)."""

import pytest

from storage.centres import add_centre
from storage.errors import NotFound
from storage.models import Centre, RetentionPolicy, StoredObject
from storage.playback import playable
from storage.retention.approval import Approved
from storage.retention.publish import set_policy
from tests.storage.approving import (
    APPROVES,
    ASKS,
    DAY,
    approved,
    ask,
    discarded,
    ends,
    hold,
    problems,
    states,
    told,
    waiting,
)
from tests.storage.plain_house import PlainHouse


def test_i4_an_approval_executes_exactly_the_preview(plain: PlainHouse) -> None:
    both, only = plain.keep(), plain.keep(("training",))
    without = plain.keep(("quality",))
    plain.clock.sleep(DAY)
    proposal = waiting(plain, "P120D")
    later = plain.keep()
    before = ends(plain, later), ends(plain, without)
    assert states(plain) == {"P90D": "published", "P120D": "awaiting"}
    assert ends(plain, both) == {"quality": 30, "training": 90, "delete_after": 90}
    plain.clock.sleep(DAY)
    assert approved(plain, proposal) == Approved(changed=2, gone=0, otherwise=0)
    assert states(plain) == {"P90D": "superseded", "P120D": "published"}
    assert ends(plain, both) == {"quality": 30, "training": 120, "delete_after": 120}
    assert ends(plain, only) == {"training": 120, "delete_after": 120}
    assert (ends(plain, later), ends(plain, without)) == before, "it was not in the preview"
    assert {each.policy_id for each in plain.row(only).purposes} == {proposal.policy_id}
    assert ends(plain, plain.keep())["training"] == 120
    assert problems(plain) == []
    assert all(person in told(plain, proposal.policy_id) for person in (ASKS, APPROVES))


def test_what_would_be_kept_longer_is_counted_by_centre(plain: PlainHouse) -> None:
    with plain.database.begin() as session:
        other = add_centre(
            session,
            code="alm",
            name="Almaty",
            jurisdiction="KZ",
            timezone="Asia/Almaty",
            languages=["kk"],
            now=plain.clock.now(),
        )
        set_policy(
            session, purpose="training", window="P10D", reason="r", centre=other, now=plain.clock.now(), dry_run=False
        )
    oldest = plain.keep()
    plain.clock.sleep(DAY)
    plain.keep()
    plain.centre_id = other.id
    shorter = plain.keep()
    hold(plain, oldest)
    change = ask(plain, "P120D")
    (there,) = change.kept_longer
    size = plain.row(oldest).bytes
    assert size is not None
    assert (there.centre, there.objects, there.bytes, there.held) == ("ast", 2, 2 * size, 1)
    assert there.oldest == plain.row(oldest).counted_from
    assert "ast, training: 2 objects" in "\n".join(change.lines())
    assert change.proposal is not None
    assert approved(plain, change.proposal).changed == 2
    assert ends(plain, shorter)["training"] == 10, "its centre has a policy of its own"


def test_i4_longer_here_and_shorter_there_waits_as_a_whole_and_happens_as_a_whole(plain: PlainHouse) -> None:
    """One object has ninety days, the next, of a shorter policy, sixty: seventy-five is both."""
    here = plain.keep()
    with plain.database.begin() as session:
        session.add(
            RetentionPolicy(
                id="c" * 32,
                purpose="training",
                jurisdictions=["KZ"],
                window="P60D",
                reason={"en": "r"},
                state="published",
                published_at=plain.clock.now(),
            )
        )
    there = plain.keep()
    assert (ends(plain, here)["training"], ends(plain, there)["training"]) == (90, 60)
    with plain.database.begin() as session:
        centre = session.get_one(StoredObject, here).centre_id
        where = session.get_one(Centre, centre)
        change = set_policy(
            session,
            purpose="training",
            window="P75D",
            reason="r",
            centre=where,
            now=plain.clock.now(),
            dry_run=False,
            asked_by=lambda: ASKS,
        )
    assert (change.waits_for_approval, change.objects_earlier) == (True, 1)
    assert [each.objects for each in change.kept_longer] == [1]
    assert (ends(plain, here)["training"], ends(plain, there)["training"]) == (90, 60)
    assert change.proposal is not None
    assert approved(plain, change.proposal).changed == 2
    assert (ends(plain, here)["training"], ends(plain, there)["training"]) == (75, 75)
    assert problems(plain) == []


def test_policies_of_another_purpose_do_not_matter(plain: PlainHouse) -> None:
    object_id = plain.keep()
    training, quality = waiting(plain, "P120D"), waiting(plain, "P60D", "quality")
    assert approved(plain, training).changed == approved(plain, quality).changed == 1
    assert ends(plain, object_id) == {"quality": 60, "training": 120, "delete_after": 120}
    assert problems(plain) == []


def test_what_went_or_ended_meanwhile_is_counted_and_nothing_revives(plain: PlainHouse) -> None:
    """I11: also what was stored, and is kept by another purpose, or by a hold, alone."""
    plain.clock.sleep(DAY)
    gone, held = plain.keep(("quality",)), plain.keep(("quality",))
    both = plain.keep()
    plain.clock.sleep(27 * DAY)
    stays = plain.keep(("quality",))
    proposal = waiting(plain, "P60D", "quality")
    hold(plain, held)
    plain.clock.sleep(4 * DAY)
    plain.deleter.run()
    assert plain.states()[gone] == "deleted"
    assert approved(plain, proposal) == Approved(changed=1, gone=1, otherwise=2)
    assert [ends(plain, each)["quality"] for each in (gone, held, both, stays)] == [30, 30, 30, 60]
    with plain.database.read() as session:
        for ended in (gone, held, both):
            with pytest.raises(NotFound):
                playable(session, ended, "quality", plain.clock.now())
        playable(session, stays, "quality", plain.clock.now())
    assert ask(plain, "P90D", "quality").kept_longer[0].objects == 1, "what has ended is not even previewed"
    assert problems(plain) == []


def test_i5_what_is_only_kept_because_it_is_held_is_kept_no_longer_by_a_policy(plain: PlainHouse) -> None:
    """What should never have been kept goes when its hold is lifted, whatever is published or approved meanwhile."""
    before, after = plain.keep(), plain.keep()
    for each in (before, after):
        hold(plain, each)
    discarded(plain, before)
    proposal = waiting(plain, "P120D")
    discarded(plain, after)
    assert approved(plain, proposal) == Approved(changed=0, gone=0, otherwise=1)
    dates = [plain.row(each).delete_after for each in (before, after)]
    assert dates == [plain.clock.now()] * 2
    ask(plain, "P20D")
    assert [plain.row(each).delete_after for each in (before, after)] == dates, "nor by one that keeps shorter"


def test_i4_what_was_once_shorter_comes_later_only_by_an_approval(plain: PlainHouse) -> None:
    """A policy that keeps shorter than today's, but longer than what is stored has, does not touch that."""
    old = plain.keep()
    ask(plain, "P10D")
    proposal = waiting(plain, "P80D")
    untold = plain.keep()
    assert approved(plain, proposal).changed == 1
    change = ask(plain, "P40D")
    assert (change.waits_for_approval, change.objects_earlier) == (False, 1)
    assert (ends(plain, old)["training"], ends(plain, untold)["training"]) == (40, 10)
    assert problems(plain) == []
