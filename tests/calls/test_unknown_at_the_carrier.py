"""A call of which the carrier knows nothing is not asked about for ever, and keeps no number (I2, I4)."""

from datetime import timedelta

import pytest

from tests.house import House
from tests.practice.customer import ACCOUNT


@pytest.fixture
def forgetful(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The carrier forgets what it is asked about, and reports nothing by itself."""
    house.faults.lose_callbacks = {"call-status", "recording:in-progress", "recording:completed"}
    carrier = house.at.carriers[ACCOUNT]
    monkeypatch.setattr(carrier, "call", lambda _sid: None)
    monkeypatch.setattr(carrier, "complaints", lambda _sid: None)
    monkeypatch.setattr(carrier, "recordings_of", lambda _sid: [])
    monkeypatch.setattr(carrier, "recordings_since", lambda _moment: iter([]))
    return house


@pytest.mark.parametrize(("do", "outcome"), [("listen", "unrecorded"), ("hangup-during-notice", "declined_hangup")])
def test_it_is_given_up_after_two_days(forgetful: House, do: str, outcome: str) -> None:
    result = forgetful.call("stay", "kk", do)
    forgetful.work_for(300, step=30)
    assert forgetful.outcome(result.call_sid) is None
    forgetful.work_for(timedelta(days=3).total_seconds(), step=3600)
    call = forgetful.call_row(result.call_sid)
    assert (call.outcome, call.next_look_at, call.from_number) == (outcome, None, None)
    assert forgetful.in_store() == []


def test_what_was_proven_before_it_was_forgotten_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    result = house.call("stay", "kk", "listen")
    house.work()
    carrier = house.at.carriers[ACCOUNT]
    monkeypatch.setattr(carrier, "call", lambda _sid: None)
    monkeypatch.setattr(carrier, "complaints", lambda _sid: None)
    house.work_for(timedelta(days=3).total_seconds(), step=3600)
    assert house.outcome(result.call_sid) == "recorded"
    assert [row.state for row in house.objects()] == ["stored"]
    assert house.call_row(result.call_sid).next_look_at is None
