"""Where something moved, by pictures that are made so that it is known."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from video.motion import COLUMNS, ROWS, Change, Motion, by_second, level_of


def grey(width: int = 320, height: int = 180) -> np.ndarray:
    rng = np.random.default_rng(7)
    return cv2.GaussianBlur(rng.integers(60, 120, (height, width), np.uint8), (9, 9), 0)


def test_nothing_moved_and_noise_is_nothing() -> None:
    motion, still = Motion(), grey()
    assert motion.see(still, 0.0) is None
    rng = np.random.default_rng(8)
    for second in range(1, 4):
        noisy = np.clip(still.astype(int) + rng.normal(0, 6, still.shape), 0, 255).astype(np.uint8)
        change = motion.see(noisy, float(second))
        assert change is not None
        assert (change.level, set(change.cells)) == (0, {0})


def test_what_moved_is_told_where_it_moved() -> None:
    motion, before = Motion(), grey()
    after = before.copy()
    after[20:40, 60:80] = 250  # one cell: the fourth of the second row
    motion.see(before, 0.0)
    change = motion.see(after, 1.0)
    assert change is not None
    cells = np.frombuffer(change.cells, np.uint8).reshape(ROWS, COLUMNS)
    assert cells[1, 3] > 200
    assert np.delete(cells.ravel(), COLUMNS + 3).max() < 40
    assert level_of(1 / (ROWS * COLUMNS)) <= change.level <= level_of(2 / (ROWS * COLUMNS))


def test_a_lamp_changes_all_of_it() -> None:
    motion, before = Motion(), grey()
    motion.see(before, 0.0)
    change = motion.see(np.clip(before.astype(int) + 80, 0, 255).astype(np.uint8), 1.0)
    assert change is not None
    assert change.level == 255


@given(st.lists(st.tuples(st.floats(0.1, 5.0), st.integers(0, 255)), max_size=40), st.integers(1, 60))
def test_each_second_has_the_most_that_changed_in_it(steps: list[tuple[float, int]], seconds: int) -> None:
    changes, at = [], 0.0
    for step, level in steps:
        at += step
        changes.append(Change(at, level, b""))
    levels = by_second(changes, seconds)
    assert len(levels) == seconds
    begin = 0.0
    for change in changes:
        for second in range(int(begin), min(seconds, int(change.at_s))):
            assert levels[second] >= change.level
        begin = change.at_s
    assert not changes or max(levels) <= max(each.level for each in changes)
