"""Photos of a sign, as people take them: from the side, in dim light, shaken, with a lamp in it, from afar. Seeded."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

WIDTH, HEIGHT = 1600, 2000


@dataclass(frozen=True)
class How:
    """How a photo is taken. All zero: straight, bright, still, filling most of the picture."""

    tilt: float = 0.0
    """How far the corners are off, as a share of the sign's height."""
    dim: float = 0.0
    """How much of the light is missing; with it comes noise."""
    blur: float = 0.0
    """Of the camera's shaking, in pixels of the photo."""
    glare: float = 0.0
    """Of a lamp on glass, how strong, from 0 to 1."""
    far: float = 0.0
    """How much smaller than the picture the sign is, from 0 to 1."""
    turned: float = 0.0
    """Degrees."""


def photographed(png: bytes, how: How, seed: int) -> bytes:
    """A JPEG of a sign on a wall."""
    chance = np.random.default_rng(seed)
    sign = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert sign is not None
    across, down = sign.shape[1], sign.shape[0]
    size = HEIGHT * 0.86 * (1 - how.far)
    half = np.array([size * across / down, size]) / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float) * half
    corners += chance.uniform(-how.tilt, how.tilt, (4, 2)) * size
    angle = np.deg2rad(how.turned * chance.choice([-1, 1]))
    corners = corners @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    room = np.maximum(np.array([WIDTH, HEIGHT]) / 2 - np.abs(corners).max(axis=0), 0)
    corners += np.array([WIDTH, HEIGHT]) / 2 + chance.uniform(-0.9, 0.9, 2) * room
    flat = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
    to = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
    wall = chance.normal(0, 5, (HEIGHT // 8, WIDTH // 8, 1)) + np.array([168, 182, 190])
    picture = cv2.resize(wall.astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    shrunk = cv2.GaussianBlur(sign, (0, 0), max(0.1, 0.4 * down / size))
    hung = cv2.warpPerspective(shrunk, to, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR).astype(np.float32)
    mask = cv2.warpPerspective(np.full((down, across), 255, np.uint8), to, (WIDTH, HEIGHT))[..., None] / 255.0
    picture = picture * (1 - mask) + hung * mask
    if how.glare:
        picture = picture + _lamp(chance, corners, size, how.glare)
    if how.dim:
        picture = picture * (1 - how.dim) + chance.normal(0, 3 + 10 * how.dim, picture.shape)
    if how.blur:
        picture = _shaken(picture, how.blur, chance.uniform(0, np.pi))
    done, jpeg = cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 82])
    assert done
    return jpeg.tobytes()


def _lamp(chance: np.random.Generator, corners: NDArray[np.float64], size: float, strength: float) -> Picture:
    """A bright spot somewhere on the sign."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle = chance.uniform(low, high)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    away = ((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / (0.13 * size) ** 2
    return np.asarray(255 * strength * np.exp(-away), np.float32)[..., None]  # type: ignore[return-value]


def _shaken(picture: NDArray[np.floating], pixels: float, angle: float) -> NDArray[np.floating]:
    """Blurred along a line, and out of focus a little."""
    reach = max(3, round(pixels) * 2 + 1)
    kernel = np.zeros((reach, reach), np.float32)
    middle = reach // 2
    step = np.array([np.cos(angle), np.sin(angle)]) * pixels / 2
    start, end = (middle - step).round().astype(int), (middle + step).round().astype(int)
    cv2.line(kernel, tuple(map(int, start)), tuple(map(int, end)), 1.0, 1)
    moved = cv2.filter2D(picture.astype(np.float32), -1, kernel / kernel.sum())
    return np.asarray(cv2.GaussianBlur(moved, (0, 0), max(0.3, pixels / 5)))


STRENGTHS: dict[str, list[How]] = {
    "straight": [How(), How(turned=15), How(turned=90)],
    "tilted": [How(tilt=0.03), How(tilt=0.06), How(tilt=0.1)],
    "dim": [How(dim=0.5), How(dim=0.75), How(dim=0.88)],
    "blurred": [How(blur=2), How(blur=4), How(blur=7)],
    "glare": [How(glare=0.4), How(glare=0.7), How(glare=1.0)],
    "far": [How(far=0.4), How(far=0.6), How(far=0.75)],
    "all": [
        How(tilt=0.02, dim=0.3, blur=1, glare=0.2, far=0.2, turned=5),
        How(tilt=0.04, dim=0.5, blur=2, glare=0.4, far=0.35, turned=10),
        How(tilt=0.06, dim=0.65, blur=3, glare=0.6, far=0.5, turned=20),
    ],
}
"""Each kind of trouble: slight, moderate, strong."""
