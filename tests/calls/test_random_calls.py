"""Calls as chance would have them, on bad days: whatever happened, afterwards the invariants hold (I1-I4, I6, I7).

Each story runs over real HTTP against a house of its own. HYPOTHESIS_PROFILE=long tells many more of them.
"""

import os
import tempfile
import uuid
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings

from tests.backend import MadeDatabases
from tests.calls import invariants
from tests.calls.lived import Lived
from tests.calls.scenario import BREAKS, Break, Heal, Replay, Ring, Step, Work, stories
from tests.calls.watched import Signed, WatchedHouse
from tests.house import NUMBERS
from tests.seaweed import Seaweed, made_bucket

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
STORIES = 500 if LONG else 8
# A story takes seconds: to look for the shortest one that fails takes many minutes, which only the long run has.
PHASES = tuple(Phase) if LONG else (Phase.explicit, Phase.generate)
LISTENS = Ring("stay", "ru", "listen", menu_digit="2")
DECLINES = Ring("opt_out", "kk", "press:2", menu_digit="1")


@pytest.mark.timeout(3600)
@settings(max_examples=STORIES, phases=PHASES, report_multiple_bugs=False)
@given(story=stories)
@example([Break("play fails slowly"), LISTENS])
@example([Break("recorded by account"), LISTENS, DECLINES])
@example([Break("call-status lost"), Break("completed lost"), DECLINES, LISTENS, Work(60.0)])
@example([Break("rest down"), LISTENS, Work(3600.0), DECLINES])
@example([Break("store swallows answers"), LISTENS, Work(60.0), LISTENS])
@example([Break("absent"), LISTENS, Replay(0), Replay(1), Replay(2), DECLINES, Replay(1)])
def test_whatever_happens_the_invariants_hold(
    store_server: Seaweed, made_databases: MadeDatabases, story: list[Step]
) -> None:
    with (
        tempfile.TemporaryDirectory() as home,
        made_bucket(store_server, versioned=False) as bucket,
        made_databases() as databases,
        WatchedHouse(Path(home), store_server.store(bucket), databases).open() as house,
    ):
        calls = live(house, story)
        house.heal()
        two_hours_pass(house)
        invariants.check_notice_first(house, calls)
        invariants.check_nothing_lost(house, calls)
        invariants.check_nothing_of_others(house, calls)
        invariants.check_evidence(house, calls)
        invariants.check_dates(house)
        invariants.check_all_is_gone(house)


def live(house: WatchedHouse, story: list[Step]) -> list[Lived]:
    """Let the story happen. Returns its calls."""
    calls = []
    for step in story:
        match step:
            case Ring():
                calls.append(ring(house, step))
            case Break(what):
                BREAKS[what](house)
            case Heal():
                house.heal()
            case Replay(which) if house.heard:
                come_again(house, house.heard[which % len(house.heard)])
            case Work(seconds):
                house.work_for(seconds, step=max(5.0, seconds / 12))
    return calls


def ring(house: WatchedHouse, step: Ring) -> Lived:
    """One call, from a number that nobody else has."""
    number = f"+7701{uuid.uuid4().int % 10**7:07d}"
    if step.works_after_s is not None:
        house.clock.after(step.works_after_s, house.work)
    result = house.call(
        step.mode,
        step.language,
        step.do,
        to=NUMBERS[step.mode],
        from_number=number,
        callee=step.callee,
        menu_digit=step.menu_digit,
        talk_s=step.talk_s,
    )
    return Lived(step, number, result)


def come_again(house: WatchedHouse, request: Signed) -> None:
    """The same request once more: what was answered is answered again, word for word."""
    answer = house.replay(request)
    if answer.status_code == 200 and not request.path.endswith("/fallback"):
        assert answer.text == request.answer


def two_hours_pass(house: WatchedHouse) -> None:
    """Often at first, as the worker does, then now and then."""
    house.work_for(60, step=6)
    house.work_for(600, step=60)
    house.work_for(6600, step=550)
