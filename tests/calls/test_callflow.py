"""I1 as pure decisions: whatever a caller does, and whenever, recording comes only after a notice heard in time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from telephony.callflow import (
    EARLY,
    LANGUAGE_KEYS,
    LATE,
    PAUSE_S,
    REPEATS,
    GoOnUnrecorded,
    OfferLanguages,
    PlayNotice,
    RecordCall,
    after_notice,
    on_answer,
    on_menu,
    timing,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
modes = st.sampled_from(sorted(PAUSE_S))
keys = st.one_of(st.none(), st.sampled_from(list("0123456789*#")), st.text(max_size=4))
timings = st.sampled_from(["early", "right", "late"])
languages = st.lists(st.sampled_from(["kk", "ru", "en"]), min_size=1, max_size=3, unique=True)
milliseconds = st.integers(0, 120_000)
moments = st.timedeltas(timedelta(seconds=-30), timedelta(seconds=300))


@given(mode=modes, key=keys, when=timings, repeats=st.integers(0, 5), language=st.sampled_from(["kk", "ru", "en"]))
def test_i1_recording_needs_a_notice_that_ended_in_time_and_the_mode_s_own_assent(
    mode: str, key: str | None, when: str, repeats: int, language: str
) -> None:
    heard = after_notice(mode, key, when, repeats, language)  # type: ignore[arg-type]
    if isinstance(heard, RecordCall):
        assert when == "right"
        assert key == "1" or (key is None and mode != "opt_in") or mode == "stay"
        assert heard.expressed_by == ("pressed_1" if mode != "stay" and key == "1" else "stayed")
    if mode == "opt_in" and key != "1":
        assert not isinstance(heard, RecordCall)


@given(key=keys, when=timings, repeats=st.integers(0, 5))
def test_i2_the_key_to_decline_counts_at_any_moment_where_keys_count(key: str | None, when: str, repeats: int) -> None:
    for mode in ("opt_out", "opt_in"):
        heard = after_notice(mode, "2", when, repeats, "kk")  # type: ignore[arg-type]
        assert heard == GoOnUnrecorded("declined_key")
        declined = after_notice(mode, key, when, repeats, "kk") == GoOnUnrecorded("declined_key")  # type: ignore[arg-type]
        assert declined == (key == "2")


@given(mode=modes, repeats=st.integers(0, 5), key=keys, when=timings)
def test_i1_what_is_not_proven_is_heard_again_so_often_and_then_goes_on_unrecorded(
    mode: str, repeats: int, key: str | None, when: str
) -> None:
    heard = after_notice(mode, key, when, repeats, "ru")  # type: ignore[arg-type]
    if isinstance(heard, PlayNotice):
        assert repeats < REPEATS
        assert heard.language == "ru"
    if when != "right" and not (mode != "stay" and key == "2"):
        assert heard == (PlayNotice("ru") if repeats < REPEATS else GoOnUnrecorded("notice_not_proven"))


@given(mode=modes, script=st.lists(st.tuples(keys, timings), min_size=1, max_size=10))
def test_i1_every_call_ends_in_one_of_two_ways_after_at_most_one_repetition(
    mode: str, script: list[tuple[str | None, str]]
) -> None:
    played = 1
    for key, when in [*script, *[(None, "late")] * 3]:
        heard = after_notice(mode, key, when, played - 1, "en")  # type: ignore[arg-type]
        if not isinstance(heard, PlayNotice):
            break
        played += 1
    assert isinstance(heard, (RecordCall, GoOnUnrecorded))
    assert played <= 1 + REPEATS


@given(audio=milliseconds, pause=milliseconds, passed=moments, by_key=st.booleans())
def test_i1_a_request_is_right_only_when_what_was_handed_out_can_have_ended(
    audio: int, pause: int, passed: timedelta, by_key: bool
) -> None:
    told = timing(NOW, NOW + passed, audio, pause, by_key=by_key)
    sound, silence = timedelta(milliseconds=audio), timedelta(milliseconds=pause)
    if told == "right":
        assert passed >= sound - timedelta(seconds=0 if by_key else 1)
        assert passed <= sound + silence + timedelta(seconds=10)
        assert by_key or passed >= sound + silence - timedelta(seconds=1)
    elif told == "early":
        assert passed < (sound if by_key else sound + silence - EARLY)
    else:
        assert passed > sound + silence + LATE


@given(audio=milliseconds, pause=milliseconds, first=moments, second=moments, by_key=st.booleans())
def test_i1_time_goes_one_way_through_early_right_and_late(
    audio: int, pause: int, first: timedelta, second: timedelta, by_key: bool
) -> None:
    order = ["early", "right", "late"]
    sooner, later = (
        order.index(timing(NOW, NOW + each, audio, pause, by_key=by_key)) for each in sorted((first, second))
    )
    assert sooner <= later


def test_i1_the_bounds_are_a_second_before_and_ten_after_and_a_key_is_never_early() -> None:
    """A key stops the sound: pressed a moment before its end it proves that it was not heard out."""

    def told(passed_ms: int, *, by_key: bool = False) -> str:
        return timing(NOW, NOW + timedelta(milliseconds=passed_ms), 15_000, 2_000, by_key=by_key)

    assert [told(ms) for ms in (15_999, 16_000, 27_000, 27_001)] == ["early", "right", "right", "late"]
    assert [told(ms, by_key=True) for ms in (14_999, 15_000)] == ["early", "right"]


@given(offered=languages, digit=keys)
def test_the_menu_is_offered_where_there_is_a_choice_and_leads_to_a_language_of_the_line(
    offered: list[str], digit: str | None
) -> None:
    first = on_answer(offered)
    assert first == (OfferLanguages(tuple(offered)) if len(offered) > 1 else PlayNotice(offered[0]))
    chosen = LANGUAGE_KEYS.get(digit or "")
    heard = on_menu(offered, digit)
    assert heard.language == (chosen if chosen in offered else offered[0])
