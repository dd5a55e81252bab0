"""Command lines as the program reads them, and the commands that there are."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import click
import numpy as np

from app.cli.main import cli
from telephony.audio import RATE_HZ, notice_audio

FILES_OF_READERS = ("--audio", "--texts", "--photo", "--speech")
FILES_OF_COMMANDS = (
    "--against",
    "--password-file",
)


def bring_files(folder: Path, words: Sequence[str]) -> None:
    """Put into a folder what is there by then: sounds that a reader recorded, files that an earlier command wrote."""
    tone = np.sin(np.arange(2 * RATE_HZ) * 2 * np.pi * 440 / RATE_HZ) * 8000
    for option, value in pairwise(words):
        if option in FILES_OF_READERS:
            path = folder / value
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(notice_audio(tone.astype(np.int16)).wav)
        elif option in FILES_OF_COMMANDS:
            (folder / value).touch()


def parse(words: Sequence[str]) -> None:
    """Read a whole command line as the program would, and run nothing. Raises click.UsageError."""
    command, rest = resolve(words[1:])
    assert not isinstance(command, click.Group) or command.invoke_without_command, "it is a group of commands"
    assert command.name is not None
    command.make_context(command.name, rest)


def resolve(words: Sequence[str]) -> tuple[click.Command, list[str]]:
    """The command that words begin with, and the words behind it. A group where they name no command of it."""
    command: click.Command = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.commands.get(rest[0])
        if found is None:
            raise click.UsageError(f"no such command: {rest[0]}")
        command, rest = found, rest[1:]
    return command, rest


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that can be typed, with its full name."""

    def below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield path, command
        if not isinstance(command, click.Group):
            return
        for word, found in command.commands.items():
            yield from below(f"{path} {word}", found)

    return below("eskertu", cli)


def options(command: click.Command) -> set[str]:
    """Its options, as they are typed."""
    return {spelling for param in command.params for spelling in param.opts if spelling.startswith("-")}
