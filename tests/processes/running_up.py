"""`eskertu up`, started as a person starts it, in a folder of its own whose name has a space."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

from config.loopback import choose_port
from tests.command import Commands, is_ours
from tests.processes.proc import Process, tree

ESKERTU = (sys.executable, "-P", "-m", "app.cli.main")


class Up:
    """One installation, started as often as a test wants."""

    def __init__(self, folder: Path, backend: dict[str, str]) -> None:
        self.folder = folder
        self.home = folder / "home of it"
        self.port = choose_port()
        self.settings = {"ESKERTU_HOME": str(self.home), "PORT": str(self.port)} | backend
        self.command = Commands(folder, self.settings)
        self.log = folder / "up.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.took = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        """Start it; the seconds until it was ready."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = self.spawn("up", stdout=log, stderr=log)
        self.until_ready()
        return time.monotonic() - began

    def spawn(
        self, *arguments: str, settings: dict[str, str] | None = None, **streams: Any
    ) -> "subprocess.Popen[bytes]":
        """Any command as a process."""
        ours = {name: value for name, value in os.environ.items() if not is_ours(name)}
        environment = ours | self.settings | (settings or {})
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [*ESKERTU, *arguments], cwd=self.folder, env=environment, **streams
        )
        return process

    def until_ready(self, within: float = 60.0) -> None:
        deadline = time.monotonic() + within
        while not self.is_ready():
            assert time.monotonic() < deadline, self.log.read_text()[-4000:]
            assert self.process is None or self.process.poll() is None, self.log.read_text()[-4000:]
            time.sleep(0.05)

    def is_ready(self) -> bool:
        try:
            with requests.get(f"{self.url}/readyz", timeout=2) as answer:
                return answer.status_code == 200
        except requests.RequestException:
            return False

    def tree(self) -> list[Process]:
        """The supervisor and all below it."""
        return tree(self.process.pid) if self.process is not None else []

    def child(self, *words: str) -> Process:
        """The supervisor's own child whose command has these words."""
        assert self.process is not None
        children = [each for each in self.tree() if each.parent == self.process.pid]
        # The store's command becomes the server itself.
        ends = {each.pid: "store" if "/weed " in each.command else each.command for each in children}
        (found,) = [each for each in children if ends[each.pid].endswith(" ".join(words))]
        return found
