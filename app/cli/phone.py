"""The practice phone: `phone network` (the carrier's side), `phone call` (a caller)."""

import json
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import requests

from app.cli.terminal import installation
from app.practice_numbers import account, own_number
from app.wiring import Installation
from storage import notices
from storage.errors import Refused
from telephony.callflow import LANGUAGE_KEYS
from telephony.lines import e164
from telephony.practice.network import PracticeNetwork
from telephony.practice.server import PracticeServer

DIGITS = {language: digit for digit, language in LANGUAGE_KEYS.items()}


@click.group()
def phone() -> None:
    """The practice phone: a telephone network without an account."""


@phone.command("network")
def network() -> None:
    """Be the carrier: place calls, keep recordings, answer its REST API. On loopback alone."""
    at = installation("practice phone")
    practice = account(at)
    exchange = PracticeNetwork(
        at.home.resolve() / "practice",
        clock=at.clock,
        account_sid=practice.account_sid,
        auth_token=practice.auth_token,
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with PracticeServer(exchange, urlsplit(practice.api_base_url).port or 0):
        stop.wait()


@phone.command("call")
@click.option("--to", "to", required=True, help="The number to dial, such as +77172000000.")
@click.option("--language", default="en", show_default=True, type=click.Choice(("kk", "ru", "en")))
@click.option(
    "--do",
    "do",
    default="listen",
    show_default=True,
    help=(
        "listen, hangup-in-menu, hangup-during-notice, hangup-after-notice, press:2, press-early:2; "
        "several with commas answer a notice that is repeated."
    ),
)
@click.option(
    "--speech", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="WAV that the caller says."
)
@click.option("--from", "from_number", default="+77015550123", show_default=True)
@click.option("--talk", "talk_s", default=4.0, show_default=True, help="Seconds of conversation.")
@click.option("--callee", default="answers", type=click.Choice(("answers", "busy", "no-answer", "hangs-up-first")))
@click.option("--json", "as_json", is_flag=True, help="Every step as a JSON line.")
def call(as_json: bool, **plan: Any) -> None:  # noqa: ANN401 - the options above
    """Call a line, and see step by step what a caller hears and does."""
    at = installation()
    result = None
    texts = spoken_texts(at)
    for step in place_call(at, plan):
        click.echo(json.dumps(step, ensure_ascii=False) if as_json else told(step, texts))
        result = step
    if result is None or result["kind"] != "result":
        raise click.ClickException("the call did not come to its end")


def place_call(at: Installation, plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Place a call; its steps as they happen, the result last.

    Raises:
        Refused: if the practice phone does not answer, or cannot follow the plan.
    """
    practice = account(at)
    if e164(plan["to"]) is None:
        raise Refused("--to: give the number with its country, such as +77172000000")
    own_number(at, plan["to"])
    speech = plan.get("speech")
    wanted = plan | {
        "menu_digit": DIGITS[plan["language"]],
        "speech": str(Path(speech).resolve()) if speech is not None else None,
    }
    auth = (practice.account_sid, practice.auth_token)
    try:
        with requests.post(
            f"{practice.api_base_url}/practice/calls", json=wanted, auth=auth, stream=True, timeout=(5, 600)
        ) as answer:
            if answer.status_code != 200:
                raise Refused(answer.json().get("error", f"the practice phone answered {answer.status_code}"))
            for line in answer.iter_lines():
                step = json.loads(line)
                if step["kind"] == "error":
                    raise Refused(f"the call came to nothing: {step['text']}")
                yield step
    except requests.RequestException as error:
        raise Refused("the practice phone does not answer: is `eskertu up` running?") from error


def spoken_texts(at: Installation) -> dict[str, str]:
    """What each published sound says, by its hash: to read along."""
    with at.database.read() as session:
        return {row.audio_sha256: row.text for row in notices.all_versions(session)}


def told(step: dict[str, Any], texts: dict[str, str]) -> str:
    """A step of a call, for a person at a terminal: who reads along does not want addresses."""
    moment = str(step.get("at", ""))[11:19] or " " * 8
    text = STEP_OR_HASH.sub("", str(step["text"]))
    if step["kind"] == "playing":
        said = next((words for sha256, words in texts.items() if sha256 in str(step["text"])), text)
        text = f"«{said}»"
    if step["kind"] == "heard-to-end":
        text = "heard to its end"
    return f"  {moment}  {step['kind']:<18} {text}"


# The one-use token in a step's address proves the order of things; it does not help who reads.
STEP_OR_HASH = re.compile(r"(?<=/steps/)[0-9a-f]{32}/")

COMMANDS = (phone,)
