"""What the carrier did not say is paused is told as not paused: refusals, lost answers, crashes, crossings."""

from datetime import timedelta

import pytest

from storage.errors import Refused
from storage.models import Call
from telephony.pausing import LEASE, PauseRefused, PauseUnconfirmed
from tests.calls.purging import everything_agrees, stored
from tests.calls.talking import DESK, Doing, pauses, pausing, refused, resuming, silences, talk, told
from tests.house import House


def test_a_carrier_that_says_no_has_paused_nothing(house: House) -> None:
    house.faults.update_refused = 1
    talk(house, refused(house, PauseRefused, "NOT paused.*16108"), pausing(house, 8))
    house.work()
    first, second = pauses(house)
    assert (first.state, first.paused_at, first.ended_at is not None) == ("refused", None, True)
    assert (second.state, second.number) == ("ended", 2)
    assert len(told(house, "recording_paused")) == 1
    everything_agrees(house)


@pytest.mark.parametrize("fault", ["update_times_out", "update_ignored", "update_answer_lost"])
def test_what_the_carrier_did_not_confirm_is_told_as_not_known(house: House, fault: str) -> None:
    """A 408 for ever; a 200 that says `in-progress`; done, and nobody heard so."""
    setattr(house.faults, fault, 1000)
    before = house.clock.now()
    talk(house, refused(house, PauseUnconfirmed, "NOT known to be paused"), talk_s=30)
    (row,) = pauses(house)
    assert (row.state, row.paused_at, row.asking_until) == ("unconfirmed", None, None)
    assert before < row.asked_at
    assert told(house, "recording_paused") == told(house, "pause_ended") == []
    house.work()
    assert bool(silences(house.plain(stored(house)))) == (fault == "update_answer_lost")
    everything_agrees(house)


def test_what_was_not_known_is_asked_again_in_the_same_pause(house: House) -> None:
    house.faults.update_answer_lost = 1000

    def good_day(_: Call) -> None:
        house.faults.update_answer_lost = 0

    unsure = refused(house, PauseUnconfirmed, "NOT known")
    talk(house, unsure, (12.0, good_day), pausing(house, 12), resuming(house, 16), talk_s=30)
    (row,) = pauses(house)
    assert (row.state, row.number) == ("resumed", 1)
    assert row.paused_at is not None
    assert row.paused_at - row.asked_at > timedelta(seconds=5), "silent for certain from the carrier's word on"


class Killed(BaseException):
    """As SIGKILL: nothing in the process catches it."""


def killed_at_the_carrier(house: House, method: str) -> Doing:
    """Whoever asks is killed when the carrier has done it, and nobody has read its answer."""

    def die(call: Call) -> None:
        carrier = house.at.carriers[house.network.account_sid]
        change = carrier.change_recording

        def killing(call_sid: str, recording_sid: str, status: str) -> str:
            change(call_sid, recording_sid, status)  # type: ignore[arg-type]
            raise Killed

        carrier.change_recording = killing  # type: ignore[method-assign]
        with pytest.raises(Killed):
            getattr(house.at.pausing, method)(call.id, DESK)
        del carrier.change_recording

    return (4.0 if method == "pause" else 8.0), die


def test_a_crash_before_the_carriers_answer_leaves_what_is_not_known(house: House) -> None:
    talk(house, killed_at_the_carrier(house, "pause"))
    (row,) = pauses(house)
    assert (row.state, row.paused_at) == ("unconfirmed", None)
    assert told(house, "recording_paused") == []


def test_after_a_crash_a_pause_is_asked_for_again_at_once(house: House) -> None:
    def refused_for_now(call: Call) -> None:
        with pytest.raises(Refused, match="ask again in a moment"):
            house.at.pausing.resume(call.id, DESK)

    late = 8 + LEASE.total_seconds()
    talk(
        house,
        *(killed_at_the_carrier(house, "pause"), pausing(house, 6), (8.0, refused_for_now)),
        resuming(house, late),
        talk_s=late + 10,
    )
    assert [(each.state, each.number) for each in pauses(house)] == [("resumed", 1)]


def test_after_a_crash_in_resuming_nothing_is_called_paused_while_that_may_be_under_way(house: House) -> None:
    seen: list[str] = []

    def not_yet(call: Call) -> None:
        with pytest.raises(Refused, match="NOT paused: it was just asked to go on"):
            house.at.pausing.pause(call.id, DESK)
        seen.append(pauses(house)[0].state)

    late = 9 + LEASE.total_seconds()
    talk(
        house,
        *(pausing(house, 4), killed_at_the_carrier(house, "resume"), (9.0, not_yet), pausing(house, late)),
        talk_s=late + 10,
    )
    first, second = pauses(house)
    assert seen == ["resuming"]
    assert (first.state, first.resumed_at, second.state) == ("resumed", None, "ended")
    assert first.silent_until == first.resume_asked_at, "from then on nobody knows"


def test_two_that_ask_at_once_never_cross(house: House) -> None:
    """Somebody asks to go on while the carrier is being asked to pause, and the other way round."""
    said: list[str] = []

    def meanwhile(call: Call, first: str, second: str) -> None:
        carrier = house.at.carriers[house.network.account_sid]
        change = carrier.change_recording

        def busy(call_sid: str, recording_sid: str, status: str) -> str:
            del carrier.change_recording
            with pytest.raises(Refused, match="ask again in a moment") as told:
                getattr(house.at.pausing, second)(call.id, DESK)
            said.append(str(told.value))
            return change(call_sid, recording_sid, status)  # type: ignore[arg-type]

        carrier.change_recording = busy  # type: ignore[method-assign]
        getattr(house.at.pausing, first)(call.id, DESK)

    talk(
        house,
        (4.0, lambda call: meanwhile(call, "pause", "resume")),
        (8.0, lambda call: meanwhile(call, "resume", "pause")),
    )
    assert len(said) == 2
    assert [each.state for each in pauses(house)] == ["resumed"]


def test_of_two_that_pause_at_once_the_last_ends_the_waiting(house: House) -> None:
    def both(call: Call) -> None:
        carrier = house.at.carriers[house.network.account_sid]
        change = carrier.change_recording

        def first(call_sid: str, recording_sid: str, status: str) -> str:
            del carrier.change_recording
            assert house.at.pausing.pause(call.id, DESK).state == "paused"
            return change(call_sid, recording_sid, status)  # type: ignore[arg-type]

        carrier.change_recording = first  # type: ignore[method-assign]
        assert house.at.pausing.pause(call.id, DESK).state == "paused"

    talk(house, (4.0, both), resuming(house, 5))
    (row,) = pauses(house)
    assert (row.state, row.attempts, row.under_way, row.asking_until) == ("resumed", 3, 0, None)


def test_a_carrier_that_is_away_has_paused_nothing(house: House) -> None:
    house.faults.lose_callbacks = {"recording:in-progress"}

    def away(call: Call) -> None:
        house.faults.rest_down = True
        with pytest.raises(PauseUnconfirmed, match="NOT paused"):
            house.at.pausing.pause(call.id, DESK)
        house.faults.rest_down = False

    talk(house, (4.0, away))
    assert pauses(house) == []
