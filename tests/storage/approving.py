"""Asking for policies that keep longer, approving them, and what then is."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from storage.ledger.log import sequence
from storage.ledger.verify import Verification
from storage.models import LeafOpening, RetentionPolicy, StoredObject
from storage.retention import approval, versions
from storage.retention.approval import Approved, Proposal, approve
from storage.retention.claim import discard
from storage.retention.dates import wrong_dates
from storage.retention.holds import Why, hold_objects
from storage.retention.publish import Change, set_policy
from tests.storage.plain_house import PlainHouse

DAY = 86400
ASKS, APPROVES = "a" * 32, "b" * 32
RETELL = {
    "policy_published": versions.retell,
    "policy_proposed": approval.retell_proposed,
    "policy_approved": approval.retell_approved,
    "policy_withdrawn": approval.retell_withdrawn,
}


def ask(house: PlainHouse, window: str, purpose: str = "training", *, dry_run: bool = False) -> Change:
    with house.database.begin() as session:
        return set_policy(
            session,
            purpose=purpose,
            window=window,
            reason="lessons take longer",
            centre=None,
            now=house.clock.now(),
            dry_run=dry_run,
            asked_by=lambda: ASKS,
        )


def waiting(house: PlainHouse, window: str, purpose: str = "training") -> Proposal:
    proposal = ask(house, window, purpose).proposal
    assert proposal is not None
    return proposal


def approved(house: PlainHouse, proposal: Proposal, *, sha256: str | None = None, by: str = APPROVES) -> Approved:
    with house.database.begin() as session:
        return approve(session, proposal.policy_id, sha256 or proposal.sha256, by, house.clock.now())


def states(house: PlainHouse, purpose: str = "training") -> dict[str, str]:
    with house.database.read() as session:
        rows = session.scalars(sa.select(RetentionPolicy).where(RetentionPolicy.purpose == purpose))
        return {row.window: row.state for row in rows}


def ends(house: PlainHouse, object_id: str) -> dict[str, float]:
    """Days from when its windows begin to the end of each purpose, and to its date."""
    row = house.row(object_id)
    assert row.delete_after is not None
    dates = {each.purpose: each.until for each in row.purposes} | {"delete_after": row.delete_after}
    return {name: (date - row.counted_from).total_seconds() / DAY for name, date in dates.items()}


def everything(house: PlainHouse) -> Sequence[tuple[object, ...]]:
    """All that a refusal must leave as it was."""
    with house.database.read() as session:
        return [
            (
                row.id,
                row.state,
                row.delete_after,
                *((each.purpose, each.until, each.policy_id) for each in row.purposes),
            )
            for row in session.scalars(sa.select(StoredObject).order_by(StoredObject.id))
        ] + [
            (row.id, row.state, row.published_at)
            for row in session.scalars(sa.select(RetentionPolicy).order_by(RetentionPolicy.id))
        ]


def problems(house: PlainHouse) -> list[str]:
    with house.database.begin() as session:
        while sequence(session):
            pass
        wrong = [f"{object_id}: {what}" for object_id, what in wrong_dates(session)]
    # no checkpoint is signed here, so no key is needed
    return wrong + [str(problem) for problem in Verification(house.database, None, RETELL).problems()]  # type: ignore[arg-type]


def told(house: PlainHouse, policy_id: str) -> str:
    with house.database.read() as session:
        return str(session.scalars(sa.select(LeafOpening.facts).where(LeafOpening.subject_id == policy_id)).all())


def hold(house: PlainHouse, object_id: str) -> None:
    now = house.clock.now()
    with house.database.begin() as session:
        hold_objects(session, [object_id], Why("1", "r", "operator", now + timedelta(days=999)), now)


def discarded(house: PlainHouse, object_id: str) -> None:
    with house.database.begin() as session:
        discard(session, object_id, "notice_not_proven", house.clock.now())
