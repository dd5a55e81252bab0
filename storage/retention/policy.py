"""How long is something kept? Pure: policies and moments in, moments out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import isodate

PURPOSES = ("training", "quality", "security", "evidence")


class PolicyError(Exception):
    """A policy cannot be used, or none applies. The message says which and what to do."""


@dataclass(frozen=True)
class Policy:
    """A published policy version, as far as a decision needs it."""

    id: str
    purpose: str
    centre_id: str | None
    jurisdictions: tuple[str, ...] | None
    window: str
    published_at: datetime


def windows_begin(counted_from: datetime, stored_at: datetime | None) -> datetime:
    """Where an object's windows begin: when its content came to be, and not after it was stored.

    What says that it is of later has its times from a clock that was ahead, and no date may be later for that (I4).
    """
    return counted_from if stored_at is None else min(counted_from, stored_at)


def window_end(begins: datetime, window: str) -> datetime:
    """The moment at which a window of an ISO 8601 duration that begins at `begins` has ended.

    Months and years are reckoned by the calendar (P3Y from 29 February ends on 28 February).

    Raises:
        PolicyError: if `window` is no ISO 8601 duration, or not longer than nothing.
    """
    try:
        length = isodate.parse_duration(window)
        end: datetime = begins + length
    except (isodate.ISO8601Error, OverflowError, ValueError, TypeError) as error:
        raise PolicyError(f"window {window!r} is not an ISO 8601 duration such as P90D or PT20S") from error
    if end <= begins:
        raise PolicyError(f"window {window!r} is not longer than nothing")
    return end.astimezone(UTC)


def longer(window: str, than: str, at: datetime) -> bool:
    """Whether `window` can keep longer than `than`, for something that begins at `at` or later.

    Months have different lengths: P1M is shorter than P30D in February alone. So all beginnings of four years count.
    """
    begins = [at, *(at + timedelta(days=day) for day in range(1, 4 * 366))]
    return any(window_end(begin, window) > window_end(begin, than) for begin in begins)


def applicable(policies: Iterable[Policy], purpose: str, jurisdiction: str, centre_id: str) -> Policy | None:
    """The policy that governs a purpose at a centre: the centre's own, else its jurisdiction's, else the general one.

    Within one of these the newest wins.
    """
    fitting = [
        policy
        for policy in policies
        if policy.purpose == purpose
        and policy.centre_id in (None, centre_id)
        and (policy.jurisdictions is None or jurisdiction in policy.jurisdictions)
    ]
    return max(
        fitting,
        key=lambda p: (p.centre_id is not None, p.jurisdictions is not None, p.published_at),
        default=None,
    )


def replacing(policies: Iterable[Policy], new: Policy) -> list[Policy]:
    """The policies in force once `new` is published: it takes the place of the one of its own purpose and scope."""

    def scope(policy: Policy) -> tuple[str, str | None, tuple[str, ...] | None]:
        return policy.purpose, policy.centre_id, policy.jurisdictions

    return [*(policy for policy in policies if scope(policy) != scope(new)), new]


def governs(policies: Iterable[Policy], new: Policy, jurisdiction: str, centre_id: str) -> bool:
    """Whether `new` governs its purpose at a centre, once it is published: a nearer policy beats it."""
    found = applicable(replacing(policies, new), new.purpose, jurisdiction, centre_id)
    return found is not None and found.id == new.id


def keeps_longer(policies: Iterable[Policy], new: Policy, centres: Iterable[tuple[str, str]], at: datetime) -> bool:
    """Whether `new` would keep anything longer than the policies in force do, at any centre that it would govern.

    Args:
        policies: those in force.
        new: the one to be published.
        centres: (jurisdiction, centre id) of every centre there is. Centres to come count too: a policy for all of them
            is also compared with the one for all that it replaces.
        at: what is recorded from then on counts.
    """
    known = list(policies)
    than = [
        before.window
        for jurisdiction, centre_id in centres
        if governs(known, new, jurisdiction, centre_id)
        and (before := applicable(known, new.purpose, jurisdiction, centre_id)) is not None
    ]
    than += [each.window for each in known if each not in replacing(known, new)]
    return any(longer(new.window, window, at) for window in dict.fromkeys(than))


def moved_end(new: Policy, counted_from: datetime, until: datetime, now: datetime) -> datetime | None:
    """The end that `new` gives a purpose that ended at `until` before, where it governs. None: it stays as it is.

    It may come earlier at any time; later only while the purpose lasts, since an ended one never revives (I11).
    """
    end = window_end(counted_from, new.window)
    if end == until or (end > until and until <= now):
        return None
    return end


@dataclass(frozen=True)
class Due:
    """Until when an object serves one purpose, and which policy version says so."""

    purpose: str
    until: datetime
    policy_id: str


def schedule(
    policies: Iterable[Policy], purposes: Iterable[str], jurisdiction: str, centre_id: str, counted_from: datetime
) -> tuple[Due, ...]:
    """The ends of all purposes of an object whose windows begin at `counted_from`.

    Raises:
        PolicyError: if a purpose has no policy: what matches no policy is not stored (I4).
    """
    known = list(policies)
    ends = []
    for purpose in purposes:
        policy = applicable(known, purpose, jurisdiction, centre_id)
        if policy is None:
            raise PolicyError(f"no retention policy for purpose {purpose!r} in {jurisdiction}: publish one first")
        ends.append(Due(purpose, window_end(counted_from, policy.window), policy.id))
    if not ends:
        raise PolicyError("an object needs at least one purpose")
    return tuple(ends)


def delete_after(ends: Iterable[Due]) -> datetime:
    """When an object goes: when its last purpose ends."""
    return max(end.until for end in ends)


def usable_for(purposes: Iterable[tuple[str, datetime]], now: datetime) -> frozenset[str]:
    """The purposes that `now` still allows (I11)."""
    return frozenset(purpose for purpose, until in purposes if now < until)
