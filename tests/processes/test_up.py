"""`eskertu up` on a machine of its own: ready soon, alone, closed to others, gone without a rest.

The tests of this file share one installation, and follow one another; there is a call through it, in real time.
"""

import hashlib
import io
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.up import make_practice_account
from config.loopback import choose_port
from storage.objects.embedded import EmbeddedStore, find
from tests.backend import DATABASE, STORE, MadeDatabases, about, everything_in, settings_of
from tests.processes.proc import listening
from tests.processes.running_up import Up
from tests.seaweed import Seaweed, made_bucket

if not sys.platform.startswith("linux"):
    pytest.skip("reads /proc", allow_module_level=True)

READY_WITHIN_S = 20
NUMBER, DESK, CALLER, DECLINER = "+77172000010", "+77172000011", "+77015550177", "+77015550188"
EMBEDDED = STORE == "seaweedfs"
PARTS = (("web",), ("worker",), ("recorder",), ("phone", "network"), *((("store",),) if EMBEDDED else ()))


@pytest.fixture(scope="module")
def up(
    tmp_path_factory: pytest.TempPathFactory, made_databases: MadeDatabases, request: pytest.FixtureRequest
) -> Iterator[Up]:
    with ExitStack() as stack:
        backend = stack.enter_context(made_databases(empty=True)).settings
        if not EMBEDDED:
            server: Seaweed = request.getfixturevalue("store_server")
            bucket = stack.enter_context(made_bucket(server, versioned=False))
            server.client().remove_bucket(bucket)  # it makes its own
            backend |= settings_of(server, bucket)
        yield from started(Up(tmp_path_factory.mktemp("up"), backend))


def started(up: Up) -> Iterator[Up]:
    try:
        up.took = up.start()
        sys.stdout.write(f"\nfrom nothing to ready: {up.took:.1f} s\n")
        yield up
    finally:
        if up.process is not None:
            up.process.kill()
            up.process.wait()


@pytest.fixture(scope="module")
def callers(up: Up) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two who call at the same time, in real time; the tests that come first run meanwhile."""
    do = up.command.fine
    do("centre", "add", "--code", "ast", "--name", "Astana", "--jurisdiction", "KZ", "--timezone", "Asia/Almaty")
    line = ("--code", "front", "--number", NUMBER, "--centre", "ast", "--mode", "stay", "--languages", "en")
    do("line", "add", *line, "--forward-to", DESK)
    do("line", "connect", "front")
    do("user", "add", "--email", "alice@example.com", "--role", "qa_reviewer", "--centre", "ast")
    call = ("phone", "call", "--to", NUMBER, "--language", "en", "--talk", "1.5")
    callers = [
        up.spawn(*call, "--from", number, "--do", what, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for number, what in ((CALLER, "listen"), (DECLINER, "hangup-during-notice"))
    ]
    yield callers
    for caller in callers:
        caller.kill()
        caller.communicate()


def test_it_is_ready_within_twenty_seconds(up: Up) -> None:
    assert up.took < READY_WITHIN_S


@pytest.mark.usefixtures("callers")
def test_nothing_listens_but_on_loopback(up: Up) -> None:
    sockets = {each.command: listening(each.pid) for each in up.tree()}
    everything = set().union(*sockets.values())
    assert ("127.0.0.1", up.port) in everything
    assert {address for address, _ in everything} == {"127.0.0.1"}


def test_what_is_secret_is_its_owners_alone(up: Up) -> None:
    store = up.home / "store"
    secret = {up.home / "secrets" / "master.key", up.home / "practice" / "account.json"}
    if EMBEDDED:
        secret |= {store / "credentials", store / "s3.json", store / ".seaweedfs" / "security.toml"}
    if DATABASE == "sqlite":
        # Numbers of callers are in it, and in the files beside it.
        secret |= {up.home / "keys" / "keys.db", *up.home.glob("eskertu.db*")}
    assert {path.name: oct(mode(path)) for path in secret if mode(path) & 0o077} == {}
    assert mode(up.home) & 0o077 == 0


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@about("SeaweedFS")
def test_the_stores_credentials_are_made_not_shipped(up: Up, tmp_path: Path) -> None:
    """Two installations have nothing in common; and what they have is long."""
    ours, others = find(up.home / "store"), EmbeddedStore(tmp_path / "store").prepare().access
    assert ours is not None
    assert len(ours.secret_key) >= 32
    assert ours.secret_key != others.secret_key
    assert ours.access_key != others.access_key


def test_the_practice_accounts_token_is_made_not_shipped(tmp_path: Path) -> None:
    mine, yours = make_practice_account(tmp_path / "one"), make_practice_account(tmp_path / "two")
    assert len(mine.auth_token) >= 32
    assert mine.auth_token != yours.auth_token
    assert make_practice_account(tmp_path / "one").auth_token == mine.auth_token


def test_a_second_one_in_the_same_home_is_refused(up: Up) -> None:
    code, said = ends(up, PORT=str(choose_port()))
    assert code == 1
    assert "another `eskertu up` runs in" in said
    assert str(up.home) in said
    assert "Traceback" not in said


def test_a_taken_port_is_refused(up: Up, tmp_path: Path) -> None:
    code, said = ends(up, ESKERTU_HOME=str(tmp_path / "other"))
    assert code == 1
    assert f"port {up.port} is taken" in said
    assert "PORT=" in said
    assert "Traceback" not in said


@about("SeaweedFS")
def test_a_store_that_cannot_start_is_told_at_once(up: Up, tmp_path: Path) -> None:
    """Its server would take the comma for the end of a folder's name."""
    code, said = ends(up, ESKERTU_HOME=str(tmp_path / "one, two"), PORT=str(choose_port()))
    assert code == 1
    assert "comma" in said
    assert "the embedded object store did not start" in said
    assert "Traceback" not in said


def ends(up: Up, **settings: str) -> tuple[int, str]:
    """Start another one that must not last: its exit code, and what it said."""
    process = up.spawn("up", settings=settings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    return process.returncode, said.decode()


def test_a_call_in_real_time_is_kept_and_one_that_declines_is_not(
    up: Up, callers: list[subprocess.Popen[bytes]]
) -> None:
    for caller in callers:
        _, said = caller.communicate(timeout=60)
        assert caller.returncode == 0, said.decode()
    outcomes = until(lambda: settled(up), "both calls are settled")
    assert outcomes == ["declined_hangup", "recorded"]
    (row,) = until(lambda: [r for r in rows(up, "recordings") if r["carrier_copy"] == "deleted"], "copy deleted")
    assert row["state"] == "stored"
    kept = recording(up)
    assert (kept["object_id"], kept["state"]) == (row["object_id"], "stored")
    until(lambda: [r["state"] for r in rows(up, "objects")] == ["stored"] * 2, "its peaks are made")
    plain = up.command.fine("object", "read", kept["object_id"], "--as", "alice@example.com").raw
    assert hashlib.sha256(plain).hexdigest() == kept["sha256"]
    assert len(plain) == kept["bytes"]
    with wave.open(io.BytesIO(plain)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (2, 8000)
        assert sound.getnframes() / 8000 == pytest.approx(row["duration_s"], abs=0.01)


def recording(up: Up) -> dict[str, Any]:
    """The one that there is, among the objects."""
    (kept,) = [row for row in rows(up, "objects") if row["kind"] == "recording"]
    return kept


def test_who_declined_is_in_no_file(up: Up) -> None:
    """I2: not in the databases, nor beside them, nor in a log, nor in the practice carrier's own files."""

    def found(number: str) -> list[str]:
        files = [path for path in up.home.rglob("*") if path.is_file()]
        told = {path.name: path.read_bytes() for path in files}
        told |= {name: everything_in(url) for name, url in up.settings.items() if name.endswith("DATABASE_URL")}
        return [name for name, text in told.items() if number[1:].encode() in text]

    assert found(CALLER)
    until(lambda: found(DECLINER) == [], "the number is gone")
    assert DECLINER[1:].encode() not in up.log.read_bytes()
    assert CALLER[1:].encode() not in up.log.read_bytes()


def test_a_shorter_policy_and_meanwhile_every_part_is_killed_and_comes_back(up: Up) -> None:
    for purpose in ("training", "quality"):
        said = up.command.fine("policy", "set", "--purpose", purpose, "--window", "PT20S", "--reason", "a test").out
        assert "2 stored objects" in said
    before = {words: up.child(*words).pid for words in PARTS}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    for words, pid in before.items():
        until(partial(is_new, up, words, pid), f"{words} is started again")
    up.until_ready()


def is_new(up: Up, words: tuple[str, ...], pid: int) -> bool:
    try:
        return up.child(*words).pid != pid
    except ValueError:
        return False


@about("SeaweedFS")
def test_a_store_that_comes_back_under_another_address_is_found(up: Up) -> None:
    """Somebody took one of its ports in the moment between its end and its new start."""
    assert up.process is not None
    before = find(up.home / "store")
    assert before is not None
    address = ("127.0.0.1", int(before.endpoint.rpartition(":")[2]))
    os.kill(up.process.pid, signal.SIGSTOP)
    try:
        os.kill(up.child("store").pid, signal.SIGKILL)
        taken: socket.socket = until(lambda: bound(address), "the store's port is free")
    finally:
        os.kill(up.process.pid, signal.SIGCONT)
    with taken:
        until(lambda: find(up.home / "store") != before and up.is_ready(), "it is ready with the other store")


def bound(address: tuple[str, int]) -> socket.socket | None:
    try:
        return socket.create_server(address)
    except OSError:
        return None


def test_what_was_due_is_deleted_with_a_receipt(up: Up) -> None:
    kept = recording(up)
    placed = partial(filter, lambda row: row["leaf"] is not None)
    told = until(lambda: len(two := list(placed(rows(up, "receipts")))) == 2 and two, "the receipts", within=45)
    (receipt,) = [row for row in told if row["object_id"] == kept["object_id"]]
    assert receipt["deleted_at"] >= kept["delete_after"]
    assert [row["state"] for row in rows(up, "objects")] == ["deleted", "deleted"]
    refusal = up.command.refused("object", "read", kept["object_id"], "--as", "alice@example.com")
    assert "no such recording" in refusal


def test_killed_it_leaves_no_orphan_and_comes_back_and_ends_in_order(up: Up) -> None:
    assert up.process is not None
    family = up.tree()
    assert len(family) >= 2 + len(PARTS)
    up.process.kill()
    assert up.process.wait() == -signal.SIGKILL
    until(lambda: not any(each.lives for each in family), "all are gone", within=8)
    sys.stdout.write(f"\nready again after: {up.start():.1f} s\n")
    assert [row["outcome"] for row in rows(up, "calls")].count("recorded") == 1
    family = up.tree()
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(25) == 0
    assert not any(each.lives for each in family)
    failures = [line for line in up.log.read_text().splitlines() if "Traceback" in line]
    assert failures == []


def rows(up: Up, *listing: str) -> list[dict[str, Any]]:
    return up.command.fine(*listing, "--json").rows


def settled(up: Up) -> list[str] | None:
    outcomes = [row["outcome"] for row in rows(up, "calls")]
    return sorted(outcomes) if len(outcomes) == 2 and None not in outcomes else None


def until(question: Callable[[], Any], what: str, within: float = 30.0) -> Any:
    """Ask until the answer is a yes."""
    deadline = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.1)
    return answer
