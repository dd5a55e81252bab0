"""A policy that keeps longer waits for a second person, who approves exactly what the first was shown (I4).

The preview is kept as rows, and an approval is bound to its hash: SHA-256 over the canonical JSON (keys sorted, no
spaces, UTF-8) of `{"changes": [...], "terms": {...}}`. Whoever approves gives the hash; the rows must still have it;
and what is executed is the rows, not what the same policy would do today.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound, Refused
from storage.ledger.log import append, canonical
from storage.models import PolicyPreview, PolicyPreviewChange, RetentionPolicy, StoredObject
from storage.retention.evidence import bring_evidence_forward
from storage.retention.moving import AT_ONCE, Moved, is_discarded, move, stored_in_turn
from storage.retention.schedule import policies_change, published_policies
from storage.retention.versions import facts_of, supersede

VALID_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Proposal:
    """A policy that waits, and the hash of what its approval would do."""

    policy_id: str
    sha256: str
    expires_at: datetime


@dataclass(frozen=True)
class Approved:
    """What an approval did."""

    changed: int
    gone: int
    """Objects of the preview that are deleted, or being deleted, by now."""
    otherwise: int
    """Objects of the preview whose purpose has ended since, or whose date something else has changed."""


def propose(
    session: Session, policy: RetentionPolicy, moved: Sequence[Moved], asked_by: str, now: datetime
) -> Proposal:
    """Keep a policy as `awaiting`, with exactly what its approval will do. An earlier one of its scope is superseded.

    The caller holds `policies_change`.
    """
    supersede(session, policy, "awaiting")
    session.add(policy)
    session.flush()
    preview = PolicyPreview(
        policy_id=policy.id,
        sha256="",
        in_force=_in_force(session, policy.purpose),
        asked_by=asked_by,
        asked_at=now,
        expires_at=now + VALID_FOR,
    )
    session.add(preview)
    session.flush()
    for first in range(0, len(moved), AT_ONCE):
        session.execute(
            sa.insert(PolicyPreviewChange),
            [
                {
                    "policy_id": policy.id,
                    "object_id": each.object_id,
                    "until_before": each.until_before,
                    "delete_after_before": each.delete_after_before,
                    "until_after": each.until_after,
                }
                for each in moved[first : first + AT_ONCE]
            ],
        )
    preview.sha256 = _hash(session, policy, preview)
    append(session, "policy_proposed", policy.id, now, _proposed(preview, preview.sha256))
    return Proposal(policy.id, preview.sha256, preview.expires_at)


def approve(session: Session, policy_id: str, sha256: str, approved_by: str, now: datetime) -> Approved:
    """Publish a policy that waits, and give the objects of its preview exactly the dates that stand in it.

    What was stored since the preview keeps the dates it was stored with.

    Args:
        session: the transaction.
        policy_id: the policy's.
        sha256: the hash of the preview that was read.
        approved_by: the id of a person who is not the one who asked.
        now: the present.

    Raises:
        NotFound: if there is no such policy.
        Refused: if it waits no more, the same person asked, the hash is another one, the preview has expired, or the
            policies in force are not those that it was made from.
    """
    policies_change(session)
    policy, preview = _waiting(session, policy_id)
    if preview.asked_by == approved_by:
        raise Refused("whoever asked for a policy cannot approve it: this takes a second person")
    if sha256 != preview.sha256:
        raise Refused("--preview: this is not the hash of what would be done; read the preview again")
    if now >= preview.expires_at:
        raise Refused(
            "this preview was good until {until}. Make a new preview: `eskertu policy set` once more",
            until=preview.expires_at,
        )
    if preview.in_force != _in_force(session, policy.purpose):
        raise Refused(
            "other policies for {purpose} are in force than when the preview was made. "
            "Make a new preview: `eskertu policy set` once more",
            purpose=policy.purpose,
        )
    if _hash(session, policy, preview) != preview.sha256:
        raise Refused(
            "the preview was changed since it was made. "
            "Make a new preview: `eskertu policy set` once more, and run `eskertu ledger verify`"
        )
    supersede(session, policy, "published")
    policy.state = "published"
    policy.published_at = now
    session.flush()
    done = _execute(session, policy, now)
    if policy.purpose == "evidence":
        bring_evidence_forward(session, published_policies(session))
    preview.decided_by, preview.decided_at, preview.changed = approved_by, now, done.changed
    append(session, "policy_approved", policy.id, now, _approved(preview, preview.sha256))
    append(session, "policy_published", policy.id, now, facts_of(policy))
    return done


def withdraw(session: Session, policy_id: str, withdrawn_by: str, reason: str, now: datetime) -> None:
    """Let a policy wait no more.

    Raises:
        NotFound: if there is no such policy.
        Refused: if it waits no more, or the reason is missing.
    """
    if not reason.strip():
        raise Refused("reason: say why it is withdrawn; it is written into the ledger")
    policies_change(session)
    policy, preview = _waiting(session, policy_id)
    policy.state = "withdrawn"
    preview.decided_by, preview.decided_at, preview.withdrawn_reason = withdrawn_by, now, reason
    append(session, "policy_withdrawn", policy.id, now, _withdrawn(preview))


def _waiting(session: Session, policy_id: str) -> tuple[RetentionPolicy, PolicyPreview]:
    policy = session.get(RetentionPolicy, policy_id, with_for_update=True, populate_existing=True)
    if policy is None:
        raise NotFound("there is no policy {policy_id!r}; see `eskertu policy list`", policy_id=policy_id)
    if policy.state == "superseded":
        raise Refused(
            "a newer policy for {purpose} has taken this one's place. "
            "Make a new preview: `eskertu policy set` once more",
            purpose=policy.purpose,
        )
    if policy.state != "awaiting":
        raise Refused("this policy waits for nobody: it is {policy_state}", policy_state=policy.state)
    preview = session.get(PolicyPreview, policy_id, populate_existing=True)
    if preview is None:
        raise Refused(
            "this policy was set before previews were kept. Make a new preview: `eskertu policy set` once more"
        )
    return policy, preview


def _execute(session: Session, policy: RetentionPolicy, now: datetime) -> Approved:
    wanted = {each.object_id: each for each in _changes(session, policy.id)}
    changed = otherwise = 0
    for row in stored_in_turn(session, wanted):
        if _fits(row, policy.purpose, wanted[row.id], now):
            move(row, policy.purpose, wanted[row.id].until_after, policy.id)
            changed += 1
        else:
            otherwise += 1
    return Approved(changed, len(wanted) - changed - otherwise, otherwise)


def _fits(row: StoredObject, purpose: str, change: PolicyPreviewChange, now: datetime) -> bool:
    """Whether an object is still as it was previewed. An ended purpose never revives (I11)."""
    if [each.until for each in row.purposes if each.purpose == purpose] != [change.until_before]:
        return False
    return change.until_after < change.until_before or (change.until_before > now and not is_discarded(row))


def _in_force(session: Session, purpose: str) -> list[str]:
    return sorted(each.id for each in published_policies(session) if each.purpose == purpose)


def _changes(session: Session, policy_id: str) -> Iterable[PolicyPreviewChange]:
    return session.scalars(
        sa.select(PolicyPreviewChange)
        .where(PolicyPreviewChange.policy_id == policy_id)
        .order_by(PolicyPreviewChange.object_id)
        .execution_options(yield_per=AT_ONCE, populate_existing=True)
    )


def _hash(session: Session, policy: RetentionPolicy, preview: PolicyPreview) -> str:
    digest = hashlib.sha256()
    for part in _canonical(_changes(session, policy.id), _terms(policy, preview)):
        digest.update(part)
    return digest.hexdigest()


def _canonical(changes: Iterable[PolicyPreviewChange], terms: dict[str, Any]) -> Iterator[bytes]:
    # `canonical` of the whole, without having the whole in memory.
    yield b'{"changes":['
    for index, each in enumerate(changes):
        told = {
            "object": each.object_id,
            "until": each.until_before.isoformat(),
            "delete_after": each.delete_after_before.isoformat(),
            "new_until": each.until_after.isoformat(),
        }
        yield (b"," if index else b"") + canonical(told)
    yield b'],"terms":' + canonical(terms) + b"}"


def _terms(policy: RetentionPolicy, preview: PolicyPreview) -> dict[str, Any]:
    return facts_of(policy) | {
        "policy": policy.id,
        "in_force": preview.in_force,
        "asked_by": preview.asked_by,
        "asked_at": preview.asked_at.isoformat(),
        "expires_at": preview.expires_at.isoformat(),
    }


def _proposed(preview: PolicyPreview, sha256: str) -> dict[str, Any]:
    return {"policy": preview.policy_id, "preview": sha256, "asked_by": preview.asked_by}


def _approved(preview: PolicyPreview, sha256: str) -> dict[str, Any]:
    return _proposed(preview, sha256) | {"approved_by": preview.decided_by, "changed": preview.changed}


def _withdrawn(preview: PolicyPreview) -> dict[str, Any]:
    return {
        "policy": preview.policy_id,
        "withdrawn_by": preview.decided_by,
        "reason": preview.withdrawn_reason,
    }


def retell_proposed(session: Session, policy_id: str) -> dict[str, Any] | None:
    """What the ledger was told when a policy began to wait, its hash reckoned anew from the rows of its preview."""
    found = _told(session, policy_id)
    return None if found is None else _proposed(*found)


def retell_approved(session: Session, policy_id: str) -> dict[str, Any] | None:
    """What the ledger was told of an approval, the hash reckoned anew."""
    found = _told(session, policy_id)
    return None if found is None else _approved(*found)


def retell_withdrawn(session: Session, policy_id: str) -> dict[str, Any] | None:
    """What the ledger was told when a policy was withdrawn."""
    preview = session.get(PolicyPreview, policy_id)
    return None if preview is None else _withdrawn(preview)


def _told(session: Session, policy_id: str) -> tuple[PolicyPreview, str] | None:
    preview = session.get(PolicyPreview, policy_id)
    policy = session.get(RetentionPolicy, policy_id)
    return None if preview is None or policy is None else (preview, _hash(session, policy, preview))
