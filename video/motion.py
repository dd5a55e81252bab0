"""Where something moved between two pictures of a camera, coarsely. Pure: pictures in, small numbers out.

Pictures are compared at 160 by 90, where a camera's noise is averaged away: a person who is far off changes some
hundredths of the picture, a lamp that is switched on changes all of it.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import cv2
from numpy.typing import NDArray

Picture = NDArray[Any]

WIDTH, HEIGHT = 160, 90
COLUMNS, ROWS = 16, 9
# Of 255: less is noise, or light that comes and goes.
CHANGED = 18


@dataclass(frozen=True)
class Change:
    """How much changed, up to a moment: all over (0 to 255) and by cells, row by row (each 0 to 255)."""

    at_s: float
    level: int
    cells: bytes


@dataclass
class Motion:
    """Compares each picture with the one before it."""

    _before: NDArray[Any] | None = field(default=None, init=False)

    def see(self, picture: Picture, at_s: float) -> Change | None:
        """What changed since the picture before; None for the first.

        Args:
            picture: grey, of any size; the same size each time.
            at_s: when it was taken, in seconds.
        """
        small = cv2.blur(cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), (3, 3))
        before, self._before = self._before, small
        if before is None:
            return None
        changed = cv2.threshold(cv2.absdiff(small, before), CHANGED, 255, cv2.THRESH_BINARY)[1]
        cells = cv2.resize(changed, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
        return Change(at_s, level_of(cv2.countNonZero(changed) / (WIDTH * HEIGHT)), cells.tobytes())


def level_of(share: float) -> int:
    """A share of the picture as a level: by its square root, so that what is far off is seen, too."""
    return round(255 * math.sqrt(share))


def by_second(changes: list[Change], seconds: int) -> bytes:
    """For each second the most that changed in it. A change lies anywhere between its picture and the one before."""
    levels = bytearray(seconds)
    begin = 0.0
    for change in changes:
        for second in range(int(begin), min(math.ceil(change.at_s), seconds)):
            levels[second] = max(levels[second], change.level)
        begin = change.at_s
    for second in range(math.ceil(begin), seconds):
        # Behind the last picture nothing is known but what was there before.
        levels[second] = levels[second - 1] if second else 0
    return bytes(levels)
