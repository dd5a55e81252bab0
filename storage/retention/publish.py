"""Publishing a policy: what it changes, said before and after, and the dates that follow from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.ledger.log import append
from storage.models import Centre, RetentionPolicy
from storage.models.columns import random_id
from storage.retention.approval import Proposal, propose
from storage.retention.evidence import bring_evidence_forward
from storage.retention.moving import Moved, move, moved_by, stored_in_turn
from storage.retention.policy import PURPOSES, PolicyError, applicable, governs, keeps_longer, window_end
from storage.retention.schedule import plain, policies_change, published_policies
from storage.retention.versions import facts_of, supersede


@dataclass(frozen=True)
class KeptLonger:
    """What of one centre a policy would keep longer."""

    centre: str
    objects: int
    bytes: int
    oldest: datetime
    held: int
    """Of these, how many are held anyway."""


@dataclass(frozen=True)
class KeptShorter:
    """What of one centre a policy would keep for less time."""

    centre: str
    objects: int
    bytes: int
    oldest: datetime
    held: int
    """Of these, how many stay all the same, since something holds them."""
    due_at_once: int
    """Of these, how many go now."""


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
    kept_longer: tuple[KeptLonger, ...] = ()
    kept_shorter: tuple[KeptShorter, ...] = ()
    proposal: Proposal | None = None
    """What a second person can approve; None in a dry run, and where nothing waits."""

    def lines(self) -> list[str]:
        """For people to read, before or after."""
        was = ", ".join(f"{code} {window}" for code, window in sorted(self.before.items())) or "none"
        lines = [f"{self.purpose}: {self.window} (until now: {was})"]
        if not self.waits_for_approval:
            return [*lines, self._earlier("serve"), f"{self.due_at_once} of them go now."]
        lines.append("This keeps longer than now: it waits for a second person's approval, and changes nothing yet.")
        count = sum(each.objects for each in self.kept_longer)
        lines.append(f"With it, {count} stored objects would serve {self.purpose} for longer:")
        lines += [
            f"  {each.centre}, {self.purpose}: {each.objects} objects, {each.bytes} bytes, "
            f"the oldest of {each.oldest:%Y-%m-%d}; {each.held} of them are held anyway"
            for each in self.kept_longer
        ]
        if self.objects_earlier:
            lines.append(self._earlier("would serve"))
        if self.purpose == "evidence":
            lines.append("Rows about calls that were taken before the approval keep the dates they have.")
        return lines

    def _earlier(self, verb: str) -> str:
        return f"{self.objects_earlier} stored objects ({self.bytes_earlier} bytes) {verb} this purpose for less time."


def nobody_asks() -> str:
    """Who asks, where nobody was named."""
    raise Refused("this keeps longer than now, and must be approved: say who asks, with --as EMAIL or ESKERTU_AS")


def set_policy(
    session: Session,
    *,
    purpose: str,
    window: str,
    reason: str,
    centre: Centre | None,
    now: datetime,
    dry_run: bool,
    asked_by: Callable[[], str] = nobody_asks,
) -> Change:
    """Publish a policy for a purpose, everywhere or at one centre.

    Dates of stored objects come earlier at once. A policy that would keep anything longer than today's, at any centre,
    waits as a whole for an approval of exactly the preview that is made of it here, and nothing changes until then. A
    dry run only says what would happen.

    Args:
        session: the transaction.
        purpose: one of PURPOSES.
        window: an ISO 8601 duration.
        reason: why this long, in words that are published.
        centre: only there; None: everywhere.
        now: the present.
        dry_run: change nothing.
        asked_by: the id of the person who asks, if somebody must; raises Refused where nobody may.

    Raises:
        Refused: if the purpose or the window makes no sense, the reason is missing, or `asked_by` raises it.
    """
    if purpose not in PURPOSES:
        raise Refused("purpose {purpose!r}: choose one of {purposes}", purpose=purpose, purposes=PURPOSES)
    if not reason.strip():
        raise Refused("reason: say why this long; it is published with the policy")
    try:
        window_end(now, window)
    except PolicyError as error:
        raise Refused(
            "window {window!r}: give an ISO 8601 duration longer than nothing, such as P90D or PT20S", window=window
        ) from error
    policies_change(session)
    row = RetentionPolicy(
        id=random_id(),
        purpose=purpose,
        centre_id=centre.id if centre is not None else None,
        jurisdictions=None,
        window=window,
        reason=dict.fromkeys(("kk", "ru", "en"), reason),
        state="published",
        published_at=now,
    )
    policies, new = published_policies(session), plain(row)
    centres = session.scalars(sa.select(Centre)).all()
    before = {
        each.code: found.window
        for each in centres
        if governs(policies, new, each.jurisdiction, each.id)
        and (found := applicable(policies, purpose, each.jurisdiction, each.id)) is not None
    }
    waits = keeps_longer(policies, new, [(each.jurisdiction, each.id) for each in centres], now)
    # What was stored under a shorter policy of old keeps its date, unless somebody approves a later one.
    moved = [each for each in moved_by(session, policies, new, now) if waits or not each.later]
    proposal = None
    if waits and not dry_run:
        row.state = "awaiting"
        proposal = propose(session, row, moved, asked_by(), now)
    elif not dry_run:
        _publish(session, row, moved, now)
    return _change(row, before, moved, waits, proposal, now)


def _publish(session: Session, row: RetentionPolicy, moved: Sequence[Moved], now: datetime) -> None:
    supersede(session, row, "published", "awaiting")
    session.add(row)
    session.flush()
    ends = {each.object_id: each.until_after for each in moved}
    for kept in stored_in_turn(session, ends):
        move(kept, row.purpose, ends[kept.id], row.id)
    if row.purpose == "evidence":
        bring_evidence_forward(session, published_policies(session))
    append(session, "policy_published", row.id, now, facts_of(row))


def _change(
    row: RetentionPolicy,
    before: dict[str, str],
    moved: Sequence[Moved],
    waits: bool,
    proposal: Proposal | None,
    now: datetime,
) -> Change:
    earlier = [each for each in moved if not each.later]
    longer = [each for each in moved if each.later]
    return Change(
        row.purpose,
        row.window,
        before,
        len(earlier),
        sum(each.bytes for each in earlier),
        sum(1 for each in earlier if each.ends <= now and not each.held),
        waits,
        tuple(
            KeptLonger(
                code,
                len(there),
                sum(each.bytes for each in there),
                min(each.counted_from for each in there),
                sum(each.held for each in there),
            )
            for code in sorted({each.centre for each in longer})
            if (there := [each for each in longer if each.centre == code])
        ),
        tuple(
            KeptShorter(
                code,
                len(there),
                sum(each.bytes for each in there),
                min(each.counted_from for each in there),
                sum(each.held for each in there),
                sum(1 for each in there if each.ends <= now and not each.held),
            )
            for code in sorted({each.centre for each in earlier})
            if (there := [each for each in earlier if each.centre == code])
        ),
        proposal,
    )
