"""Every command in the documentation exists, and those that can be run here are run."""

import re
from pathlib import Path

import click
import pytest

from tests.backend import Databases
from tests.command import Commands
from tests.docs.command_line import bring_files, options, parse, resolve
from tests.docs.pages import PAGES, ROOT, blocks, inline_code, name

TYPED = [(page, words) for page in PAGES for block in blocks(page) for words in block.commands()]
IN_PROSE = [(page, code) for page in PAGES for code in inline_code(page) if re.match(r"(eskertu|make) ", code)]
RUN = [page for page in PAGES if any("run" in block.marks for block in blocks(page))]


def told(value: object) -> str | None:
    return name(value) if isinstance(value, Path) else None


@pytest.fixture
def eskertu(tmp_path: Path, databases: Databases) -> Commands:
    """A terminal in front of an installation that nobody has set up yet, without store and carrier."""
    typed = Commands(tmp_path, databases.settings)
    typed.fine("db", "upgrade")
    return typed


def test_there_is_something_to_look_at() -> None:
    assert len(TYPED) > 20
    assert len(IN_PROSE) > 20
    assert RUN


def test_every_command_line_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mistakes = []
    for page, words in TYPED:
        if words[0] != "eskertu":
            continue
        bring_files(tmp_path, words)
        try:
            parse(words)
        except (click.ClickException, AssertionError) as error:
            mistakes.append(f"{name(page)}: {' '.join(words)}: {error}")
    assert mistakes == []


def test_commands_in_prose_exist_with_their_options() -> None:
    mistakes = []
    for page, code in IN_PROSE:
        words = code.split()
        if words[0] != "eskertu" or words[1] in {"COMMAND", "…"}:
            continue
        try:
            command, rest = resolve(words[1:])
        except click.UsageError as error:
            mistakes.append(f"{name(page)}: `{code}`: {error}")
            continue
        unknown = {word for word in rest if word.startswith("--")} - options(command) - {"--help"}
        if unknown:
            mistakes.append(f"{name(page)}: `{code}`: no such option: {unknown}")
    assert mistakes == []


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = [words for _, words in TYPED if words[0] == "make"]
    asked += [code.split() for _, code in IN_PROSE if code.startswith("make ")]
    assert asked
    assert {words[1] for words in asked} <= targets


@pytest.mark.parametrize("page", RUN, ids=told)
def test_what_is_marked_to_be_run_runs(page: Path, eskertu: Commands) -> None:
    for block in blocks(page):
        if "run" in block.marks:
            for words in block.commands():
                assert words[0] == "eskertu", f"only commands of ours are run here, not {words[0]}"
                bring_files(eskertu.folder, words)
                eskertu.fine(*words[1:])
