"""A camera's time made ours: it rises whatever the camera says, and goes as the machine's does."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video.timing import LEAST_GAP, SLEW, TIMESCALE, TOLERANCE_S, Normaliser, Pace, Runaway, began, ended, run_begin

BEGAN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TIME_BASE = Fraction(1, 1000)


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-500, 500), st.none() | st.integers(-500, 500), st.booleans()), max_size=60
    )
)
def test_times_rise_and_nothing_is_dropped_once_it_has_begun(said: list[tuple[int | None, int | None, bool]]) -> None:
    normaliser = Normaliser(TIME_BASE)
    placed = [
        normaliser.place(
            None if dts is None else number * 40 + dts,
            None if pts is None else number * 40 + pts,
            key=key,
            elapsed_s=number * 0.04,
        )
        for number, (dts, pts, key) in enumerate(said)
    ]
    kept = [each for each in placed if each is not None]
    assert len(kept) + normaliser.skipped == len(said)
    assert placed[normaliser.skipped :] == kept
    if kept:
        assert kept[0].dts == 0
        assert said[normaliser.skipped][2], "it begins with a key frame"
    assert all(before.dts < after.dts for before, after in pairwise(kept))
    assert all(each.pts >= each.dts for each in kept)


def test_a_first_key_frame_without_a_time_comes_right_before_the_second_packet() -> None:
    """As GStreamer's server and FFmpeg's client have it: times are known from the second packet on."""
    normaliser = Normaliser(Fraction(1, TIMESCALE))
    said = [(None, None), (None, None), (907_200, 907_200), (910_800, 910_800)]
    placed = [
        normaliser.place(dts, pts, key=number == 0, elapsed_s=number * 0.04, length=3600)
        for number, (dts, pts) in enumerate(said)
    ]
    assert [each and (each.dts, each.pts) for each in placed] == [(n * 3600, n * 3600) for n in range(4)]


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, 100.0])
def test_a_camera_whose_time_runs_away_is_found_out(factor: float) -> None:
    normaliser = Normaliser(TIME_BASE)

    def lives(second: int) -> bool:
        try:
            return normaliser.place(round(second * 1000 * factor), None, key=True, elapsed_s=float(second)) is not None
        except Runaway:
            return False

    assert sum(map(lives, range(100))) <= 2 * TOLERANCE_S + 1


@given(st.floats(-1e-4, 1e-4), st.lists(st.floats(0, 2), min_size=1, max_size=50))
def test_a_run_of_months_stays_with_the_machines_clock(drift: float, delays: list[float]) -> None:
    """A quartz that is wrong by a ten-thousandth, packets that are late by up to two seconds."""
    begin, ticks = BEGAN, 0
    length = 30 * TIMESCALE
    for number in range(400):
        pace = Pace()
        for step in range(1, 4):
            media = ticks + step * length // 3
            true_s = media / TIMESCALE * (1 + drift)
            late = 0.0 if step == 1 else delays[(number + step) % len(delays)]
            pace.see(true_s + late, media)
        end = ended(begin, BEGAN, ticks + length, length, pace.take())
        assert abs((end - begin).total_seconds() - 30) <= 30 * SLEW + 1e-6
        begin, ticks = end, ticks + length
        true = BEGAN + timedelta(seconds=ticks / TIMESCALE * (1 + drift))
        assert abs((end - true).total_seconds()) < 0.05


def test_what_came_all_at_once_began_before_it_came() -> None:
    """Two seconds that waited while the stream was looked at, and then what came as it was seen, one late."""
    waited = [(second * TIMESCALE // 2, 100.0) for second in range(4)]
    live = [(2 * TIMESCALE, 100.05), (2 * TIMESCALE + 3600, 100.3)]
    assert began([*waited, *live]) == pytest.approx(98.05)


def test_a_run_never_begins_before_what_came_before_it_ended() -> None:
    assert run_begin(BEGAN, None) == BEGAN
    assert run_begin(BEGAN, BEGAN - timedelta(seconds=1)) == BEGAN
    assert run_begin(BEGAN, BEGAN) == BEGAN + LEAST_GAP
    assert run_begin(BEGAN, BEGAN + timedelta(hours=1)) == BEGAN + timedelta(hours=1) + LEAST_GAP
