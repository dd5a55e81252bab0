"""Moments, lengths and numbers as people write them in their language. Pure; the conventions are CLDR's, by Babel."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import isodate
from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent, get_decimal_symbol
from babel.units import format_unit


@dataclass(frozen=True)
class Local:
    """The conventions of one language (`kk`, `ru`, `en`)."""

    language: str

    @cached_property
    def _locale(self) -> Locale:
        # Days before months, and 24 hours, for readers of English too: our centres are not in America.
        return Locale.parse("en_GB" if self.language == "en" else self.language)

    def moment(self, at: datetime, zone: ZoneInfo) -> str:
        """A moment to the minute, in a place's time: `22 Nov 2026, 15:40`."""
        return format_datetime(at.astimezone(zone), "medium", locale=self._locale).rpartition(":")[0]

    def second(self, at: datetime, zone: ZoneInfo) -> str:
        """The same to the second."""
        return format_datetime(at.astimezone(zone), "medium", locale=self._locale)

    def day(self, at: datetime | date, zone: ZoneInfo | None = None) -> str:
        """A day: `22 November 2026`."""
        return format_date(at.astimezone(zone) if isinstance(at, datetime) else at, "long", locale=self._locale)

    def time(self, at: datetime, zone: ZoneInfo) -> str:
        """A time of day, to the second."""
        return format_time(at.astimezone(zone), "medium", locale=self._locale)

    def number(self, value: float, decimals: int = 0) -> str:
        """A number, rounded to so many decimals."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return str(format_decimal(value, pattern, locale=self._locale))

    def percent(self, share: float) -> str:
        """A share of one as a percentage, to a tenth."""
        return str(format_percent(share, "#,##0.#%", locale=self._locale))

    def length(self, seconds: float) -> str:
        """A length as minutes and seconds, with hours where there are any: `4:05`, `1:04:05`."""
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

    def instant(self, milliseconds: int) -> str:
        """A length, or a place in a recording, to the millisecond where it has any: `1:15`, `1:15.25`."""
        seconds, rest = divmod(milliseconds, 1000)
        minutes, seconds = divmod(seconds, 60)
        fraction = f"{rest:03d}".rstrip("0")
        return f"{minutes}:{seconds:02d}" + (get_decimal_symbol(self._locale) + fraction if fraction else "")

    def window(self, duration: str) -> str:
        """An ISO 8601 duration in words: `90 days`, `1 year and 6 months`."""
        length = isodate.parse_duration(duration)
        rest = length.tdelta if isinstance(length, isodate.Duration) else length
        hours, seconds = divmod(rest.seconds, 3600)
        minutes, seconds = divmod(seconds, 60)
        years, months = (int(length.years), int(length.months)) if isinstance(length, isodate.Duration) else (0, 0)
        parts = [
            self._unit(number, unit)
            for number, unit in (
                (years, "year"),
                (months, "month"),
                (rest.days, "day"),
                (hours, "hour"),
                (minutes, "minute"),
                (seconds, "second"),
            )
            if number
        ]
        return str(format_list(parts, locale=self._locale))

    def _unit(self, number: int, unit: str) -> str:
        # Where CLDR's long form is its short one (days and months in Kazakh), Babel finds the short one alone.
        forms = (format_unit(number, f"duration-{unit}", length, locale=self._locale) for length in ("long", "short"))
        return next(str(form) for form in forms if "duration-" not in form)

    def size(self, octets: int) -> str:
        """A size in bytes, by thousands: `1.4 GB`."""
        units = {"kk": "Б КБ МБ ГБ ТБ", "ru": "Б КБ МБ ГБ ТБ", "en": "B kB MB GB TB"}[self.language].split()
        value, unit = float(octets), 0
        while value >= 1000 and unit < len(units) - 1:
            value, unit = value / 1000, unit + 1
        return f"{self.number(value, 0 if unit == 0 or value >= 100 else 1)}\u00a0{units[unit]}"

    def plural_of(self, number: int) -> str:
        """The plural category of a number: `one`, `few`, `many` or `other`."""
        return str(self._locale.plural_form(number))

    @property
    def plurals(self) -> frozenset[str]:
        """The categories that whole numbers have in this language."""
        found: Any = {self._locale.plural_form(number) for number in range(200)}
        return frozenset(found)
