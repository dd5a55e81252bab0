"""`call pause`, `call resume`, `call pauses`, as people type them while somebody talks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.models import Call
from tests.backend import Databases
from tests.calls.talking import talk
from tests.cli.conftest import Lived, lived_in
from tests.command import Told
from tests.seaweed import Seaweed


@pytest.fixture
def desk(tmp_path: Path, store_server: Seaweed, bucket_name: str, databases: Databases) -> Iterator[Lived]:
    with lived_in(tmp_path, store_server, bucket_name, databases) as lived:
        for name, centre in (("here", "ast"), ("elsewhere", "almaty")):
            lived.command.fine(
                "user", "add", "--email", f"{name}@example.com", "--role", "centre_manager", "--centre", centre
            )
        yield lived


def typed(desk: Lived, said: list[Told], what: str, name: str | None = None) -> Callable[[Call], None]:
    as_ = ("--as", f"{name}@example.com") if name else ()
    return lambda call: said.append(desk.command("call", what, call.call_sid, *as_))


def test_a_manager_pauses_and_lets_it_go_on(desk: Lived) -> None:
    said: list[Told] = []
    result = talk(desk.house, (4.0, typed(desk, said, "pause", "here")), (8.0, typed(desk, said, "resume", "here")))
    assert [each.code for each in said] == [0, 0]
    assert said[0].out.startswith("Paused: silent since 2026-11-02T09:")
    assert f"eskertu call resume {result.call_sid}" in said[0].out
    assert "recorded again" in said[1].out
    (row,) = desk.command.fine("call", "pauses", "--json").rows
    assert (row["call_sid"], row["state"], row["paused"]) == (result.call_sid, "resumed", False)
    assert row["paused_at"] < row["silent_until"] <= row["ended_at"]


def test_who_may_not_and_what_cannot_be_is_said_and_ends_with_another_code(desk: Lived) -> None:
    said: list[Told] = []
    talk(
        desk.house,
        *((4.0, typed(desk, said, "pause", name)) for name in ("elsewhere", "alice", "charlie", "nobody")),
        (4.0, typed(desk, said, "resume")),
    )
    assert {each.code for each in said} == {1}
    assert all("that takes one of centre_manager, of that centre" in each.err for each in said[:3])
    assert "is not paused" in said[4].err
    assert "there is no call 'CAnone'" in desk.command.refused("call", "pause", "CAnone")
    assert desk.command.fine("call", "pauses").out == "Nothing was paused yet.\n"


def test_at_the_machine_itself_nobody_is_named_and_an_unconfirmed_pause_fails(desk: Lived) -> None:
    said: list[Told] = []
    desk.house.faults.update_times_out = 1000
    talk(desk.house, (4.0, typed(desk, said, "pause")), talk_s=30)
    ((code, err),) = [(each.code, each.err) for each in said]
    assert code == 1
    assert "NOT known to be paused" in err
    (row,) = desk.command.fine("call", "pauses", "--json").rows
    assert (row["asked_by"], row["state"], row["silent_until"]) == ("operator", "unconfirmed", None)
