"""`eskertu up`: an installation on one machine, from nothing to answering calls."""

import fcntl
import json
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.first_start import prepare_databases
from app.supervisor import Part, Supervisor
from app.wiring import Account, Installation, practice_account
from config.loopback import LOOPBACK, choose_port, is_free
from storage.errors import Refused
from storage.objects.embedded import EmbeddedStoreNotReady, find, wait_until_ready
from storage.objects.store import StoreError

STORE_STARTS_WITHIN_S = 60.0


def up(at: Installation, say: Callable[[str], None]) -> None:
    """Run everything until told to stop.

    Raises:
        Refused: if another one runs in this home, or the port is taken.
    """
    at.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(at.home):
        _must_be_free(at.settings.port)
        if at.settings.practice_is_on:
            make_practice_account(at.home)
        supervisor = Supervisor(say)
        try:
            store = None
            if at.settings.s3.endpoint is None:
                say("starting the embedded object store …")
                store = _start_store(at, supervisor)
            # The store takes a moment to answer: the database is prepared meanwhile.
            say("preparing the database …")
            prepare_databases(at)
            if store is not None:
                _wait_for(store, at, supervisor)
            if supervisor.stopping:
                return
            _prepare_store(at)
            parts = [Part("worker", ["worker"]), Part("recorder", ["recorder"]), Part("web", ["web"])]
            if at.settings.practice_is_on:
                parts.append(Part("practice phone", ["phone", "network"]))
            for part in parts:
                supervisor.add(part)
            say(f"Eskertu answers at {at.settings.base_url} (Ctrl-C ends it)")
            supervisor.watch(_following_store(at, supervisor, parts[:3]) if store is not None else lambda: None)
        finally:
            say("stopping …")
            supervisor.stop()


def _start_store(at: Installation, supervisor: Supervisor) -> Part:
    (at.home / "store" / "endpoint.json").unlink(missing_ok=True)
    # It survives SIGKILL without loss, and takes seconds to stop otherwise.
    store = Part("object store", ["store"], dies_by=signal.SIGKILL)
    supervisor.add(store)
    return store


def _wait_for(store: Part, at: Installation, supervisor: Supervisor) -> None:
    """Return when it answers, or when the supervisor was told to stop.

    Raises:
        Refused: if it ended, or does not answer in time.
    """
    deadline = time.monotonic() + STORE_STARTS_WITHIN_S
    while not supervisor.stopping:
        access = find(at.home / "store")
        if access is not None and _answers(access.endpoint):
            return
        if store.process is None or store.process.poll() is not None or time.monotonic() > deadline:
            log = at.home / "store" / "store.log"
            raise Refused(f"the embedded object store did not start: see the messages above, and {log}")
        supervisor.pause()


def _following_store(at: Installation, supervisor: Supervisor, users: list[Part]) -> Callable[[], None]:
    """Notice when the store came back under another address, since somebody took its port: its users begin anew."""
    known = find(at.home / "store")

    def look() -> None:
        nonlocal known
        if (now := find(at.home / "store")) not in (None, known):
            known = now
            for part in users:
                supervisor.replace(part)

    return look


def _answers(endpoint: str) -> bool:
    try:
        wait_until_ready(endpoint, 0)
    except EmbeddedStoreNotReady:
        return False
    return True


def _prepare_store(at: Installation) -> None:
    try:
        at.store.ensure_bucket()
    except StoreError as error:
        raise Refused(f"the object store cannot be used: {error}") from error
    # The children make their own connections: none of these may cross into them.
    at.database.dispose()
    at.keys.close()


def make_practice_account(home: Path) -> Account:
    """The practice phone's account: made at first start, with a free port of the moment. Readable by us alone."""
    known = practice_account(home)
    sid = known.account_sid if known is not None else "AC" + secrets.token_hex(16)
    token = known.auth_token if known is not None else secrets.token_hex(16)
    account = Account(sid, token, f"http://{LOOPBACK}:{choose_port()}")
    folder = home / "practice"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = {"account_sid": sid, "auth_token": token, "api_base_url": account.api_base_url}
    fresh = folder / "account.json.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(told, file)
    fresh.replace(folder / "account.json")
    return account


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"another `eskertu up` runs in {home} already") from error
        yield


def _must_be_free(port: int) -> None:
    if not is_free(port):
        raise Refused(f"port {port} is taken: free it, or choose another with PORT=…")
