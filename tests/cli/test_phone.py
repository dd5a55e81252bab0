"""`phone call` and `line connect` against a practice phone that runs, and without one."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import CallStep
from tests.backend import Databases
from tests.cli.conftest import Lived, lived_in
from tests.command import Commands
from tests.house import CALLER, NUMBERS

if TYPE_CHECKING:
    from tests.seaweed import Seaweed


@pytest.fixture
def phoning(tmp_path: Path, store_server: "Seaweed", bucket_name: str, databases: Databases) -> Iterator[Lived]:
    with lived_in(tmp_path, store_server, bucket_name, databases) as lived:
        yield lived


CALL = ("phone", "call", "--to", NUMBERS["stay"])


def test_a_line_is_connected_and_what_the_carrier_has_is_read_back(phoning: Lived) -> None:
    said = phoning.command.fine("line", "connect", "stay")
    base = phoning.house.at.site.base_url
    for name, path in (("Voice", "voice"), ("Status", "call-status"), ("Fallback", "fallback")):
        assert f"ok  {name}: {base}/twilio/{path}" in said.out
    assert "ESKERTU_PUBLIC_URL" in said.err


def test_a_call_tells_its_steps_to_people_and_to_programs(phoning: Lived) -> None:
    said = phoning.command.fine(*CALL, "--language", "en", "--do", "hangup-during-notice").out
    assert "ringing" in said
    assert "«" in said
    steps = phoning.command.fine(*CALL, "--language", "ru", "--json").rows
    assert steps[-1]["kind"] == "result"
    assert len(steps[-1]["recording_sids"]) == 1
    phoning.house.work()
    outcomes = [row["outcome"] for row in phoning.command.fine("calls", "--json").rows]
    assert outcomes == ["declined_hangup", "recorded"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--do", "dance"), "'dance'"),
        (("--do", "press:"), "press"),
        (("--from", "5550123"), "E.164"),
        (("--talk", "-1"), "talk"),
        (("--talk", "long"), "--talk"),
        (("--language", "de"), "'de' is not one of"),
        (("--callee", "sleeps"), "--callee"),
        (("--speech", "none.wav"), "'none.wav' does not exist"),
        (("--speech", "text.wav"), "text.wav"),
        (("--to", "front desk"), "--to"),
        (("--to", "7172000001"), "--to"),
    ],
)
def test_a_call_that_nobody_could_make_is_refused(phoning: Lived, arguments: tuple[str, ...], words: str) -> None:
    (phoning.command.folder / "text.wav").write_text("no sound at all " * 50)
    assert words in phoning.command.refused(*CALL, *arguments)
    assert phoning.command.fine("calls", "--json").out == ""


@pytest.mark.parametrize("command", [CALL, ("phone", "network")])
def test_without_a_practice_phone_it_says_so(eskertu: Commands, command: tuple[str, ...]) -> None:
    assert "the practice phone is not running: start `eskertu up`" in eskertu.refused(*command)


def test_a_practice_phone_that_has_gone_is_told(phoning: Lived) -> None:
    account = phoning.command.folder / "var" / "practice" / "account.json"
    account.write_text(account.read_text().replace(phoning.house.rest.url, "http://127.0.0.1:9"))
    assert "is `eskertu up` running?" in phoning.command.refused(*CALL)


def test_what_people_read_holds_no_number_and_no_token(phoning: Lived) -> None:
    said = phoning.command.fine(*CALL, "--language", "kk")
    assert CALLER not in said.err
    tokens = phoning.house.ask(_tokens)
    assert tokens
    assert not [token for token in tokens if token in said.out]


def _tokens(session: Session) -> list[str]:
    return list(session.scalars(sa.select(CallStep.token)))
