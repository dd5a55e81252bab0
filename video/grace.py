"""May a camera record under the sign that hangs in its zone? Pure: versions and moments in, an answer out (I8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

POSTED, GRACE, STALE, NONE = "posted", "grace", "stale", "none"


@dataclass(frozen=True)
class Version:
    """A published version of what signs say, as far as this question needs it."""

    id: str
    number: int
    effective_from: datetime
    grace_days: int


@dataclass(frozen=True)
class Sheet:
    """A sign of a zone: of which version, and when it became what the zone needs."""

    id: str
    version_number: int
    issued_at: datetime


@dataclass(frozen=True)
class Answer:
    """`word`: posted, grace, stale or none. `since`: from when on what hangs is outdated. `until`: the grace's end."""

    word: str
    since: datetime | None = None
    until: datetime | None = None


def in_force(versions: Iterable[Version], now: datetime) -> list[Version]:
    """The versions that are or were in force, in order; the last one is the newest. What had no time is left out."""
    begun = sorted((each for each in versions if each.effective_from <= now), key=lambda each: each.number)
    following: list[Version | None] = [*begun[1:], None][: len(begun)]
    return [
        each
        for each, after in zip(begun, following, strict=True)
        if after is None or after.effective_from > each.effective_from
    ]


def answer(hangs: Sheet | None, versions: Iterable[Version], sheets: Sequence[Sheet], now: datetime) -> Answer:
    """How it stands with a zone.

    Outdated is what hangs once a version after its own is in force, or the zone needs another sheet of the same version
    (another contact, say). It may hang for the grace of what made it so, counted from then: what is published later
    never makes that longer. It is over at once when a second version comes into force: only the one before may hang.

    Args:
        hangs: what was confirmed last; None: nothing hangs.
        versions: all of them, also those to come.
        sheets: those of this zone.
        now: the present.
    """
    if hangs is None:
        return Answer(NONE)
    valid = in_force(versions, now)
    newer = [each for each in valid if each.number > hangs.version_number]
    days = {each.number: each.grace_days for each in valid}
    changes = [(each.effective_from, each.grace_days) for each in newer[:1]]
    changes += [
        (sheet.issued_at, days.get(sheet.version_number, 0))
        for sheet in sheets
        if sheet.issued_at > hangs.issued_at and sheet.version_number == hangs.version_number
    ]
    if not changes:
        return Answer(POSTED)
    ends = [since + timedelta(days=grace) for since, grace in changes] + [each.effective_from for each in newer[1:2]]
    since, until = min(since for since, _ in changes), min(ends)
    return Answer(GRACE if now < until else STALE, since, until)


def over_at(
    hangs: Sheet | None, versions: Sequence[Version], sheets: Sequence[Sheet], now: datetime
) -> datetime | None:
    """The first moment from `now` on at which what hangs may hang no longer, by all that is known now.

    It is for whoever cannot ask again: a version that is published for a later moment counts too. None: none is known.
    """
    begins = [each.effective_from for each in versions]
    ends = [each.effective_from + timedelta(days=each.grace_days) for each in versions]
    until = answer(hangs, versions, sheets, now).until
    moments = sorted({now, *begins, *ends, *([] if until is None else [until])})
    over = (at for at in moments if at >= now and answer(hangs, versions, sheets, at).word in (STALE, NONE))
    return next(over, None)
