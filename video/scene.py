"""A lobby that is not there, with people who are nobody: what the demo's camera shows. Drawn, and no picture of anyone.

A minute in which everything comes back to where it was, so that it can be shown again and again.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS, SECONDS = 640, 360, 15, 60
KEY_EVERY_S = 2
Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
# Colours are blue, green, red, as OpenCV takes them.
HORIZON = 150
SHADOW = (112, 120, 128)
CLOCK, CLOCK_RADIUS = (330, 62), 24


@dataclass(frozen=True)
class Walker:
    """Somebody who goes through the lobby once a minute: where from and to, when, how dressed."""

    path: tuple[tuple[float, float], ...]
    begins_s: float
    lasts_s: float
    coat: Colour
    legs: Colour
    skin: Colour
    tall: float = 1.0


WALKERS = (
    Walker(((-40, 330), (260, 300), (330, 205)), 0.0, 14.0, (120, 70, 40), (60, 50, 45), (140, 170, 210)),
    Walker(((330, 200), (420, 270), (700, 320)), 8.0, 12.0, (60, 60, 170), (70, 60, 60), (110, 140, 180), 0.95),
    Walker(((690, 250), (480, 235), (150, 240), (-40, 250)), 15.0, 20.0, (90, 130, 60), (50, 40, 40), (150, 180, 220)),
    Walker(((330, 200), (250, 240), (170, 228)), 22.0, 26.0, (40, 40, 45), (45, 45, 50), (95, 120, 160), 1.05),
    Walker(((-40, 300), (200, 320), (420, 330), (690, 300)), 30.0, 15.0, (160, 140, 60), (90, 60, 50), (130, 160, 205)),
    Walker(
        ((-60, 312), (190, 334), (410, 344), (670, 312)), 30.6, 15.2, (70, 160, 190), (60, 50, 90), (120, 150, 195), 0.7
    ),
    Walker(((690, 345), (400, 300), (330, 205)), 44.0, 13.0, (130, 60, 110), (60, 60, 60), (105, 130, 175)),
)


def make_scene(path: Path) -> Path:
    """Draw it into a file: H.264, a key frame every two seconds, no B-frames. Takes some seconds.

    The file is there whole, or not at all.
    """
    draft = path.with_suffix(".drawing.mp4")
    options = {"g": str(FPS * KEY_EVERY_S), "bf": "0", "sc_threshold": "0", "preset": "veryfast", "crf": "25"}
    with av.open(draft, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=FPS, options=options)
        if not isinstance(stream, VideoStream):
            raise TypeError("no stream of pictures")
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        empty = _lobby()
        for number in range(FPS * SECONDS):
            frame = av.VideoFrame.from_ndarray(picture(number / FPS, empty), format="bgr24")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    draft.rename(path)
    return path


def picture(at_s: float, empty: Picture | None = None) -> Picture:
    """What is to be seen `at_s` seconds into the minute."""
    shown = (_lobby() if empty is None else empty).copy()
    _doors(shown, at_s)
    _clock(shown, at_s)
    there = [(walker, share) for walker in WALKERS if (share := _share(walker, at_s)) is not None]
    # Who is farther away is drawn first.
    for walker, share in sorted(there, key=lambda each: _where(*each)[1]):
        _person(shown, walker, share, at_s)
    cv2.putText(shown, "DEMO", (14, HEIGHT - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (250, 250, 250), 1, cv2.LINE_AA)
    return shown


def _share(walker: Walker, at_s: float) -> float | None:
    """How far on the way, from 0 to 1; None: not there."""
    share = ((at_s - walker.begins_s) % SECONDS) / walker.lasts_s
    return share if share < 1 else None


def _where(walker: Walker, share: float) -> tuple[float, float]:
    at = share * (len(walker.path) - 1)
    leg = min(int(at), len(walker.path) - 2)
    (x, y), (next_x, next_y) = walker.path[leg], walker.path[leg + 1]
    part = at - leg
    return x + (next_x - x) * part, y + (next_y - y) * part


def _person(shown: Picture, walker: Walker, share: float, at_s: float) -> None:
    x, y = _where(walker, share)
    size = (0.35 + (y - HORIZON) / 160) * 62 * walker.tall
    stride = math.sin(at_s * 6.5 + walker.begins_s) * size * 0.2
    bob = abs(math.cos(at_s * 6.5 + walker.begins_s)) * size * 0.03

    def point(dx: float, dy: float) -> tuple[int, int]:
        return round(x + dx), round(y - dy - bob)

    cv2.ellipse(shown, (round(x), round(y)), (round(size * 0.4), round(size * 0.1)), 0, 0, 360, SHADOW, -1, cv2.LINE_AA)
    thick = max(2, round(size * 0.13))
    for side in (-1, 1):
        foot = (round(x + side * stride), round(y))
        cv2.line(shown, point(0, size * 0.75), foot, walker.legs, thick, cv2.LINE_AA)
        cv2.line(shown, point(0, size * 1.3), point(-side * stride * 1.1, size * 0.8), walker.coat, thick, cv2.LINE_AA)
    cv2.ellipse(
        shown, point(0, size * 1.02), (round(size * 0.2), round(size * 0.4)), 0, 0, 360, walker.coat, -1, cv2.LINE_AA
    )
    cv2.circle(shown, point(0, size * 1.58), max(2, round(size * 0.15)), walker.skin, -1, cv2.LINE_AA)
    cv2.ellipse(
        shown,
        point(0, size * 1.63),
        (round(size * 0.15), round(size * 0.11)),
        0,
        180,
        360,
        (35, 40, 50),
        -1,
        cv2.LINE_AA,
    )


def _lobby() -> Picture:
    """The room without anybody in it."""
    shown = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for row in range(HEIGHT):
        light = 205 - row * 0.25 if row < HORIZON + 40 else 120 + (row - HORIZON) * 0.35
        shown[row] = (light * 0.93, light * 0.97, light)
    wall = shown[: HORIZON + 40].copy()
    for column in range(-6, 18):  # the floor's tiles, towards a point behind the doors
        cv2.line(shown, (330, HORIZON - 60), (column * 90 - 200, HEIGHT), (128, 138, 146), 1, cv2.LINE_AA)
    shown[: HORIZON + 40] = wall
    for row in (196, 212, 236, 270, 318):
        cv2.line(shown, (0, row), (WIDTH, row), (128, 138, 146), 1, cv2.LINE_AA)
    cv2.rectangle(shown, (0, HORIZON + 32), (WIDTH, HORIZON + 40), (104, 112, 122), -1)
    for x in (40, 480, 560):  # windows
        cv2.rectangle(shown, (x, 40), (x + 60, 132), (236, 224, 205), -1)
        cv2.rectangle(shown, (x, 40), (x + 60, 132), (120, 120, 124), 2, cv2.LINE_AA)
        cv2.line(shown, (x + 30, 40), (x + 30, 132), (120, 120, 124), 1)
    desk = np.array([[118, 176], [236, 176], [248, 232], [106, 232]], np.int32)
    cv2.fillPoly(shown, [desk], (72, 96, 128), cv2.LINE_AA)
    cv2.rectangle(shown, (110, 170), (244, 180), (52, 70, 96), -1)
    cv2.rectangle(shown, (190, 150), (222, 172), (60, 58, 56), -1)  # a screen on the desk
    for x in (430, 606):  # plants
        cv2.rectangle(shown, (x - 9, 178), (x + 9, 204), (70, 92, 150), -1)
        for lean in range(-24, 25, 8):
            cv2.line(shown, (x, 180), (x + lean, 136 + abs(lean)), (60, 120, 62), 3, cv2.LINE_AA)
    return shown


def _doors(shown: Picture, at_s: float) -> None:
    """Glass doors, which open for whoever comes near."""
    there = [_where(each, share) for each in WALKERS if (share := _share(each, at_s)) is not None]
    near = max((1 - abs(y - 205) / 35 for x, y in there if abs(x - 330) < 60), default=0.0)
    gap = round(26 * min(max(near, 0.0) * 1.6, 1.0))
    cv2.rectangle(shown, (284, 100), (376, 192), (246, 240, 228), -1)
    for left, right in ((284 - gap, 330 - gap), (330 + gap, 376 + gap)):
        cv2.rectangle(shown, (left, 100), (right, 192), (214, 206, 186), -1)
        cv2.rectangle(shown, (left, 100), (right, 192), (96, 96, 100), 2, cv2.LINE_AA)
    cv2.rectangle(shown, (256, 94), (404, 101), (84, 84, 88), -1)


def _clock(shown: Picture, at_s: float) -> None:
    cv2.circle(shown, CLOCK, CLOCK_RADIUS, (250, 250, 248), -1, cv2.LINE_AA)
    cv2.circle(shown, CLOCK, CLOCK_RADIUS, (70, 70, 74), 2, cv2.LINE_AA)
    for turn, length, width in ((9.15 / 12, 0.5, 3), (9 / 60, 0.75, 2), (at_s / 60, 0.85, 1)):
        angle = turn * 2 * math.pi
        end = (
            round(CLOCK[0] + math.sin(angle) * CLOCK_RADIUS * length),
            round(CLOCK[1] - math.cos(angle) * CLOCK_RADIUS * length),
        )
        cv2.line(shown, CLOCK, end, (40, 40, 160) if width == 1 else (50, 50, 52), width, cv2.LINE_AA)
