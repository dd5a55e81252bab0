"""`eskertu …` as a person types it, without a new process: the same entry point, settings and streams."""

import contextlib
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import structlog

from app.cli import terminal
from app.cli.main import main
from app.wiring import Installation


@dataclass(frozen=True)
class Told:
    """How a command ended, and what it said."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Of a listing with `--json`."""
        return [json.loads(line) for line in self.out.splitlines()]


class Commands:
    """Types commands in one environment. `prepare` is shown every installation that a command makes."""

    def __init__(
        self, folder: Path, environment: dict[str, str], prepare: Callable[[Installation], None] | None = None
    ) -> None:
        self.folder = folder
        self.environment = environment
        self._prepare = prepare

    def __call__(self, *arguments: str, **more: str) -> Told:
        """Run one; settings in `more` are for this one alone."""
        ours = {name: value for name, value in os.environ.items() if not is_ours(name)}
        out, err = _stream(), _stream()
        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, ours | self.environment | more, clear=True),
            mock.patch.object(sys, "argv", ["eskertu", *arguments]),
            mock.patch.object(sys, "stdout", out),
            mock.patch.object(sys, "stderr", err),
            self._tidy(),
        ):
            code = _code_of(main)
        out.flush()
        err.flush()
        return Told(code, out.buffer.getvalue(), err.buffer.getvalue().decode())  # type: ignore[attr-defined]

    def fine(self, *arguments: str, **more: str) -> Told:
        """Run one that must succeed."""
        told = self(*arguments, **more)
        assert told.code == 0, told.err
        return told

    def refused(self, *arguments: str, **more: str) -> str:
        """Run one that must fail, as every failure should: a message on stderr, and nothing like a stack trace."""
        told = self(*arguments, **more)
        assert told.code not in (0, None), told.out
        assert told.err.strip()
        assert "Traceback" not in told.err
        return told.err

    @contextlib.contextmanager
    def _tidy(self) -> Iterator[None]:
        """Close what the commands' installations opened, and give logging back as it was."""
        made: list[Installation] = []
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        structured = structlog.get_config()

        def make(*given: Any) -> Installation:
            made.append(Installation(*given))
            if self._prepare is not None:
                self._prepare(made[-1])
            return made[-1]

        try:
            with mock.patch.object(terminal, "Installation", make):
                yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            structlog.configure(**structured)
            for at in made:
                close(at)


def close(at: Installation) -> None:
    """Close the connections of those parts that were used."""
    if "database" in vars(at):
        at.database.dispose()
    if "keys" in vars(at):
        at.keys.close()
    for carrier in vars(at).get("carriers", {}).values():
        carrier.close()


def is_ours(name: str) -> bool:
    """Whether a variable is a setting: the machine's own must not reach a test."""
    return name.startswith("ESKERTU_") or name == "PORT"


def _code_of(what: Callable[[], None]) -> int:
    try:
        what()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
