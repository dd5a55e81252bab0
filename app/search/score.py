"""Searching by score: percent as people type it, and what it asks of a column."""

import re
from dataclasses import dataclass

import sqlalchemy as sa

from app.paging import Key
from storage.errors import Refused


@dataclass(frozen=True)
class Scores:
    """Between which percent, inclusive. None: any; what has no score is then found, too."""

    least: int | None = None
    most: int | None = None

    @property
    def any(self) -> bool:
        """Whether nothing is asked."""
        return self.least is None and self.most is None

    def conditions(self, column: Key) -> list[sa.ColumnElement[bool]]:
        """What the column must be; in the words by which the databases know the index of what has a score."""
        if self.any:
            return []
        asked: list[sa.ColumnElement[bool]] = [column.is_not(None)]
        if self.least is not None:
            asked.append(column >= self.least)
        if self.most is not None:
            asked.append(column <= self.most)
        return asked


ANY_SCORE = Scores()


def read_percent(text: str | None) -> int | None:
    """Percent as somebody typed it. Raises `Refused`."""
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII) or int(text) > 100:
        raise Refused("score: give percent, 0 to 100")
    return int(text)
