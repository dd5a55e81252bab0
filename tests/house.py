"""A whole Eskertu in one process, for tests: real HTTP on loopback, real signatures, a real store, and a fast clock.

The practice network calls the web application over HTTP; the worker's jobs run when the test says so, as often as it
takes until nothing is left to do. Time passes when somebody sleeps.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from apiflask import APIFlask
from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from app.factory import create_app
from app.first_start import prepare_databases
from app.wiring import Account, Installation
from app.worker import Worker
from config.settings import Settings
from storage.counting import Counting
from storage.database import Database
from storage.models import Call, Line, Person, Recording, StoredObject
from storage.models.columns import random_id
from storage.objects.store import ObjectStore
from storage.playback import Playable
from storage.upgrade import upgrade
from telephony.lines import routing
from telephony.practice.caller import CallerPlan, CallResult
from telephony.practice.faults import Faults
from telephony.practice.network import PracticeNetwork
from telephony.practice.server import PracticeServer
from tests.astana import add_astana, by_mode, connect
from tests.backend import IN_ITS_HOME, Databases, everything_in
from tests.practice.customer import ACCOUNT, TOKEN, FastClock, tone

CALLER = "+77015550123"
NUMBERS = {
    "stay": "+77172000001",
    "opt_out": "+77172000002",
    "opt_in": "+77172000003",
}
RARE = {"reconcile_day", "sweep_strays", "replay_restored"}
# Most tests are about recordings, and count objects: those about what is derived from them have it made themselves.
BESIDE = {"make_peaks", "make_previews", "count_stored"}
DIGITS = {"kk": "1", "ru": "2", "en": "3"}


@cache
def _with_tables() -> bytes:
    """A SQLite database with all tables and no row. To migrate one takes a quarter of a second, and there are many."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        database = Database(f"sqlite:///{path}")
        upgrade(database)
        database.dispose()
        return path.read_bytes()


def _put_tables(path: Path) -> None:
    """Where there is no database yet: a house can be opened again."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(0o600)
        path.write_bytes(_with_tables())


class Quiet(WSGIRequestHandler):
    """Logs nothing. Who stops to read, as a browser does whose sound is paused, is given up after a minute."""

    timeout = 60

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class House:
    """One installation with a line for each mode, a practice network that calls it, and its worker."""

    def __init__(
        self, home: Path, store: ObjectStore, databases: Databases = IN_ITS_HOME, clock: FastClock | None = None
    ) -> None:
        self.home = home
        self.clock = clock or FastClock()
        settings = Settings(
            home=home / "var", database_url=databases.main, keys_database_url=databases.keys, log_level="error"
        )
        self.at = Installation(settings, self.clock)
        self.at.store = store
        # However busy the machine is, a count takes no time here, and is made again when the clock says so.
        self.at.counting = Counting(self.at.database, self.clock, lambda: 0.0)
        self.network = PracticeNetwork(
            home / "carrier", clock=self.clock, account_sid=ACCOUNT, auth_token=TOKEN, faults=Faults(), speak=tone
        )
        self.rest = PracticeServer(self.network)
        self.at.accounts = {ACCOUNT: Account(ACCOUNT, TOKEN, self.rest.url)}
        store.ensure_bucket()
        if databases.main is None:
            _put_tables(Path(str(self.at.database.engine.url.database)))
        prepare_databases(self.at)

    @property
    def faults(self) -> Faults:
        return self.network.faults

    @contextmanager
    def open(self) -> Iterator["House"]:
        """Serve while the block lasts."""
        server = make_server("127.0.0.1", 0, self._app, threaded=True, request_handler=Quiet)
        # So that `server_close` waits for answers under way: behind it the databases close.
        server.daemon_threads = False  # type: ignore[attr-defined]
        object.__setattr__(self.at.site, "base_url", f"http://127.0.0.1:{server.server_port}")
        self.begin_to_answer()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self._add_lines()
        with self.rest:
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()
                server.server_close()
                for carrier in self.at.carriers.values():
                    carrier.close()  # type: ignore[attr-defined]
                self.at.database.dispose()
                self.at.keys.close()

    def _app(self, environ: Any, start_response: Any) -> Any:
        return self.answers(environ, start_response)

    def begin_to_answer(self) -> None:
        """Make the web application, before anybody asks: CPython 3.11 cannot make two at the same moment (werkzeug
        compiles its rules by way of `ast`, whose state threads share)."""
        self.app: APIFlask = create_app(self.at)
        self.answers: Any = self.app

    def _add_lines(self) -> None:
        now = self.clock.now()
        with self.at.database.begin() as session:
            centre = add_astana(session, by_mode(NUMBERS), now)
            for email, role, centre_id in (
                ("alice@example.com", "qa_reviewer", centre.id),
                ("charlie@example.com", "administrator", None),
            ):
                session.add(
                    Person(id=random_id(), email=email, role=role, centre_id=centre_id, active=True, created_at=now)
                )
        connect(self.network, NUMBERS, routing(self.at.site))

    def call(self, mode: str = "stay", language: str = "ru", do: str = "listen", **plan: Any) -> CallResult:
        """One call, from the first ring to its last callback."""
        return self.network.place_call(
            CallerPlan(
                to=plan.pop("to", NUMBERS[mode]),
                from_number=plan.pop("from_number", CALLER),
                language=language,
                menu_digit=plan.pop("menu_digit", DIGITS[language]),
                do=do,
                **plan,
            )
        )

    def work(self) -> None:
        """Let the worker do all that can be done now."""
        jobs = [what for name, what, _, _ in Worker(self.at).jobs() if name not in RARE | BESIDE]
        for job in jobs * 2:
            job()

    def work_for(self, seconds: float, step: float = 5.0) -> None:
        """Let time pass, the worker working."""
        until = self.clock.now() + timedelta(seconds=seconds)
        self.work()
        while self.clock.now() < until:
            self.clock.sleep(step)
            self.work()

    def ask(self, question: Callable[[Session], Any]) -> Any:
        """Read something from the database."""
        with self.at.database.read() as session:
            return question(session)

    def call_row(self, call_sid: str) -> Call:
        row: Call = self.ask(lambda s: s.scalars(sa.select(Call).where(Call.call_sid == call_sid)).one())
        return row

    def outcome(self, call_sid: str) -> str | None:
        return self.call_row(call_sid).outcome

    def recordings(self) -> list[Recording]:
        return list(self.ask(lambda s: s.scalars(sa.select(Recording)).all()))

    def objects(self) -> list[StoredObject]:
        return list(self.ask(lambda s: s.scalars(sa.select(StoredObject)).all()))

    def lines(self) -> list[Line]:
        return list(self.ask(lambda s: s.scalars(sa.select(Line)).all()))

    def plain(self, kept: StoredObject) -> bytes:
        """The plain bytes of a stored object, without asking who wants them."""
        assert kept.key is not None
        assert kept.bytes is not None
        assert kept.cipher_bytes is not None
        item = Playable(kept.id, kept.key, kept.content_type, kept.bytes, kept.cipher_bytes)
        return b"".join(self.at.playback.read(item))

    def in_store(self) -> list[str]:
        """Every key of which the store holds any version or marker."""
        return [version.key for version in self.at.store.versions("")]

    def at_carrier(self) -> list[str]:
        """Every recording that the carrier still has."""
        carrier = self.at.carriers[ACCOUNT]
        return [told.recording_sid for told in carrier.recordings_since(self.clock.now() - timedelta(days=30))]

    def bytes_on_disk(self) -> bytes:
        """Every byte of every file of the installation (the carrier's own files apart), and what PostgreSQL shows.

        What a PostgreSQL's own files hold of a deleted row until VACUUM is not looked at: the guide says so.
        """
        files = [path.read_bytes() for path in sorted((self.home / "var").rglob("*")) if path.is_file()]
        urls = (self.at.settings.database_url, self.at.settings.keys_database_url)
        return b"".join([*files, *(everything_in(url) for url in urls if url is not None)])
