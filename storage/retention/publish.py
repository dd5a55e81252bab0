"""Publishing a policy: what it changes, said before and after, and the dates that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.ledger.log import append
from storage.models import Centre, ObjectPurpose, RetentionPolicy, StoredObject
from storage.models.columns import random_id
from storage.retention.evidence import bring_evidence_forward
from storage.retention.policy import PURPOSES, Policy, PolicyError, applicable, longer, window_end
from storage.retention.schedule import plain, policies_change, published_policies


@dataclass(frozen=True)
class Change:
    """What a policy would change, or has changed."""

    purpose: str
    window: str
    before: dict[str, str]
    objects_earlier: int
    bytes_earlier: int
    due_at_once: int
    waits_for_approval: bool

    def lines(self) -> list[str]:
        """For people to read, before or after."""
        was = ", ".join(f"{code} {window}" for code, window in sorted(self.before.items())) or "none"
        lines = [f"{self.purpose}: {self.window} (until now: {was})"]
        if self.waits_for_approval:
            lines.append(
                "This keeps longer than now: it waits for a second person's approval, and changes nothing yet."
            )
        else:
            lines.append(
                f"{self.objects_earlier} stored objects ({self.bytes_earlier} bytes) serve this purpose for less time; "
                f"{self.due_at_once} of them go now."
            )
        return lines


def set_policy(
    session: Session, *, purpose: str, window: str, reason: str, centre: Centre | None, now: datetime, dry_run: bool
) -> Change:
    """Publish a policy for a purpose, everywhere or at one centre.

    Dates of stored objects come earlier at once. A policy that would keep anything longer than today's waits for an
    approval, and nothing changes until then. A dry run only says what would happen.

    Raises:
        Refused: if the purpose or the window makes no sense, or the reason is missing.
    """
    if purpose not in PURPOSES:
        raise Refused(f"purpose {purpose!r}: choose one of {', '.join(PURPOSES)}")
    if not reason.strip():
        raise Refused("reason: say why this long; it is published with the policy")
    try:
        window_end(now, window)
    except PolicyError as error:
        raise Refused(str(error)) from error
    policies_change(session)
    centres = [centre] if centre is not None else list(session.scalars(sa.select(Centre)))
    policies = published_policies(session)
    before = {
        each.code: found.window
        for each in centres
        if (found := applicable(policies, purpose, each.jurisdiction, each.id)) is not None
    }
    general = applicable([p for p in policies if p.centre_id is None], purpose, "", "")
    compared = list(before.values()) or ([general.window] if general is not None else [])
    waits = any(longer(window, than, now) for than in compared)
    new = RetentionPolicy(
        id=random_id(),
        purpose=purpose,
        centre_id=centre.id if centre is not None else None,
        jurisdictions=None,
        window=window,
        reason=dict.fromkeys(("kk", "ru", "en"), reason),
        state="awaiting" if waits else "published",
        published_at=now,
    )
    affected = [] if waits else _ending_earlier(session, policies, plain(new))
    change = Change(
        purpose,
        window,
        before,
        len(affected),
        sum(row.bytes or 0 for row, _ in affected),
        sum(1 for row, until in affected if _end_with(row, purpose, until) <= now and row.holds == 0),
        waits,
    )
    if dry_run:
        return change
    if not waits:
        _supersede(session, new)
    session.add(new)
    session.flush()
    for row, until in affected:
        _bring_forward(row, purpose, until, new.id)
    if purpose == "evidence" and not waits:
        bring_evidence_forward(session, published_policies(session))
    append(session, "policy_published", new.id, now, facts_of(new))
    return change


def facts_of(policy: RetentionPolicy) -> dict[str, Any]:
    """What the ledger is told of a policy: what never changes of it."""
    return {
        "purpose": policy.purpose,
        "window": policy.window,
        "centre": policy.centre_id,
        "jurisdictions": policy.jurisdictions,
        "reason": policy.reason,
    }


def retell(session: Session, policy_id: str) -> dict[str, Any] | None:
    """What the ledger was told of a policy, from its row as it is now."""
    row = session.get(RetentionPolicy, policy_id)
    return None if row is None else facts_of(row)


def _supersede(session: Session, new: RetentionPolicy) -> None:
    session.execute(
        sa.update(RetentionPolicy)
        .where(
            RetentionPolicy.purpose == new.purpose,
            RetentionPolicy.centre_id == new.centre_id if new.centre_id else RetentionPolicy.centre_id.is_(None),
            RetentionPolicy.jurisdictions.is_(None),
            RetentionPolicy.state == "published",
        )
        .values(state="superseded")
    )


def _ending_earlier(session: Session, policies: Sequence[Policy], new: Policy) -> list[tuple[StoredObject, datetime]]:
    """The stored objects whose end for the purpose the new policy brings forward, with that end."""
    in_force = [
        p
        for p in policies
        if not (p.purpose == new.purpose and p.centre_id == new.centre_id and p.jurisdictions is None)
    ] + [new]
    rows = session.execute(
        sa.select(StoredObject, Centre, ObjectPurpose.until)
        .join(ObjectPurpose, ObjectPurpose.object_id == StoredObject.id)
        .join(Centre, Centre.id == StoredObject.centre_id)
        .where(StoredObject.state == "stored", ObjectPurpose.purpose == new.purpose)
    )
    earlier = []
    for row, centre, until in rows:
        governing = applicable(in_force, new.purpose, centre.jurisdiction, centre.id)
        if governing is not None and governing.id == new.id:
            end = window_end(row.counted_from, new.window)
            if end < until:
                earlier.append((row, end))
    return earlier


def _end_with(row: StoredObject, purpose: str, until: datetime) -> datetime:
    return max(until if each.purpose == purpose else each.until for each in row.purposes)


def _bring_forward(row: StoredObject, purpose: str, until: datetime, policy_id: str) -> None:
    for each in row.purposes:
        if each.purpose == purpose:
            each.until = until
            each.policy_id = policy_id
    row.delete_after = max(each.until for each in row.purposes)
