"""How long things are kept, as people meet it: what holds, what waits, what a change would do before it does it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.privacy.people import address_of
from app.viewing import entitled
from storage.errors import NotFound, Refused
from storage.ledger.log import canonical
from storage.models import Centre, Person, PolicyPreview, PolicyPreviewChange, RetentionPolicy, StoredObject
from storage.retention.approval import Approved, approve, withdraw
from storage.retention.publish import Change, KeptLonger, KeptShorter, set_policy

ASK = "ask for a policy that keeps longer"
APPROVE = "approve a policy"


@dataclass(frozen=True)
class PolicyRow:
    """A version of a policy, with the preview that it waits or waited with."""

    policy: RetentionPolicy
    preview: PolicyPreview | None
    centre: str | None
    """The code of the centre it is for; None: all."""
    asked_by: str | None = None
    """Address of who asked, where somebody did."""

    @property
    def was_published(self) -> bool:
        """What waits has never been published, nor has what was withdrawn or superseded while it waited."""
        return self.policy.state != "awaiting" and (self.preview is None or self.preview.changed is not None)


@dataclass(frozen=True)
class Terms:
    """What somebody would set."""

    purpose: str
    window: str
    reason: str
    centre: str | None
    """The code of the centre it is for; None: all."""


@dataclass(frozen=True)
class Waiting:
    """What the approval of a policy does, by centre."""

    longer: tuple[KeptLonger, ...]
    shorter: tuple[KeptShorter, ...]


def policies_there_are(session: Session, centre_id: str | None = None) -> list[PolicyRow]:
    """All versions, in order; with `centre_id` those alone that are for it, or for all."""
    query = (
        sa.select(RetentionPolicy, PolicyPreview, Centre.code)
        .outerjoin(PolicyPreview, PolicyPreview.policy_id == RetentionPolicy.id)
        .outerjoin(Centre, Centre.id == RetentionPolicy.centre_id)
        .order_by(RetentionPolicy.published_at, RetentionPolicy.id)
    )
    if centre_id is not None:
        query = query.where(sa.or_(RetentionPolicy.centre_id.is_(None), RetentionPolicy.centre_id == centre_id))
    return [
        PolicyRow(policy, preview, code, address_of(session, preview.asked_by) if preview is not None else None)
        for policy, preview, code in session.execute(query)
    ]


def one_policy(session: Session, policy_id: str, centre_id: str | None = None) -> RetentionPolicy:
    """One version. Raises `NotFound` if it is not there, or not theirs to see."""
    row = session.get(RetentionPolicy, policy_id)
    if row is None or (centre_id is not None and row.centre_id not in (None, centre_id)):
        raise NotFound("there is no policy {policy_id!r}; see `eskertu policy list`", policy_id=policy_id)
    return row


def preview_change(session: Session, person: Person, terms: Terms, now: datetime) -> Change:
    """What a policy would change; changes nothing. Raises `Refused` if it makes no sense, or they may not."""
    return _set(session, person, terms, now, dry_run=True)


def set_shown(session: Session, person: Person, terms: Terms, shown: str, now: datetime) -> Change:
    """Publish, or let wait, what somebody has seen the preview of.

    Raises:
        Refused: if it would do something else than what was seen, it makes no sense, or they may not.
    """
    change = _set(session, person, terms, now, dry_run=False)
    if shown_hash(change) != shown:
        raise Refused("something else would change now than what was shown: look at it again")
    return change


def shown_hash(change: Change) -> str:
    """A hash over all that a preview shows: what a confirmation is bound to."""
    told = {
        "purpose": change.purpose,
        "window": change.window,
        "before": change.before,
        "waits": change.waits_for_approval,
        "longer": [[each.centre, each.objects, each.bytes, each.held] for each in change.kept_longer],
        "shorter": [
            [each.centre, each.objects, each.bytes, each.held, each.due_at_once] for each in change.kept_shorter
        ],
    }
    return hashlib.sha256(canonical(told)).hexdigest()


def waiting(session: Session, policy_id: str) -> Waiting:
    """What the approval of a policy that waits will do, from the rows of its preview."""
    rows = session.execute(
        sa.select(
            Centre.code,
            (PolicyPreviewChange.until_after > PolicyPreviewChange.until_before).label("later"),
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(StoredObject.bytes), 0),
            sa.func.min(StoredObject.counted_from),
            sa.func.sum(sa.case((StoredObject.holds > 0, 1), else_=0)),
        )
        .join(StoredObject, StoredObject.id == PolicyPreviewChange.object_id)
        .join(Centre, Centre.id == StoredObject.centre_id)
        .where(PolicyPreviewChange.policy_id == policy_id)
        .group_by(Centre.code, "later")
        .order_by(Centre.code)
    ).all()
    return Waiting(
        tuple(
            KeptLonger(code, n, int(size), oldest, int(held)) for code, later, n, size, oldest, held in rows if later
        ),
        tuple(
            KeptShorter(code, n, int(size), oldest, int(held), 0)
            for code, later, n, size, oldest, held in rows
            if not later
        ),
    )


def approve_policy(session: Session, person: Person, policy_id: str, sha256: str, now: datetime) -> Approved:
    """Publish one that waits, as its preview says. Raises `Refused` if they may not, or `approve` does."""
    entitled(person, APPROVE, one_policy(session, policy_id).centre_id)
    return approve(session, policy_id, sha256.strip().lower(), person.id, now)


def withdraw_policy(session: Session, person: Person, policy_id: str, reason: str, now: datetime) -> None:
    """Let one wait no more: whoever asked for it may, and whoever may approve it."""
    row = one_policy(session, policy_id)
    preview = session.get(PolicyPreview, row.id)
    if preview is None or preview.asked_by != person.id or not person.active:
        entitled(person, APPROVE, row.centre_id)
    withdraw(session, row.id, person.id, reason, now)


def _set(session: Session, person: Person, terms: Terms, now: datetime, *, dry_run: bool) -> Change:
    centre = None
    if terms.centre:
        centre = session.scalars(sa.select(Centre).where(Centre.code == terms.centre)).one_or_none()
        if centre is None:
            raise NotFound("there is no such centre")
    entitled(person, ASK, centre.id if centre is not None else None)
    return set_policy(
        session,
        purpose=terms.purpose,
        window=terms.window.strip(),
        reason=terms.reason,
        centre=centre,
        now=now,
        dry_run=dry_run,
        asked_by=lambda: person.id,
    )
