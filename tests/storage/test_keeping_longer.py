"""I4, I11, pure: what keeps longer than now, at which centre, and which ends a new policy moves."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.retention.policy import (
    Policy,
    applicable,
    governs,
    keeps_longer,
    longer,
    moved_end,
    replacing,
    window_end,
)

NOW = datetime(2026, 11, 2, tzinfo=UTC)
CENTRES = [("KZ", "ast"), ("KZ", "alm"), ("DE", "ber")]
windows = st.integers(1, 400).map(lambda days: f"P{days}D")
scopes = st.one_of(
    st.tuples(st.none(), st.none()),
    st.tuples(st.sampled_from(["ast", "alm", "ber"]), st.none()),
    st.tuples(st.none(), st.sampled_from([("KZ",), ("DE", "FR")])),
)


def policy(window: str, centre: str | None = None, where: tuple[str, ...] | None = None, name: str = "") -> Policy:
    return Policy(name or f"{centre} {where}", "training", centre, where, window, NOW)


in_force = st.dictionaries(scopes, windows, max_size=6).map(
    lambda found: [policy(window, centre, where) for (centre, where), window in found.items()]
)
proposed = st.builds(policy, window=windows, centre=st.sampled_from([None, "ast", "ber"]), name=st.just("new"))


def ends(policies: list[Policy], begins: datetime) -> dict[str, datetime]:
    """When something that begins now ends, at each centre that has a policy."""
    found = {centre: applicable(policies, "training", place, centre) for place, centre in CENTRES}
    return {centre: window_end(begins, each.window) for centre, each in found.items() if each is not None}


@given(known=in_force, new=proposed, days=st.integers(0, 2000))
def test_i4_what_need_not_be_approved_keeps_nothing_longer_anywhere(
    known: list[Policy], new: Policy, days: int
) -> None:
    if keeps_longer(known, new, CENTRES, NOW):
        return
    begins = NOW + timedelta(days=days)
    before, after = ends(known, begins), ends(replacing(known, new), begins)
    assert all(after[centre] <= before[centre] for centre in before)


@given(known=in_force, new=proposed)
def test_i4_what_waits_would_keep_longer_at_a_centre_or_at_those_to_come(known: list[Policy], new: Policy) -> None:
    if not keeps_longer(known, new, CENTRES, NOW):
        return
    before, after = ends(known, NOW), ends(replacing(known, new), NOW)
    replaced = [each for each in known if each.centre_id == new.centre_id and each.jurisdictions is None]
    assert any(after[centre] > before[centre] for centre in before) or longer(new.window, replaced[0].window, NOW)


def test_i4_longer_at_one_centre_and_shorter_at_another_waits_as_a_whole() -> None:
    known = [policy("P30D"), policy("P10D", "ast"), policy("P60D", where=("DE",))]
    assert not keeps_longer(known, policy("P20D", name="new"), CENTRES, NOW), "ast and ber have policies of their own"
    assert keeps_longer(known, policy("P20D", "ast", name="new"), CENTRES, NOW)
    assert not keeps_longer(known, policy("P20D", "ber", name="new"), CENTRES, NOW)
    assert keeps_longer([policy("P30D")], policy("P31D", name="new"), [], NOW), "there may be a centre tomorrow"
    assert not keeps_longer([], policy("P31D", name="new"), CENTRES, NOW), "nothing was kept for this so far"


@pytest.mark.parametrize(
    ("known", "governed"),
    [
        ([], {"ast", "alm", "ber"}),
        ([policy("P1D")], {"ast", "alm", "ber"}),
        ([policy("P1D", "ast")], {"alm", "ber"}),
        ([policy("P1D", where=("KZ",)), policy("P1D", "ber")], set()),
    ],
)
def test_i4_a_nearer_policy_goes_on_governing(known: list[Policy], governed: set[str]) -> None:
    new = policy("P9D", name="new")
    assert {centre for place, centre in CENTRES if governs(known, new, place, centre)} == governed


@given(
    window=windows,
    age=st.integers(0, 400),
    until=st.integers(-400, 400).map(lambda days: NOW + timedelta(days=days)),
)
def test_i11_an_ended_purpose_never_revives_and_any_end_may_come_earlier(
    window: str, age: int, until: datetime
) -> None:
    began = NOW - timedelta(days=age)
    end = moved_end(policy(window), began, until, NOW)
    wanted = window_end(began, window)
    if wanted < until:
        assert end == wanted
    elif wanted == until or until <= NOW:
        assert end is None
    else:
        assert end == wanted > until > NOW
