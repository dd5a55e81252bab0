"""Two webs and two workers over one PostgreSQL and one store, behind a balancer; any of them can be killed any time.

Nobody shares memory: what holds is what the database makes hold. Time runs for all of them at one pace, some times
faster than the machine's.
"""

import json
import multiprocessing
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.first_start import prepare_databases
from app.serve import serve
from app.wiring import Installation
from config.logging import configure_logging
from config.loopback import choose_port
from config.settings import load_settings
from storage.retention.publish import set_policy
from telephony.lines import routing
from telephony.practice.network import PracticeNetwork
from telephony.practice.server import PracticeServer
from tests.astana import add_astana, by_mode, connect
from tests.practice.customer import ACCOUNT, TOKEN, tone
from tests.processes.entry import WakefulWorker, die_with_the_test
from tests.processes.plant import write_account

MODES = {"stay": "+77172000001", "opt_out": "+77172000002", "opt_in": "+77172000003"}
PACE = 3.0
KEPT_FOR_S = 150

_context = multiprocessing.get_context("forkserver")


class PacedClock:
    """Real time since a moment that is written down, `PACE` times as fast; who sleeps waits."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_text(repr(time.time()))
        self._began = float(path.read_text())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._began + (time.time() - self._began) * PACE, UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / PACE)


def installation(folder: Path, port: int) -> Installation:
    """The installation that `settings.json` describes, as one member sees it."""
    environment = json.loads((folder / "settings.json").read_text()) | {"PORT": str(port)}
    return Installation(load_settings(environment, folder / "no.env"), PacedClock(folder / "clock"))


def run(part: str, folder: Path, port: int) -> None:
    """Be a web or a worker until killed."""
    die_with_the_test(folder / f"{part}-{port}.log")
    configure_logging("info", part)
    at = installation(folder, port)
    if part == "web":
        serve(at)
    else:
        WakefulWorker(at).run()


class Balancer:
    """What stands before several webs: each connection goes to one that takes it, in turn."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client:
            for port in random.sample(self._ports, len(self._ports)):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as web:
                    web.settimeout(None)
                    back = threading.Thread(target=_pump, args=(web, client), daemon=True)
                    back.start()
                    _pump(client, web)
                    back.join()
                    return


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class Fleet:
    """The members, kept alive, and the network that calls them."""

    def __init__(self, folder: Path, databases: tuple[str, str], s3: dict[str, str]) -> None:
        self.folder = folder
        self.clock = PacedClock(folder / "clock")
        self.network = PracticeNetwork(
            folder / "carrier", clock=self.clock, account_sid=ACCOUNT, auth_token=TOKEN, speak=tone
        )
        self.rest = PracticeServer(self.network)
        self._members = [("web", choose_port()), ("web", choose_port()), ("worker", 1), ("worker", 2)]
        self.balancer = Balancer([port for part, port in self._members if part == "web"])
        settings = {
            "ESKERTU_HOME": str(folder / "var"),
            "ESKERTU_PRACTICE": "on",
            "ESKERTU_DATABASE_URL": databases[0],
            "ESKERTU_KEYS_DATABASE_URL": databases[1],
            "ESKERTU_PUBLIC_URL": f"http://127.0.0.1:{self.balancer.port}",
        }
        (folder / "settings.json").write_text(json.dumps(settings | s3))
        write_account(folder / "var", self.rest.url)
        self.at = installation(folder, choose_port())
        self.at.store.ensure_bucket()
        self._set_up()
        self.kills = 0
        self._running: dict[tuple[str, int], ForkServerProcess] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def _set_up(self) -> None:
        prepare_databases(self.at)
        now = self.clock.now()
        with self.at.database.begin() as session:
            add_astana(session, by_mode(MODES), now)
            for purpose in ("training", "quality"):
                window = f"PT{KEPT_FOR_S}S"
                set_policy(
                    session, purpose=purpose, window=window, reason="a test", centre=None, now=now, dry_run=False
                )
        connect(self.network, MODES, routing(self.at.site))

    @contextmanager
    def open(self) -> Iterator["Fleet"]:
        """Run while the block lasts: whoever dies is started again at once."""
        keeper = threading.Thread(target=self._keep, daemon=True)
        with self.rest:
            try:
                for member in self._members:
                    self._start(member)
                keeper.start()
                yield self
            finally:
                self._ended.set()
                keeper.join()
                for process in self._running.values():
                    _end(process)
                self.balancer.close()
                self.at.database.dispose()
                self.at.keys.close()
                for carrier in self.at.carriers.values():
                    carrier.close()  # type: ignore[attr-defined]

    def _start(self, member: tuple[str, int]) -> None:
        part, port = member
        process = _context.Process(target=run, args=(part, self.folder, port), daemon=True)
        process.start()
        self._running[member] = process

    def _keep(self) -> None:
        while not self._ended.wait(0.02):
            with self._lock:
                for member, process in list(self._running.items()):
                    if process.exitcode is not None:
                        _end(process)
                        self._start(member)

    def kill_somebody(self, chance: random.Random) -> None:
        """One member, with all its processes or (a web) only the one that answers."""
        member = chance.choice(self._members)
        with self._lock:
            process = self._running[member]
            if process.pid is None or process.exitcode is not None:
                return
            victims = _children(process.pid) if member[0] == "web" and chance.random() < 0.5 else [process.pid]
            for pid in victims:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.kills += 1

    def until(self, question: Callable[[], Any], what: str, *, within: float) -> None:
        """Ask until the answer is a yes; `within`: real seconds."""
        ends = time.monotonic() + within
        while not question():
            assert time.monotonic() < ends, f"not within {within} s: {what}\n{self.said()}"
            time.sleep(0.25)

    def ask(self, question: Callable[[Session], Any]) -> Any:
        with self.at.database.read() as session:
            return question(session)

    def count(self, *conditions: sa.ColumnElement[bool]) -> int:
        """How many rows answer to all of these."""
        return int(self.ask(lambda s: s.scalar(sa.select(sa.func.count()).where(*conditions))))

    def said(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("*.log")))


def _end(process: ForkServerProcess) -> None:
    if process.pid is not None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.join()
    process.close()


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(each) for each in path.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
