"""What must be true of calls whatever went wrong, once everything works again and has had time: I1-I4, I6, I7."""

from datetime import timedelta

import sqlalchemy as sa

from storage.models import (
    Call,
    CallStep,
    ConsentRecord,
    Deletion,
    Leaf,
    NoticeVersion,
    Receipt,
    Recording,
    RetentionPolicy,
)
from storage.objects.keys import data_key
from storage.retention.policy import window_end
from telephony.outcome import WITHOUT_MEDIA, WITHOUT_NUMBER
from telephony.wav import read_header
from tests.calls.lived import Lived
from tests.calls.watched import WatchedHouse
from tests.practice.customer import ACCOUNT

TOLERANCE = timedelta(seconds=2)


def check_notice_first(house: WatchedHouse, calls: list[Lived]) -> None:
    """I1: recording verbs are answers to a notice step alone, and no recording began before the notice was heard."""
    rows = house.ask(lambda s: s.scalars(sa.select(CallStep)).all())
    proofs = {row.token for row in rows if (row.kind, row.timing) == ("notice", "right")}
    for request in house.heard:
        if "record-from" in request.answer:
            parts = request.path.split("/")
            assert parts[:3] == ["", "twilio", "steps"], request.path
            assert parts[3] in proofs
            assert "<Play" not in request.answer
    for row in rows:
        assert "record-from" not in (row.answer or "") or row.token in proofs
    for call in calls:
        heard = call.heard_out(notices_of(house, call.ring.mode))
        for begun in call.recorded_from:
            assert call.play_failed or (heard and heard[0] <= begun), call
            if call.ring.mode == "opt_in":
                assert [at for at in call.pressed("1") if not heard or heard[0] <= at <= begun], call


def check_nothing_of_others(house: WatchedHouse, calls: list[Lived]) -> None:
    """I2: of a call that was not agreed to there is no media anywhere, and no number in any byte."""
    house.at.database.forget_deleted()
    everything = house.bytes_on_disk()
    for call in calls:
        row = row_of(house, call)
        if row is None:
            assert not call.recorded_from, "nobody answered, and yet we recorded"
        else:
            assert row.outcome is not None, f"never settled: {call}"
        if row is None or row.outcome in WITHOUT_NUMBER:
            assert call.number[1:].encode() not in everything, f"{call}: the number is still there"
        if row is not None and row.outcome in WITHOUT_MEDIA:
            assert not stored(house, row.id)
            told = house.at.carriers[ACCOUNT].recordings_of(call.call_sid)
            assert [each.recording_sid for each in told if each.status != "absent"] == []
    kept = {row.id for row in house.objects() if row.state == "stored"}
    assert {key.partition("/")[0] for key in house.in_store()} == kept
    assert set(house.at.keys.object_ids()) == kept


def check_evidence(house: WatchedHouse, calls: list[Lived]) -> None:
    """I3: whatever is stored was heard, agreed to, and written down in full, with times that fit the carrier's."""
    for call in calls:
        row = row_of(house, call)
        if row is None:
            continue
        for recording in stored(house, row.id):
            assert row.outcome == "recorded"
            record, notice, step = evidence_of(house, row.id)
            assert record.state == "given"
            assert (record.text_sha256, record.audio_sha256) == (notice.text_sha256, notice.audio_sha256)
            assert (record.language, notice.mode) == (row.language, row.mode)
            assert record.expressed_by in {"stayed", "pressed_1"}
            assert record.expressed_by == "pressed_1" or row.mode != "opt_in"
            assert (step.call_id, step.kind, step.timing) == (row.id, "notice", "right")
            assert (record.notice_started_at, record.notice_ended_at) == (step.issued_at, step.used_at)
            heard = timedelta(milliseconds=notice.duration_ms)
            assert record.notice_ended_at - record.notice_started_at >= heard - timedelta(seconds=1)
            assert recording.started_at is not None
            assert recording.started_at >= record.notice_ended_at - TOLERANCE
            assert recording.recording_sid in [made.sid for made in call.made(house)]
            assert record.carrier_report is not None
            assert record.carrier_report["status"] == "completed"
            assert row.play_failed is False
            assert record.delete_after == row.delete_after > house.clock.now()
            heard_at = call.heard_out(notices_of(house, call.ring.mode))
            assert heard_at, "stored, and never heard"
            assert heard_at[-1] <= record.notice_ended_at


def check_dates(house: WatchedHouse) -> None:
    """I4: every stored object has a date: that of its longest purpose, counted from the recording's end."""
    policies = house.ask(lambda s: s.scalars(sa.select(RetentionPolicy)).all())
    windows = {row.purpose: row.window for row in policies if row.jurisdictions is None}
    recordings = {row.object_id: row for row in house.recordings()}
    for kept in house.objects():
        if kept.state != "stored":
            continue
        recording = recordings[kept.id]
        assert recording.started_at is not None
        ended = recording.started_at + timedelta(seconds=recording.duration_s or 0)
        assert abs(kept.counted_from - ended) <= TOLERANCE
        assert {each.purpose for each in kept.purposes} == {"training", "quality"}
        for each in kept.purposes:
            assert each.until == window_end(kept.counted_from, windows[each.purpose])
        assert kept.delete_after == max(each.until for each in kept.purposes)


def check_nothing_lost(house: WatchedHouse, calls: list[Lived]) -> None:
    """I7: each recording that was agreed to and made is stored, whole; nothing hangs."""
    objects = {row.id: row for row in house.objects()}
    for call in calls:
        if call.play_failed or not call.heard_out(notices_of(house, call.ring.mode)):
            continue
        for made in call.made(house):
            found = [row for row in house.recordings() if row.recording_sid == made.sid]
            assert [row.state for row in found] == ["stored"], f"{call} lost {made}"
            header, _ = read_header(iter([house.plain(objects[found[0].object_id or ""])]))
            assert made.duration_s is not None
            assert abs(header.seconds - made.duration_s) <= 1
    assert {row.state for row in house.recordings()} <= {"stored", "refused", "absent"}
    assert {row.carrier_copy for row in house.recordings()} <= {"deleted"}
    assert {row.state for row in objects.values()} <= {"stored", "deleted"}
    assert not house.ask(lambda s: s.scalars(sa.select(Deletion).where(Deletion.finished_at.is_(None))).all())


def check_all_is_gone(house: WatchedHouse) -> None:
    """I6: when every date has passed nothing is left, anywhere, and each end has its receipt and its leaf."""
    held = house.objects()
    with house.at.keys._reading() as connection:
        keys = [bytes(row.wrapped) for row in connection.execute(sa.select(data_key.c.wrapped)) if any(row.wrapped)]
    assert len(keys) == sum(row.state == "stored" for row in held)
    house.clock.sleep(timedelta(days=91).total_seconds())
    house.work_for(30)
    assert {row.state for row in house.objects()} <= {"deleted"}
    assert house.in_store() == []
    assert list(house.at.keys.object_ids()) == []
    everything = house.bytes_on_disk()
    assert not [key for key in keys if key in everything]
    for row in house.recordings():
        told = house.at.carriers[ACCOUNT].recording(row.recording_sid)
        assert told is None or told.status == "absent", "the carrier has it still"
    leaves = dict(house.ask(lambda s: s.execute(sa.select(Receipt.object_id, Leaf.position).join(Leaf)).all()))
    assert set(leaves) == {row.id for row in held}
    assert None not in leaves.values()
    assert house.ask(lambda s: s.scalar(sa.select(Leaf.id).where(Leaf.position.is_(None)))) is None


def row_of(house: WatchedHouse, call: Lived) -> Call | None:
    """What we wrote down of a call; None if it never reached us."""
    with house.at.database.read() as session:
        return session.scalars(sa.select(Call).where(Call.call_sid == call.call_sid)).one_or_none()


def evidence_of(house: WatchedHouse, call_id: str) -> tuple[ConsentRecord, NoticeVersion, CallStep]:
    """The one consent record of a call, with the notice and the step that it names."""
    wanted = (
        sa.select(ConsentRecord, NoticeVersion, CallStep)
        .join(NoticeVersion, NoticeVersion.id == ConsentRecord.notice_version_id)
        .join(CallStep, CallStep.token == ConsentRecord.step_token)
        .where(ConsentRecord.call_id == call_id)
    )
    with house.at.database.read() as session:
        record, notice, step = session.execute(wanted).one()
    return record, notice, step


def stored(house: WatchedHouse, call_id: str) -> list[Recording]:
    """The call's recordings that are kept."""
    return [row for row in house.recordings() if row.call_id == call_id and row.state == "stored"]


def notices_of(house: WatchedHouse, mode: str) -> dict[str, float]:
    """Seconds of each notice of a mode, by the hash of its sound."""
    rows = house.ask(lambda s: s.scalars(sa.select(NoticeVersion).where(NoticeVersion.mode == mode)).all())
    return {row.audio_sha256: row.duration_ms / 1000 for row in rows}
