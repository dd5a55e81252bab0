"""Stories of a line, drawn by chance: calls, a carrier's bad days, a store that is away, requests that come again."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from hypothesis import strategies as st

from tests.calls.watched import WatchedHouse
from tests.house import DIGITS

WORDS = (
    "listen", "hangup-in-menu", "hangup-during-notice", "hangup-after-notice", "press:1", "press:2", "press:7",
    "press-early:1", "press-early:2", "press-early:7",
)  # fmt: skip


@dataclass(frozen=True)
class Ring:
    """Somebody calls. `works_after_s` into the call a worker wakes up, whatever is going on."""

    mode: str
    language: str
    do: str
    callee: str = "answers"
    menu_digit: str | None = None
    talk_s: float = 4.0
    works_after_s: float | None = None


@dataclass(frozen=True)
class Break:
    """Something stops working as it should, until it is healed."""

    what: str


@dataclass(frozen=True)
class Heal:
    """Everything works again."""


@dataclass(frozen=True)
class Replay:
    """Somebody sends a signed request of before once more."""

    which: int


@dataclass(frozen=True)
class Work:
    """The worker works for so long."""

    seconds: float


Step = Ring | Break | Heal | Replay | Work


def _set(name: str, value: object) -> Callable[[WatchedHouse], None]:
    return lambda house: setattr(house.faults, name, value)


def _play_fails(when: str, goes_to: str) -> Callable[[WatchedHouse], None]:
    def break_it(house: WatchedHouse) -> None:
        house.faults.play_fails = when  # type: ignore[assignment]
        house.faults.play_failure_goes_to = goes_to  # type: ignore[assignment]

    return break_it


def _refuse(prefix: str, times: int | None) -> Callable[[WatchedHouse], None]:
    """Our own pages answer 503 to the next so many requests (None: to all) that begin with `prefix`."""

    def break_it(house: WatchedHouse) -> None:
        refused = count()
        house.refuses = lambda path: path.startswith(prefix) and (times is None or next(refused) < times)

    return break_it


def _door(name: str) -> Callable[[WatchedHouse], None]:
    return lambda house: setattr(house.door, name, True)


BREAKS: dict[str, Callable[[WatchedHouse], None]] = {
    "call-status lost": lambda house: house.faults.lose_callbacks.add("call-status"),
    "completed lost": lambda house: house.faults.lose_callbacks.add("recording:completed"),
    "absent lost": lambda house: house.faults.lose_callbacks.add("recording:absent"),
    "callbacks doubled": _set("duplicate_callbacks", value=True),
    "callbacks reversed": _set("reverse_callbacks", value=True),
    "callbacks late": _set("late_callbacks_s", 30.0),
    "callbacks very late": _set("late_callbacks_s", 400.0),
    "recorded by account": _set("record_by_account", value=True),
    "media not ready": _set("media_not_ready_s", 30.0),
    "media long not ready": _set("media_not_ready_s", 900.0),
    "media cut off": _set("media_truncated", value=True),
    "no dual": _set("dual_unavailable", value=True),
    "absent": _set("recording_absent", value=True),
    "rest down": _set("rest_down", value=True),
    "deleting fails": _set("delete_fails", 5),
    "action after hang-up": _set("action_after_hang_up", value=True),
    "play fails at once": _play_fails("fast", "next-verb"),
    "play fails slowly": _play_fails("slow", "next-verb"),
    "play fails at once, then fallback": _play_fails("fast", "fallback"),
    "play fails slowly, then fallback": _play_fails("slow", "fallback"),
    "notice not heard": _set("notice_cut_after_s", 0.0),
    "notice cut": _set("notice_cut_after_s", 2.0),
    "store away": _door("away"),
    "store swallows answers": _door("swallows_answers"),
    "a step fails": _refuse("/twilio/steps/", 4),
    "one step in two tries": _refuse("/twilio/steps/", 2),
    "a recording callback fails": _refuse("/twilio/recording", 8),
    "pages fail": _refuse("/twilio/", None),
}

rings = st.builds(
    Ring,
    mode=st.sampled_from(["stay", "opt_out", "opt_in"]),
    language=st.sampled_from(["kk", "ru", "en"]),
    do=st.one_of(
        st.sampled_from(["listen", "press:1"]),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(",".join),
    ),
    callee=st.sampled_from(["answers", "answers", "hangs-up-first", "busy", "no-answer"]),
    menu_digit=st.sampled_from(["own", "own", "none", "9"]),
    talk_s=st.sampled_from([4.0, 4.0, 0.2, 40.0]),
    works_after_s=st.one_of(st.none(), st.floats(0, 60)),
).map(
    lambda ring: Ring(
        ring.mode,
        ring.language,
        ring.do,
        ring.callee,
        {"own": DIGITS[ring.language], "none": None}.get(str(ring.menu_digit), ring.menu_digit),
        ring.talk_s,
        ring.works_after_s,
    )
)
steps = st.one_of(
    rings,
    st.sampled_from(sorted(BREAKS)).map(Break),
    rings,
    st.sampled_from([5.0, 60.0, 3600.0]).map(Work),
    st.integers(0, 200).map(Replay),
    st.builds(Heal),
)
stories = st.builds(
    lambda first, rest, last: [*first, *rest, last],
    st.lists(st.sampled_from(sorted(BREAKS)).map(Break), max_size=2),
    st.lists(steps, max_size=8),
    rings,
)
