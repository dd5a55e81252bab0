"""Each language and mode through the practice phone: what is heard, what is kept, and what leaves nothing (I1–I4)."""

import io
import wave

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Call, ConsentRecord, Finding, Recording
from tests.house import CALLER, House

LANGUAGES = ("kk", "ru", "en")

AGREEING = [("stay", "listen"), ("opt_out", "listen"), ("opt_out", "press:1"), ("opt_in", "press:1"),
            ("opt_in", "press-early:1,press:1"), ("opt_out", "press-early:1,listen")]  # fmt: skip

DECLINING = [
    ("stay", "hangup-in-menu", "declined_hangup"),
    ("stay", "hangup-during-notice", "declined_hangup"),
    ("stay", "hangup-after-notice", "declined_hangup"),
    ("opt_out", "hangup-in-menu", "declined_hangup"),
    ("opt_out", "hangup-during-notice", "declined_hangup"),
    ("opt_out", "hangup-after-notice", "declined_hangup"),
    ("opt_out", "press:2", "declined_key"),
    ("opt_out", "press-early:2", "declined_key"),
    ("opt_in", "hangup-during-notice", "declined_hangup"),
    ("opt_in", "hangup-after-notice", "declined_hangup"),
    ("opt_in", "press:2", "declined_key"),
    ("opt_in", "press-early:2", "declined_key"),
    ("opt_in", "listen", "unrecorded"),
    ("opt_in", "press-early:1,press-early:1", "unrecorded"),
    ("opt_out", "press-early:7,press-early:7", "unrecorded"),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("mode", "do"), AGREEING)
def test_who_agrees_is_stored_with_both_channels_and_evidence(house: House, mode: str, do: str, language: str) -> None:
    result = house.call(mode, language, do)
    house.work()
    call = house.call_row(result.call_sid)
    assert (call.outcome, call.language, call.mode) == ("recorded", language, mode)
    assert call.from_number == CALLER
    (recording,) = house.recordings()
    assert (recording.state, recording.carrier_copy, recording.channels) == ("stored", "deleted", 2)
    assert house.at_carrier() == []

    (kept,) = house.objects()
    assert kept.state == "stored"
    assert {p.purpose for p in kept.purposes} == {"training", "quality"}
    assert kept.delete_after == max(p.until for p in kept.purposes)
    plain = house.plain(kept)
    with wave.open(io.BytesIO(plain)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (2, 8000)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2)
    assert np.abs(samples[:, 0]).max() > 1000
    assert np.abs(samples[:, 1]).max() > 1000
    assert not np.array_equal(samples[:, 0], samples[:, 1])

    consent = house.ask(lambda s: s.scalars(sa.select(ConsentRecord)).one())
    notice = call.notice_version
    assert notice is not None
    assert (consent.state, consent.language) == ("given", language)
    assert (consent.text_sha256, consent.audio_sha256) == (notice.text_sha256, notice.audio_sha256)
    assert consent.expressed_by == ("pressed_1" if do.endswith("press:1") else "stayed")
    assert (consent.notice_ended_at - consent.notice_started_at).total_seconds() >= notice.duration_ms / 1000 - 1
    assert recording.started_at is not None
    assert recording.started_at >= consent.notice_ended_at.replace(microsecond=0)
    assert consent.carrier_report["status"] == "completed"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("mode", "do", "outcome"), DECLINING)
def test_who_does_not_agree_leaves_nothing(house: House, mode: str, do: str, outcome: str, language: str) -> None:
    result = house.call(mode, language, do)
    house.work()
    assert house.outcome(result.call_sid) == outcome
    assert_nothing_is_left(house)


@pytest.mark.parametrize("do", ["hangup-during-notice", "listen"])
@pytest.mark.parametrize("mode", ["stay", "opt_in"])
def test_what_the_account_records_by_itself_is_deleted_there_and_raises_an_alarm(
    house: House, mode: str, do: str
) -> None:
    house.faults.record_by_account = True
    result = house.call(mode, "kk", do)
    house.work_for(60)
    call = house.call_row(result.call_sid)
    assert house.at_carrier() == []
    states = sorted(row.state for row in house.recordings())
    if call.outcome == "recorded":
        assert states == ["refused", "stored"]
        assert "foreign_recording" in house.ask(_findings)
    else:
        assert states == ["refused"]
        assert_nothing_is_left(house)


@pytest.mark.parametrize("goes_to", ["next-verb", "fallback"])
@pytest.mark.parametrize("fails", ["fast", "slow"])
@pytest.mark.parametrize("mode", ["stay", "opt_out", "opt_in"])
def test_a_notice_whose_sound_fails_is_no_notice(house: House, mode: str, fails: str, goes_to: str) -> None:
    house.faults.play_fails = fails  # type: ignore[assignment]
    house.faults.play_failure_goes_to = goes_to  # type: ignore[assignment]
    result = house.call(mode, "ru", "listen")
    house.work_for(60)
    assert house.outcome(result.call_sid) == "unrecorded"
    assert_nothing_is_left(house)


@pytest.mark.parametrize("mode", ["stay", "opt_out", "opt_in"])
@pytest.mark.parametrize("after", [0.0, 2.0])
def test_a_notice_cut_short_is_played_again_and_then_goes_on_unrecorded(house: House, mode: str, after: float) -> None:
    house.faults.notice_cut_after_s = after
    result = house.call(mode, "en", "listen")
    house.work_for(60)
    assert house.outcome(result.call_sid) == "unrecorded"
    assert house.call_row(result.call_sid).notice_repeats == 1
    assert_nothing_is_left(house)


@pytest.mark.parametrize("callee", ["busy", "no-answer"])
def test_who_agrees_and_reaches_nobody_is_incomplete(house: House, callee: str) -> None:
    result = house.call("stay", "kk", "listen", callee=callee)
    house.work()
    assert house.outcome(result.call_sid) == "incomplete"
    assert house.call_row(result.call_sid).from_number is None


def test_a_number_that_is_no_line_is_told_so_and_leaves_no_row(house: House) -> None:
    house.network.add_number("+77172009999", voice_url=house.at.site.voice, status_callback=house.at.site.call_status)
    result = house.call(to="+77172009999")
    assert result.status == "completed"
    assert sum(event.kind == "playing" for event in result.events) == 3
    house.work()
    assert house.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(Call))) == 0


def assert_nothing_is_left(house: House) -> None:
    """I2: no media with us or with the carrier, and the number in no byte of any file."""
    assert house.in_store() == []
    assert house.at_carrier() == []
    assert all(row.state == "deleted" for row in house.objects())
    assert house.ask(lambda s: s.scalars(sa.select(Call.from_number)).all()) == [None]
    assert not house.ask(lambda s: s.scalars(sa.select(Recording).where(Recording.state == "stored")).all())
    house.at.database.forget_deleted()
    assert CALLER[1:].encode() not in house.bytes_on_disk()


def _findings(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Finding.kind)))
