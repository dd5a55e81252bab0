"""Calls in which something is done while people talk, and what can then be heard in them."""

import io
import time
import wave
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from storage.errors import Refused
from storage.models import Call, CarrierEvent, Leaf, LeafOpening, RecordingPause
from telephony.pauses import pauses_of
from telephony.pausing import Asker
from telephony.practice.caller import CallerPlan, CallEvent, CallResult
from tests.house import CALLER, DIGITS, NUMBERS, House

Doing = tuple[float, Callable[[Call], object]]
"""So many seconds into the recording, and what is done then, with the call."""
DESK = Asker("a" * 32, "b" * 32)


def talk(house: House, *doings: Doing, mode: str = "stay", talk_s: float = 20.0, **plan: Any) -> CallResult:
    """A call that is recorded, and what is done in it. Time passes there in steps of half a second."""

    def heard(event: CallEvent) -> None:
        if event.kind == "recording-started" and event.details.get("source") == "DialVerb":
            for seconds, do in doings:
                house.clock.after(seconds, lambda do=do: do(open_call(house)))  # type: ignore[misc]

    wanted = CallerPlan(
        NUMBERS[mode],
        from_number=plan.pop("from_number", CALLER),
        language="ru",
        menu_digit=DIGITS["ru"],
        talk_s=talk_s,
        **plan,
    )
    return house.network.place_call(wanted, heard)


def pausing(house: House, seconds: float) -> Doing:
    return seconds, lambda call: house.at.pausing.pause(call.id, DESK)


def resuming(house: House, seconds: float) -> Doing:
    return seconds, lambda call: house.at.pausing.resume(call.id, DESK)


def refused(house: House, kind: type[Refused], match: str) -> Doing:
    def ask(call: Call) -> None:
        with pytest.raises(kind, match=match) as told:
            house.at.pausing.pause(call.id, DESK)
        assert type(told.value) is kind

    return 4.0, ask


def told(house: House, kind: str) -> list[dict[str, object]]:
    query = sa.select(LeafOpening.facts).join(Leaf, Leaf.id == LeafOpening.leaf_id).where(Leaf.kind == kind)
    return list(house.ask(lambda s: s.scalars(query).all()))


def open_call(house: House) -> Call:
    """The one call that goes on."""
    (call_sid,) = house.network._lines
    return house.call_row(call_sid)


def once_reported(house: House, call: Call) -> None:
    """Wait until the carrier's report that the recording began is taken in: it comes beside the call."""
    told = sa.select(CarrierEvent.id).where(CarrierEvent.call_id == call.id, CarrierEvent.status == "in-progress")
    begun = told.where(CarrierEvent.subject_sid != call.call_sid)
    for _ in range(6000):
        if house.ask(lambda s: s.scalars(begun).first()) is not None:
            return
        time.sleep(0.01)
    raise AssertionError("the carrier never reported that the recording began")


def pauses(house: House) -> Sequence[RecordingPause]:
    """The pauses of the newest call."""
    found: Sequence[RecordingPause] = house.ask(
        lambda s: pauses_of(s, s.scalars(sa.select(Call.id).order_by(Call.ringing_at.desc()).limit(1)).one())
    )
    return found


def silences(wav: bytes) -> list[tuple[float, float]]:
    """Where nothing at all can be heard on either side for a second or more: from and to, in seconds."""
    with wave.open(io.BytesIO(wav)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, file.getnchannels())
        rate = file.getframerate()
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)).max(axis=1) > 0)
    edges = np.concatenate([[-1], loud, [len(samples)]])
    gaps = np.flatnonzero(np.diff(edges) > rate)
    return [(float(edges[gap] + 1) / rate, float(edges[gap + 1]) / rate) for gap in gaps]
