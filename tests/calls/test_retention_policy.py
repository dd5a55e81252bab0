"""I4 and I11 as pure decisions: which policy governs, when a window ends, what may still be used."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from storage.retention.policy import (
    Due,
    Policy,
    PolicyError,
    applicable,
    delete_after,
    longer,
    schedule,
    usable_for,
    window_end,
)

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
purposes = st.sampled_from(["training", "quality", "evidence"])
windows = st.one_of(
    st.integers(1, 4000).map(lambda n: f"P{n}D"),
    st.integers(1, 100_000).map(lambda n: f"PT{n}S"),
    st.integers(1, 120).map(lambda n: f"P{n}M"),
    st.integers(1, 10).map(lambda n: f"P{n}Y"),
    st.integers(1, 400).map(lambda n: f"P{n}W"),
)
policies = st.lists(
    st.builds(
        Policy,
        id=st.uuids().map(str),
        purpose=purposes,
        centre_id=st.sampled_from([None, "ast", "alm"]),
        jurisdictions=st.sampled_from([None, ("KZ",), ("DE", "FR")]),
        window=windows,
        published_at=moments,
    ),
    max_size=8,
)


@given(begins=moments, window=windows)
def test_i4_a_window_ends_after_it_begins_and_in_utc(begins: datetime, window: str) -> None:
    end = window_end(begins, window)
    assert end > begins
    assert end.utcoffset() == timedelta(0)


@given(first=moments, second=moments, window=windows)
def test_i4_what_came_later_never_goes_sooner(first: datetime, second: datetime, window: str) -> None:
    sooner, later = sorted((first, second))
    assert window_end(sooner, window) <= window_end(later, window)


@given(
    begins=moments,
    text=st.one_of(
        st.text(max_size=12),
        st.from_regex(r"-?P-?[0-9.,]{0,14}[YMWD]?(T-?[0-9.,]{0,6}[HMS]?)?", fullmatch=True),
    ),
)
def test_i4_whatever_is_written_as_a_window_ends_later_or_is_refused(begins: datetime, text: str) -> None:
    """Nothing else may come of it: an unforeseen error would stop an intake."""
    with suppress(PolicyError):
        assert window_end(begins, text) > begins


@pytest.mark.parametrize(
    "window", ["", "P", "PT", "P0D", "PT0S", "-P1D", "P-1D", "90", "P90", "ninety", "P1D/2026-01-01"]
)
def test_i4_a_window_that_is_none_is_refused(window: str) -> None:
    with pytest.raises(PolicyError):
        window_end(datetime(2026, 11, 2, tzinfo=UTC), window)


def test_i4_months_and_years_follow_the_calendar() -> None:
    assert window_end(datetime(2024, 2, 29, 12, tzinfo=UTC), "P3Y") == datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert window_end(datetime(2026, 1, 31, tzinfo=UTC), "P1M") == datetime(2026, 2, 28, tzinfo=UTC)


@given(window=windows, than=windows, at=moments, begins=moments)
def test_i4_what_is_not_longer_today_is_longer_for_nothing_that_is_recorded_later(
    window: str, than: str, at: datetime, begins: datetime
) -> None:
    """A month is 28 days in February, when it was compared, and 31 in March, when something is recorded."""
    if not longer(window, than, at):
        assert window_end(begins, window) <= window_end(begins, than)


@given(known=policies, purpose=purposes, jurisdiction=st.sampled_from(["KZ", "DE", "US"]))
def test_i4_the_nearest_policy_governs_and_the_newest_of_those(
    known: list[Policy], purpose: str, jurisdiction: str
) -> None:
    found = applicable(known, purpose, jurisdiction, "ast")
    fitting = [
        each
        for each in known
        if each.purpose == purpose
        and each.centre_id in {None, "ast"}
        and (each.jurisdictions is None or jurisdiction in each.jurisdictions)
    ]
    if found is None:
        assert fitting == []
        return
    assert found in fitting

    def nearness(policy: Policy) -> tuple[bool, bool]:
        return policy.centre_id is not None, policy.jurisdictions is not None

    assert all(nearness(each) <= nearness(found) for each in fitting)
    assert all(each.published_at <= found.published_at for each in fitting if nearness(each) == nearness(found))


@given(known=policies, wanted=st.lists(purposes, max_size=3, unique=True), begins=moments)
def test_i4_an_object_has_an_end_for_each_purpose_or_is_not_stored(
    known: list[Policy], wanted: list[str], begins: datetime
) -> None:
    governed = {purpose: applicable(known, purpose, "KZ", "ast") for purpose in wanted}
    if not wanted or None in governed.values():
        with pytest.raises(PolicyError):
            schedule(known, wanted, "KZ", "ast", begins)
        return
    ends = schedule(known, wanted, "KZ", "ast", begins)
    assert [end.purpose for end in ends] == wanted
    for end in ends:
        policy = governed[end.purpose]
        assert policy is not None
        assert (end.policy_id, end.until) == (policy.id, window_end(begins, policy.window))
    assert delete_after(ends) == max(end.until for end in ends)


@given(ends=st.lists(st.builds(Due, purpose=purposes, until=moments, policy_id=st.just("p")), min_size=1), now=moments)
def test_i11_a_purpose_ends_at_its_date_and_all_have_ended_when_the_object_goes(ends: list[Due], now: datetime) -> None:
    assume(len({end.purpose for end in ends}) == len(ends))
    usable = usable_for(((end.purpose, end.until) for end in ends), now)
    assert usable == {end.purpose for end in ends if end.until > now}
    assert (usable == frozenset()) == (delete_after(ends) <= now)
