"""A recording is paused while card data is spoken: silent for certain where it is told so; repeats, ends, reasons."""

import pytest
import sqlalchemy as sa

from storage.errors import NotFound, Refused
from storage.models import Call, Leaf, RecordingPause
from telephony.carrier.port import CarrierRecording
from tests.calls.keeping import policy
from tests.calls.purging import everything_agrees, stored
from tests.calls.rows import count
from tests.calls.talking import DESK, once_reported, pauses, pausing, resuming, silences, talk, told
from tests.house import House

DAY = 86400


def test_what_is_said_in_a_pause_is_in_no_recording(house: House) -> None:
    talk(house, pausing(house, 4), resuming(house, 10), pausing(house, 13), resuming(house, 15))
    house.work()
    first, second = pauses(house)
    (recording,) = house.recordings()
    assert recording.started_at is not None
    wav = house.plain(stored(house))
    assert recording.duration_s == pytest.approx(20, abs=0.6), "silence takes the place: times stay true"
    found = silences(wav)
    for row, (begin, end), (asked, resumed) in zip((first, second), found, ((4, 10), (13, 15)), strict=True):
        assert (row.state, row.asked_by, row.token_id) == ("resumed", DESK.person_id, DESK.token_id)
        assert row.recording_sid == recording.recording_sid
        assert row.paused_at is not None
        assert row.resume_asked_at is not None
        marked = [(moment - recording.started_at).total_seconds() for moment in (row.paused_at, row.resume_asked_at)]
        assert marked == pytest.approx([asked, resumed], abs=1), "where the marks are"
        assert begin <= marked[0] + 1
        assert end >= marked[1] - 1
    assert [each["pause"] for each in told(house, "recording_paused")] == [first.id, second.id]
    assert [each["how"] for each in told(house, "pause_ended")] == ["resumed", "resumed"]
    everything_agrees(house)


def test_it_is_addressed_by_the_carriers_report_or_else_by_its_list(house: House) -> None:
    asked: list[str] = []
    carrier = house.at.carriers[house.network.account_sid]
    listed = carrier.recordings_of

    def asked_for(call_sid: str) -> list[CarrierRecording]:
        asked.append(call_sid)
        return listed(call_sid)

    carrier.recordings_of = asked_for  # type: ignore[method-assign]
    talk(house, (4.0, lambda call: once_reported(house, call)), pausing(house, 4))
    assert (asked, pauses(house)[0].state) == ([], "ended")
    house.faults.lose_callbacks = {"recording:in-progress"}
    result = talk(house, pausing(house, 4))
    assert (asked, pauses(house)[0].state) == ([result.call_sid], "ended")


def test_the_accounts_own_recording_is_not_taken_for_ours(house: House) -> None:
    house.faults.record_by_account = True
    house.faults.lose_callbacks = {"recording:in-progress"}
    result = talk(house, pausing(house, 4))
    begun = [each.details for each in result.events if each.kind == "recording-started"]
    (ours,) = [each["recording_sid"] for each in begun if each.get("source") == "DialVerb"]
    assert len(result.recording_sids) == 2
    assert [(each.recording_sid, each.state) for each in pauses(house)] == [(ours, "ended")]


def test_a_repeat_is_harmless(house: House) -> None:
    talk(
        house,
        *(pausing(house, 4), pausing(house, 5), pausing(house, 6)),
        *(resuming(house, 8), resuming(house, 9)),
    )
    (row,) = pauses(house)
    assert (row.state, row.attempts) == ("resumed", 2), "the carrier was asked once for each"
    assert len(told(house, "recording_paused")) == len(told(house, "pause_ended")) == 1


def test_a_call_that_ends_while_paused_ends_the_pause(house: House) -> None:
    talk(house, pausing(house, 4), talk_s=8)
    house.work()
    (row,) = pauses(house)
    call = house.call_row(house.recordings()[0].call.call_sid)
    assert (row.state, row.ended_at, row.silent_until) == ("ended", call.ended_at, call.ended_at)
    assert told(house, "pause_ended")[0]["how"] == "ended"
    (silence,) = silences(house.plain(stored(house)))
    assert silence == pytest.approx((4, 8), abs=1)
    with pytest.raises(Refused, match="this call is over"):
        house.at.pausing.pause(call.id, DESK)
    with pytest.raises(Refused, match="this call is over"):
        house.at.pausing.resume(call.id, DESK)
    everything_agrees(house)


def test_the_carriers_not_now_is_asked_again(house: House) -> None:
    house.faults.update_times_out = 3
    talk(house, pausing(house, 4))
    assert (house.faults.update_times_out, pauses(house)[0].state) == (0, "ended")


def test_why_it_cannot_be_is_said(house: House) -> None:
    with pytest.raises(NotFound):
        house.at.pausing.pause("nothing", DESK)

    def asked_while_it_rings() -> None:
        call = house.ask(lambda s: s.scalars(sa.select(Call)).one())
        with pytest.raises(Refused, match="this call is not recorded"):
            house.at.pausing.pause(call.id, DESK)
        with pytest.raises(Refused, match="this call is not recorded"):
            house.at.pausing.resume(call.id, DESK)

    house.clock.after(2, asked_while_it_rings)

    def not_paused(call: Call) -> None:
        with pytest.raises(Refused, match="is not paused"):
            house.at.pausing.resume(call.id, DESK)

    talk(house, (4.0, not_paused))
    assert pauses(house) == []


def test_before_anybody_answers_there_is_nothing_to_pause(house: House) -> None:
    asked: list[str] = []

    def too_early(call_sid: str) -> None:
        call = house.call_row(call_sid)
        if call.agreed_at is not None and not asked:
            with pytest.raises(Refused, match="nothing of this call is recorded now") as told:
                house.at.pausing.pause(call.id, DESK)
            asked.append(str(told.value))

    def at_each_moment() -> None:
        row = house.ask(lambda s: s.scalars(sa.select(Call).where(Call.ended_at.is_(None))).one_or_none())
        if row is not None:
            too_early(row.call_sid)
        if not asked:
            house.clock.after(0.5, at_each_moment)

    house.clock.after(0.5, at_each_moment)
    house.call("stay", "ru", callee="no-answer")
    assert len(asked) == 1
    assert count(house, RecordingPause) == 0


def test_pauses_go_with_the_facts_of_their_call(house: House) -> None:
    talk(house, pausing(house, 4), resuming(house, 8))
    house.work()
    policy(house, "evidence", "P1D")
    house.clock.sleep(2 * DAY)
    house.work()
    assert count(house, RecordingPause) == 1, "they prove what is kept"
    house.clock.sleep(90 * DAY)
    house.work()
    assert (count(house, Call), count(house, RecordingPause)) == (0, 0)
    assert told(house, "recording_paused") == told(house, "pause_ended") == []
    kinds = house.ask(lambda s: s.scalars(sa.select(Leaf.kind)).all())
    assert {"recording_paused", "pause_ended"} <= set(kinds), "leaves stay, unopenable"
