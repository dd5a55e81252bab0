"""A running installation whose processes die, and whose keeper starts them again at once."""

import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.first_start import prepare_databases
from config.loopback import choose_port
from config.milestones import Milestone
from storage.models import Call, Recording, StoredObject
from storage.playback import Playable
from storage.retention.publish import set_policy
from telephony.lines import routing
from telephony.practice.caller import CallerPlan, CallResult
from telephony.practice.network import PracticeNetwork
from telephony.practice.server import PracticeServer
from tests.astana import add_astana
from tests.backend import Databases
from tests.practice.customer import ACCOUNT, TOKEN, tone
from tests.processes.entry import installation, run
from tests.processes.fuse import Fuse
from tests.processes.shared_clock import SharedClock

NUMBER = "+77172000001"
CALLER = "+77015550123"
HABITS = {"to": NUMBER, "from_number": CALLER, "language": "en", "menu_digit": "3", "talk_s": 3.0}
KEPT_FOR_S = 600
# Every claim of the worker's is over by then: what a dead one held is free.
LEASES_S = 61

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.processes.entry"])


@dataclass(frozen=True)
class Template:
    """What a plant begins with: a home to be copied, and databases of its own."""

    home: Path
    databases: Databases


class Plant:
    """Web and worker as processes of their own, the practice network in the test's."""

    def __init__(self, folder: Path, template: Template, s3: dict[str, str]) -> None:
        self.folder = folder
        self.fuse = Fuse(folder / "fuse.json")
        self.clock = SharedClock(folder / "clock")
        self.port = choose_port()
        shutil.copytree(template.home, folder / "var")
        self.network = PracticeNetwork(
            folder / "carrier", clock=self.clock, account_sid=ACCOUNT, auth_token=TOKEN, speak=tone
        )
        self.rest = PracticeServer(self.network)
        write_settings(folder, s3 | template.databases.settings | {"PORT": str(self.port)})
        write_account(folder / "var", self.rest.url)
        self.at = installation(folder)
        self.at.store.ensure_bucket()
        where = routing(self.at.site)
        self.network.add_number(
            NUMBER, voice_url=where.voice_url, status_callback=where.status_url, voice_fallback_url=where.fallback_url
        )
        self.deaths: list[tuple[str, int | None]] = []
        self._running: dict[str, ForkServerProcess] = {}
        self._ended = threading.Event()
        self._in_call = threading.Event()

    @contextmanager
    def open(self) -> Iterator["Plant"]:
        """Run while the block lasts."""
        keeper = threading.Thread(target=self._keep, daemon=True)
        with self.rest:
            try:
                for part in ("web", "worker"):
                    self._start(part)
                keeper.start()
                self._wait_for_web()
                yield self
            finally:
                self._ended.set()
                keeper.join()
                for process in self._running.values():
                    self._end(process)
                self.at.database.dispose()
                self.at.keys.close()
                for carrier in self.at.carriers.values():
                    carrier.close()  # type: ignore[attr-defined]

    def _start(self, part: str) -> None:
        process = _context.Process(target=run, args=(part, self.folder), daemon=True)
        process.start()
        self._running[part] = process

    def _keep(self) -> None:
        while not self._ended.wait(0.01):
            for part, process in list(self._running.items()):
                if process.exitcode is None:
                    continue
                self.deaths.append((part, process.exitcode))
                # A notice must not seem to have lasted a minute longer.
                if part == "worker" and not self._in_call.is_set():
                    self.clock.advance(LEASES_S)
                self._start(part)
                process.close()

    def _end(self, process: ForkServerProcess) -> None:
        if process.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.join()
        process.close()

    def _wait_for_web(self) -> None:
        self.until(self._web_answers, "the web answers")

    def _web_answers(self) -> bool:
        try:
            with requests.get(f"{self.at.site.base_url}/healthz", timeout=2) as answer:
                return answer.status_code == 200
        except requests.RequestException:
            return False

    def pid(self, part: str) -> int:
        """The process that is this part now."""
        pid = self._running[part].pid
        assert pid is not None
        return pid

    def kill(self, part: str) -> None:
        """Kill it; the keeper starts it again. Returns when another process has taken its place."""
        before = self.pid(part)
        os.kill(before, signal.SIGKILL)
        self.until(lambda: self.pid(part) != before, f"{part} is started again")

    def arm(self, milestone: Milestone, nth: int, *, whole: bool) -> None:
        self.fuse.arm(milestone, nth, whole=whole)

    def call(self, **plan: Any) -> CallResult:
        """One call to the line, from the first ring to its last callback."""
        self._in_call.set()
        try:
            return self.network.place_call(CallerPlan(**{**HABITS, **plan}))
        finally:
            self._in_call.clear()

    def until(self, question: Callable[[], Any], what: str, *, within: float = 20.0, pace: float = 0.0) -> Any:
        """Ask until the answer is a yes. `pace`: how many seconds the clock goes forward in each real one."""
        deadline = time.monotonic() + within
        while not (answer := question()):
            assert time.monotonic() < deadline, f"not within {within} s: {what}\n{self.said()}"
            time.sleep(0.03)
            if pace:
                self.clock.advance(pace * 0.03)
        return answer

    def ask(self, question: Callable[[Session], Any]) -> Any:
        with self.at.database.read() as session:
            return question(session)

    def outcome(self, call_sid: str) -> str | None:
        found: str | None = self.ask(lambda s: s.scalar(sa.select(Call.outcome).where(Call.call_sid == call_sid)))
        return found

    def recordings(self, call_sid: str) -> list[Recording]:
        of_call = sa.select(Recording).join(Call).where(Call.call_sid == call_sid).order_by(Recording.first_seen_at)
        return list(self.ask(lambda s: s.scalars(of_call).all()))

    def objects(self) -> list[StoredObject]:
        return list(self.ask(lambda s: s.scalars(sa.select(StoredObject)).all()))

    def in_store(self) -> list[str]:
        return [version.key for version in self.at.store.versions("")]

    def at_carrier(self) -> list[str]:
        return [told.sid for told in self.network._exchange.shelf.all()]

    def plain(self, kept: StoredObject) -> bytes:
        """The plain bytes of a stored object, without asking who wants them."""
        assert kept.key is not None
        assert kept.bytes is not None
        assert kept.cipher_bytes is not None
        item = Playable(kept.id, kept.key, kept.content_type, kept.bytes, kept.cipher_bytes)
        return b"".join(self.at.playback.read(item))

    def said(self) -> str:
        """The end of what the processes said, for whoever has to find out what went wrong."""
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("*.log")))


def make_template(folder: Path, databases: Databases) -> Template:
    """What every plant begins with: databases, keys, a line, and windows that end after some minutes."""
    write_settings(folder, databases.settings)
    write_account(folder / "var", "http://127.0.0.1:9")
    at = installation(folder)
    prepare_databases(at)
    now = at.clock.now()
    with at.database.begin() as session:
        add_astana(session, {NUMBER: ("front", "stay")}, now)
        for purpose in ("training", "quality"):
            window = f"PT{KEPT_FOR_S}S"
            set_policy(session, purpose=purpose, window=window, reason="a test", centre=None, now=now, dry_run=False)
    at.database.forget_deleted()
    at.database.dispose()
    at.keys.close()
    return Template(folder / "var", databases)


def write_settings(folder: Path, more: dict[str, str]) -> None:
    """The settings as a process would find them in its environment."""
    settings = {"ESKERTU_HOME": str(folder / "var"), "ESKERTU_PRACTICE": "on"} | more
    (folder / "settings.json").write_text(json.dumps(settings))


def write_account(home: Path, url: str) -> None:
    """The practice phone's account, as `eskertu up` leaves it."""
    (home / "practice").mkdir(parents=True, exist_ok=True)
    told = {"account_sid": ACCOUNT, "auth_token": TOKEN, "api_base_url": url}
    (home / "practice" / "account.json").write_text(json.dumps(told))
