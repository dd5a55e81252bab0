"""Days and moments as forms and addresses give them, in a place's time; only of years that footage and holds can be of.

Pages, commands and programs have them read here, so that none meets a moment with which it cannot count: all that is
added to one, or taken from it, and every zone's time of it, is a moment too.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from storage.errors import Refused

FIRST_YEAR, LAST_YEAR = 1970, 2099


def moment(text: str | None, zone: ZoneInfo, field: str) -> datetime:
    """A moment, in a place's time unless it says its zone. Raises `Refused` if it is none, or of no such year."""
    try:
        typed = datetime.fromisoformat(text or "")
    except ValueError as error:
        raise Refused("{field}: give day and time", field=field) from error
    of_our_years(typed, field)
    return (typed if typed.tzinfo else typed.replace(tzinfo=zone)).astimezone(UTC)


def typed_day(text: str | None, field: str) -> date:
    """A day, such as `2026-11-22`. Raises `Refused` if it is none, or of no such year."""
    try:
        typed = date.fromisoformat(text or "")
    except ValueError as error:
        raise Refused("{field}: give a day", field=field) from error
    of_our_years(typed, field)
    return typed


def midnight(of: date, zone: ZoneInfo, days: int = 0) -> datetime:
    """When a day begins in a place, or one so many days on."""
    return datetime.combine(of + timedelta(days=days), time(), zone).astimezone(UTC)


def of_our_years(typed: date, field: str) -> None:
    """Raise `Refused` for a day or a moment of which no footage and no hold can be."""
    if not FIRST_YEAR <= typed.year <= LAST_YEAR:
        # As text: a year is written without a thousands separator.
        raise Refused(
            "{field}: give a year from {first} to {last}", field=field, first=str(FIRST_YEAR), last=str(LAST_YEAR)
        )
