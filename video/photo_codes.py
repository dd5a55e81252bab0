"""Reads one photo from its input, and writes the texts of the QR codes on it as JSON: a process of its own.

`python -m video.photo_codes`. Which way of looking finds a code depends on the photo: so several, the quick ones first,
until one does. Each was added for photos that those before it could not read (tests/video/test_photos.py).
"""

import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

MOST_MEMORY = 2 * 1024**3
MOST_SECONDS = 8.0
HALVED_FROM = 16_000_000
"""Pixels from which on a photo is decoded at half its size: a sign fills enough of it."""

SIDES = (1600, 1000, 2600, 4000)
"""The longer side, in pixels, in which a photo is looked at, in this order. Larger ones find what is far away."""


def looks(gray: Picture) -> Iterator[Callable[[], Picture]]:
    """Ways of looking at a photo, the quick ones first."""
    longest = max(gray.shape)
    sides = [side for side in SIDES if side < longest] or [longest]
    if longest < SIDES[-1] and longest not in sides:
        sides.append(longest)
    sized = [_sized(gray, side / longest) for side in sides]
    for each in sized:
        yield partial(np.asarray, each)
    for each in sized[:3]:
        for look in (_evened, _sharpened, _black_and_white):
            yield partial(look, each)
    if longest < SIDES[1]:
        yield partial(_sized, gray, 2.0)


def _sized(gray: Picture, factor: float) -> Picture:
    if factor == 1.0:
        return gray
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, None, fx=factor, fy=factor, interpolation=how), np.uint8)


def _evened(gray: Picture) -> Picture:
    """For what is dim, or half in shadow."""
    return np.asarray(cv2.createCLAHE(clipLimit=4.0, tileGridSize=(8, 8)).apply(gray), np.uint8)


def _sharpened(gray: Picture) -> Picture:
    """For what is blurred."""
    soft = cv2.GaussianBlur(gray, (0, 0), 3)
    return np.asarray(cv2.addWeighted(gray, 2.2, soft, -1.2, 0), np.uint8)


def _black_and_white(gray: Picture) -> Picture:
    """For glare: each place is compared with what is around it."""
    around = max(31, min(gray.shape) // 16 | 1)
    soft = cv2.GaussianBlur(gray, (3, 3), 0)
    how = (cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY)
    return np.asarray(cv2.adaptiveThreshold(soft, 255, *how, around, 7), np.uint8)


def texts_on(content: bytes, until: float) -> list[str]:
    """What the codes on a photo say. `until`: when to give up, by the monotonic clock."""
    raw = np.frombuffer(content, np.uint8)
    decoded = cv2.imdecode(raw, cv2.IMREAD_GRAYSCALE)
    if decoded is None:
        return []
    gray = np.asarray(decoded, np.uint8)
    if gray.size > HALVED_FROM:
        gray = _sized(gray, 0.5)
    detectors = (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector())
    for look in looks(gray):
        picture = look()
        for detector in detectors:
            if time.monotonic() > until:
                return []
            # Both have been seen to raise on pictures that have nothing wrong with them.
            with contextlib.suppress(cv2.error):
                _, found, *_ = detector.detectAndDecodeMulti(picture)
                if texts := list(dict.fromkeys(each for each in found if each)):
                    return texts
    return []


def main() -> None:
    """Read a photo from standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(MOST_SECONDS) * 3, int(MOST_SECONDS) * 3))
    cv2.setNumThreads(1)
    json.dump(texts_on(sys.stdin.buffer.read(), time.monotonic() + MOST_SECONDS), sys.stdout)


if __name__ == "__main__":
    main()
