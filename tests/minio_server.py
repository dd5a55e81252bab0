"""A real MinIO server for the store's contract, where its binary is: `MINIO_BINARY`, else `minio` on the PATH.

There are no binaries to download any more; `go install github.com/minio/minio@latest` makes one in some minutes.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from config.loopback import LOOPBACK, choose_port
from storage.objects.embedded import wait_until_ready
from tests.seaweed import Seaweed, made_bucket


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    binary = os.environ.get("MINIO_BINARY") or shutil.which("minio")
    if binary is None:
        pytest.skip("no MinIO server here (MINIO_BINARY)")
    folder = tmp_path_factory.mktemp("minio")
    endpoint = f"{LOOPBACK}:{choose_port()}"
    user, password = "eskertu", secrets.token_hex(16)
    environment = {"HOME": str(folder), "MINIO_ROOT_USER": user, "MINIO_ROOT_PASSWORD": password}
    command = [binary, "server", str(folder / "data"), "--address", endpoint, "--console-address", "127.0.0.1:0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(endpoint, 60)
        yield Seaweed(endpoint, user, password, process.pid)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def minio_bucket(minio: Seaweed) -> Iterator[str]:
    with made_bucket(minio, versioned=False) as name:
        yield name


@pytest.fixture
def versioned_minio_bucket(minio: Seaweed) -> Iterator[str]:
    with made_bucket(minio, versioned=True) as name:
        yield name


@pytest.fixture
def locked_minio_bucket(minio: Seaweed) -> Iterator[str]:
    with made_bucket(minio, locked=True) as name:
        yield name
