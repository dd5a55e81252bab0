"""A real object store for tests: one SeaweedFS for the whole session, a bucket of its own for each test.

Started from the same description as in production (`storage.objects.embedded`), in a folder with a space in its name.
"""

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from minio import Minio
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig

from storage.objects.embedded import EmbeddedStore, EmbeddedStoreNotReady, Launch, wait_until_ready
from storage.objects.s3 import S3Store


@dataclass(frozen=True)
class Seaweed:
    """A running SeaweedFS, and how to reach it."""

    endpoint: str
    access_key: str
    secret_key: str
    pid: int

    def store(self, bucket: str) -> S3Store:
        return S3Store(self.endpoint, self.access_key, self.secret_key, bucket)

    def client(self) -> Minio:
        """The bare client, for what the product never does: turn versions on, drop a bucket, leave an upload open."""
        return Minio(self.endpoint, self.access_key, self.secret_key, secure=False, region="us-east-1")


@contextmanager
def running(launch: Launch, log: Path) -> Iterator[Seaweed]:
    """Start it, wait until it answers, and kill this very process at the end, with its sockets."""
    with log.open("ab") as output:
        process = subprocess.Popen(launch.argv, env=launch.env, stdout=output, stderr=subprocess.STDOUT)
    try:
        try:
            wait_until_ready(launch.endpoint, 60)
        except EmbeddedStoreNotReady as error:
            error.add_note(f"exit {process.poll()}; its log ends: {log.read_text(errors='replace')[-2000:]}")
            raise
        yield Seaweed(launch.endpoint, launch.access_key, launch.secret_key, process.pid)
    finally:
        process.kill()
        process.wait()
        remove_sockets(launch)


@contextmanager
def started(home: Path, log: Path) -> Iterator[tuple[Launch, Seaweed]]:
    """Prepare and start a store under `home`. Somebody else may take a chosen port first: then anew, twice at most."""
    for attempts_left in (2, 1, 0):
        launch = EmbeddedStore(home).prepare()
        with ExitStack() as kept:
            try:
                store = kept.enter_context(running(launch, log))
            except EmbeddedStoreNotReady:
                if not attempts_left:
                    raise
                continue
            yield launch, store
            return


def remove_sockets(launch: Launch) -> None:
    """What it leaves in /tmp when it is killed, named by its gRPC ports."""
    for option in launch.argv:
        name, _, port = option.partition(".port.grpc=")
        if port:
            Path(f"/tmp/seaweedfs-{name.removeprefix('-')}-grpc-{port}.sock").unlink(missing_ok=True)


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """One store for the session."""
    folder = tmp_path_factory.mktemp("seaweed home")
    with started(folder / "0", folder / "log") as (_, store):
        yield store


@pytest.fixture
def bucket(seaweed: Seaweed) -> Iterator[str]:
    """An empty bucket, dropped afterwards: each bucket takes volumes, and there are only so many."""
    with made_bucket(seaweed, versioned=False) as name:
        yield name


@pytest.fixture
def versioned_bucket(seaweed: Seaweed) -> Iterator[str]:
    """The same, keeping versions."""
    with made_bucket(seaweed, versioned=True) as name:
        yield name


@pytest.fixture
def locked_bucket(seaweed: Seaweed) -> Iterator[str]:
    """The same with object lock, as `eskertu up` makes one."""
    with made_bucket(seaweed, locked=True) as name:
        yield name


@contextmanager
def made_bucket(seaweed: Seaweed, *, versioned: bool = False, locked: bool = False) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex}"
    client = seaweed.client()
    client.make_bucket(name, object_lock=locked)
    if versioned:
        client.set_bucket_versioning(name, VersioningConfig(ENABLED))
    yield name
    store = seaweed.store(name)
    store.abort_uploads("")
    for version in store.versions("") if locked else ():
        if not version.is_delete_marker and store.legal_hold(version.key, version.version_id):
            store.set_legal_hold(version.key, version.version_id, on=False)
    store.remove(store.versions(""))
    client.remove_bucket(name)
