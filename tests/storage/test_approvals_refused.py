"""What is not approved: by whom, by which hash, when, and what was changed since (I4, I10)."""

import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.errors import NotFound, Refused
from storage.ledger.log import canonical
from storage.models import Centre, PolicyPreview, PolicyPreviewChange, RetentionPolicy
from storage.retention.approval import approve, withdraw
from storage.retention.publish import set_policy
from tests.storage.approving import (
    APPROVES,
    ASKS,
    DAY,
    approved,
    ask,
    everything,
    problems,
    states,
    waiting,
)
from tests.storage.plain_house import PlainHouse


def test_i4_the_same_person_another_hash_and_an_old_preview_are_refused(plain: PlainHouse) -> None:
    plain.keep()
    proposal = waiting(plain, "P120D")
    before = everything(plain)
    with pytest.raises(Refused, match="second person"):
        approved(plain, proposal, by=ASKS)
    with pytest.raises(Refused, match="--preview"):
        approved(plain, proposal, sha256="0" * 64)
    with pytest.raises(NotFound), plain.database.begin() as session:
        approve(session, "nothing", proposal.sha256, APPROVES, plain.clock.now())
    plain.clock.sleep(7 * DAY)
    with pytest.raises(Refused, match="Make a new preview"):
        approved(plain, proposal)
    assert everything(plain) == before
    plain.clock.sleep(-0.001)
    anew = waiting(plain, "P120D")
    plain.clock.sleep(7 * DAY - 0.001)
    assert approved(plain, anew).changed == 1
    with pytest.raises(Refused, match="it is published"):
        approved(plain, anew)


def test_i4_nobody_named_nothing_waits(plain: PlainHouse) -> None:
    before = everything(plain)
    with pytest.raises(Refused, match="--as EMAIL"), plain.database.begin() as session:
        set_policy(
            session, purpose="training", window="P91D", reason="r", centre=None, now=plain.clock.now(), dry_run=False
        )
    assert everything(plain) == before
    assert ask(plain, "P91D", dry_run=True).proposal is None
    assert everything(plain) == before


def change_a_date(house: PlainHouse) -> None:
    with house.database.begin() as session:
        change = session.scalars(sa.select(PolicyPreviewChange)).first()
        assert change is not None
        change.until_after += timedelta(days=1)


def change_the_window(house: PlainHouse) -> None:
    with house.database.begin() as session:
        session.execute(sa.update(RetentionPolicy).where(RetentionPolicy.state == "awaiting").values(window="P9Y"))


def add_an_object(house: PlainHouse) -> None:
    kept = house.row(house.keep())
    with house.database.begin() as session:
        policy_id = session.scalars(sa.select(PolicyPreview.policy_id)).one()
        now = house.clock.now()
        assert kept.delete_after is not None
        session.add(
            PolicyPreviewChange(
                policy_id=policy_id,
                object_id=kept.id,
                until_before=kept.delete_after,
                delete_after_before=kept.delete_after,
                until_after=now + timedelta(days=999),
            )
        )


@pytest.mark.parametrize("tamper", [change_a_date, change_the_window, add_an_object])
def test_i10_a_preview_that_was_changed_is_refused_and_found(
    plain: PlainHouse, tamper: Callable[[PlainHouse], None]
) -> None:
    plain.keep()
    proposal = waiting(plain, "P120D")
    tamper(plain)
    with pytest.raises(Refused, match="was changed since"):
        approved(plain, proposal)
    assert any("policy_proposed" in problem and "preview" in problem for problem in problems(plain))


def test_i10_an_approval_whose_rows_were_changed_is_found(plain: PlainHouse) -> None:
    plain.keep()
    approved(plain, waiting(plain, "P120D"))
    assert problems(plain) == []
    with plain.database.begin() as session:
        session.execute(sa.update(PolicyPreview).values(decided_by="c" * 32))
    assert any("policy_approved" in problem and "approved_by" in problem for problem in problems(plain))


def test_the_hash_is_over_one_canonical_document(plain: PlainHouse) -> None:
    """As docs/reference/states.md says it: so that somebody else can reckon it."""
    object_id = plain.keep()
    proposal = waiting(plain, "P120D")
    with plain.database.read() as session:
        policy = session.get_one(RetentionPolicy, proposal.policy_id)
        preview = session.get_one(PolicyPreview, proposal.policy_id)
        (change,) = session.scalars(sa.select(PolicyPreviewChange))
        document = {
            "terms": {
                "purpose": "training",
                "window": "P120D",
                "centre": None,
                "jurisdictions": None,
                "reason": policy.reason,
                "policy": policy.id,
                "in_force": preview.in_force,
                "asked_by": ASKS,
                "asked_at": preview.asked_at.isoformat(),
                "expires_at": preview.expires_at.isoformat(),
            },
            "changes": [
                {
                    "object": object_id,
                    "until": change.until_before.isoformat(),
                    "delete_after": change.delete_after_before.isoformat(),
                    "new_until": change.until_after.isoformat(),
                }
            ],
        }
    assert hashlib.sha256(canonical(document)).hexdigest() == proposal.sha256


@pytest.mark.parametrize("window", ["P60D", "P89D"])
def test_i4_policies_that_changed_meanwhile_ask_for_a_new_preview(plain: PlainHouse, window: str) -> None:
    plain.keep()
    general = waiting(plain, "P120D")
    with plain.database.begin() as session:
        centre = session.get_one(Centre, plain.centre_id)
        set_policy(
            session, purpose="training", window=window, reason="r", centre=centre, now=plain.clock.now(), dry_run=False
        )
    with pytest.raises(Refused, match="in force"):
        approved(plain, general)
    again = waiting(plain, "P120D")
    with pytest.raises(Refused, match="taken this one's place"):
        approved(plain, general)
    assert ask(plain, window).waits_for_approval is False
    with pytest.raises(Refused, match="taken this one's place"):
        approved(plain, again)


def test_a_withdrawn_policy_waits_no_more(plain: PlainHouse) -> None:
    plain.keep()
    proposal = waiting(plain, "P120D")
    before = everything(plain)
    with pytest.raises(Refused, match="reason"), plain.database.begin() as session:
        withdraw(session, proposal.policy_id, ASKS, " ", plain.clock.now())
    assert everything(plain) == before
    with plain.database.begin() as session:
        withdraw(session, proposal.policy_id, ASKS, "a mistake", plain.clock.now())
    assert states(plain) == {"P90D": "published", "P120D": "withdrawn"}
    with pytest.raises(Refused, match="it is withdrawn"):
        approved(plain, proposal)
    with pytest.raises(Refused, match="it is withdrawn"), plain.database.begin() as session:
        withdraw(session, proposal.policy_id, ASKS, "again", plain.clock.now())
    assert problems(plain) == []
    with plain.database.begin() as session:
        session.execute(sa.update(PolicyPreview).values(withdrawn_reason="no mistake"))
    assert any("policy_withdrawn" in problem for problem in problems(plain))


def test_a_policy_that_waited_before_there_were_previews_needs_a_new_one(plain: PlainHouse) -> None:
    proposal = waiting(plain, "P120D")
    with plain.database.begin() as session:
        session.execute(sa.delete(PolicyPreviewChange))
        session.execute(sa.delete(PolicyPreview))
    with pytest.raises(Refused, match="Make a new preview"):
        approved(plain, proposal)


def test_two_approvals_at_once_are_one(plain: PlainHouse) -> None:
    for _ in range(5):
        plain.keep()
    proposal = waiting(plain, "P120D")
    ways: list[object] = []
    barrier = threading.Barrier(2)

    def go() -> None:
        barrier.wait()
        try:
            ways.append(approved(plain, proposal).changed)
        except Refused as error:
            ways.append(str(error))

    both = [threading.Thread(target=go) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(ways) == 2
    assert 5 in ways
    assert any("it is published" in str(way) for way in ways)
    assert problems(plain) == []
