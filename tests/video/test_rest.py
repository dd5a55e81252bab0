"""When a recorder reads and when it lets a stream gather: what a camera costs, and must not cost the camera."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video.sources import REST_BYTES, REST_S, WAITED_S, Rest

MOMENT = 0.001


def test_what_lies_ready_is_read_to_its_end() -> None:
    rest = Rest()
    assert [rest.after(MOMENT, 20_000) for _ in range(50)] == [0.0] * 50


def test_after_a_packet_that_was_waited_for_a_stream_gathers() -> None:
    rest = Rest()
    assert rest.after(0.04, 20_000) == REST_S
    assert rest.after(MOMENT, 20_000) == 0.0
    assert rest.after(0.04, 20_000) == REST_S


def test_what_brings_much_is_read_more_often() -> None:
    rest = Rest()
    for _ in range(9):
        rest.after(MOMENT, 100_000)
    assert rest.after(0.04, 100_000) == pytest.approx(REST_S * REST_BYTES / 1_000_000)
    assert rest.after(0.04, 1_000) == REST_S  # and what came before is forgotten


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 10_000_000)), max_size=50))
def test_a_rest_is_short_and_only_for_what_was_waited_for(came: list[tuple[float, int]]) -> None:
    rest = Rest()
    for waited, size in came:
        pause = rest.after(waited, size)
        assert 0 <= pause <= REST_S
        assert (pause > 0) == (waited >= WAITED_S)
