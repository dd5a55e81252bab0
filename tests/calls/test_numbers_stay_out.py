"""A caller's number is in one column, of those alone who agreed (I2, I10): in no log, metric, key, leaf or finding."""

import traceback
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from structlog.testing import capture_logs

from storage.database import Base
from storage.models import Call, CallStep
from telephony.settlement import settle
from tests.backend import DATABASE
from tests.calls.watched import Signed, WatchedHouse
from tests.house import NUMBERS

CANARIES = [f"+7701888{number:04d}" for number in range(1000, 1006)]
STORIES = [("stay", "listen"), ("opt_out", "press:2"), ("opt_in", "press:1"), ("stay", "hangup-during-notice"),
           ("opt_in", "listen"), ("opt_out", "listen")]  # fmt: skip

FAILS_TO_WRITE_A_NUMBER = {
    "sqlite": ["CREATE TRIGGER t BEFORE UPDATE OF from_number ON call BEGIN SELECT RAISE(ABORT, 'full'); END"],
    "postgresql": [
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'full'; END $$",
        "CREATE TRIGGER t BEFORE UPDATE OF from_number ON call FOR EACH ROW EXECUTE FUNCTION fails()",
    ],
}


def digits_of(number: str) -> str:
    """The number without its plus, which is written in several ways."""
    return number[1:]


def told(logs: list[Any]) -> str:
    """Everything that log events say, with their errors written out."""
    text = []
    for event in logs:
        error = event.get("exc_info")
        text += traceback.format_exception(error) if isinstance(error, BaseException) else []
        text.append(repr(event))
    return "\n".join(text)


def test_no_number_is_written_anywhere_but_with_the_calls_of_who_agreed(
    watched: WatchedHouse, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    watched.faults.record_by_account = True
    with capture_logs() as logs:
        for number, (mode, do) in zip(CANARIES, STORIES, strict=True):
            watched.call(mode, "kk", do, from_number=number)
        watched.post("/twilio/recording", {"CallSid": "CA" + "0" * 32, "RecordingSid": "RE0", "From": CANARIES[0]})
        watched.faults.rest_down = True
        watched.work()
        watched.heal()
        watched.work_for(60)
    metrics = requests.get(f"{watched.at.site.base_url}/metrics", timeout=10).text
    streams = capfd.readouterr()
    keys = " ".join(watched.in_store())
    assert logs
    assert keys
    assert 'eskertu_webhooks_total{webhook="voice"}' in metrics
    for number in CANARIES:
        for place in (told(logs), caplog.text, metrics, streams.out, streams.err, keys, rows_without_callers(watched)):
            assert digits_of(number) not in place
    agreed = {row.from_number for row in watched.ask(lambda s: s.scalars(sa.select(Call)).all())}
    assert agreed == {None, CANARIES[0], CANARIES[2], CANARIES[5]}


def test_before_consent_the_number_is_not_even_written(watched: WatchedHouse) -> None:
    """I2: of who declines there is nothing to erase; not in the log of what is to be written either."""
    looked = []

    def look() -> None:
        looked.append(digits_of(CANARIES[0]).encode() in watched.bytes_on_disk())

    for seconds in (0.5, 4.0, 8.0, 15.0):
        watched.clock.after(seconds, look)
    watched.call("opt_in", "kk", "press:2", from_number=CANARIES[0])
    watched.work()
    look()
    assert looked == [False] * 5


def test_an_error_of_the_database_does_not_tell_the_number(watched: WatchedHouse) -> None:
    """Parameters of statements are hidden: a failed UPDATE would otherwise log who called."""
    with watched.at.database.begin() as session:
        for statement in FAILS_TO_WRITE_A_NUMBER[DATABASE]:
            session.execute(sa.text(statement))
    with capture_logs() as logs:
        result = watched.call("stay", "ru", "listen", from_number=CANARIES[0])
    assert any(event["event"] == "request_failed" for event in logs)
    assert "full" in told(logs)
    assert digits_of(CANARIES[0]) not in told(logs)
    assert not any(event.kind == "recording-started" for event in result.events)


def test_a_withheld_or_strange_caller_is_recorded_without_a_number(watched: WatchedHouse) -> None:
    """What is no telephone number (anonymous, SIP) is not kept as one."""
    result = watched.call("stay", "en", "listen", from_number="+266696687")
    watched.work()
    assert (watched.outcome(result.call_sid), watched.call_row(result.call_sid).from_number) == ("recorded", None)


def test_numbers_that_were_written_and_erased_leave_no_trace_in_any_page(watched: WatchedHouse) -> None:
    """I2: dozens of calls grow side by side, so that pages split and rows move while numbers stand in them."""
    numbers = {
        f"CA{number * 7919 * 10**20 % 2**127:032x}": f"+7701{4_000_000 + number * 13}" for number in range(1, 41)
    }

    def ask(path: str, call_sid: str, **fields: str) -> Signed:
        form = {"CallSid": call_sid, "From": numbers[call_sid], "To": NUMBERS["stay"], "CallStatus": "in-progress"}
        watched.post(path, form | fields)
        return watched.heard[-1]

    menus = {sid: ask("/twilio/voice", sid).next_token for sid in numbers}
    notices = {sid: ask(f"/twilio/steps/{menus[sid]}/key", sid, Digits="2").next_token for sid in numbers}
    watched.clock.sleep(watched.ask(lambda s: s.scalar(sa.select(sa.func.max(CallStep.audio_ms)))) / 1000 + 2)
    for sid in numbers:
        assert "record-from" in ask(f"/twilio/steps/{notices[sid]}/end", sid).answer
    for sid in numbers:
        ask("/twilio/call-status", sid, CallStatus="completed")
    everything = watched.bytes_on_disk()
    assert all(digits_of(number).encode() in everything for number in numbers.values())
    for sid in numbers:
        with watched.at.database.begin() as session:
            call = session.scalars(sa.select(Call).where(Call.call_sid == sid)).one()
            call.play_failed = True
            settle(session, call, watched.clock.now())
    watched.at.database.forget_deleted()
    everything = watched.bytes_on_disk()
    assert [number for number in numbers.values() if digits_of(number).encode() in everything] == []


def rows_without_callers(house: WatchedHouse) -> str:
    """All that the database says, but for the one column that callers' numbers are for."""
    text = []
    with house.at.database.read() as session:
        for table in Base.metadata.sorted_tables:
            columns = [each for each in table.columns if (table.name, each.name) != ("call", "from_number")]
            text += [repr(tuple(row)) for row in session.execute(sa.select(*columns))]
    everything = "\n".join(text)
    assert digits_of(NUMBERS["stay"]) in everything, "our own numbers are there: this looks at the right thing"
    return everything
