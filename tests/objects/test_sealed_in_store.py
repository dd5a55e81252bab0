"""The cipher and a real store together: what is put is read back anywhere, and a failing source leaves nothing."""

import io
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.clock import SystemClock
from storage.objects.cipher import Opened, Sealed, new_identity
from storage.objects.keys import KeyRing
from storage.objects.sending import PART_BYTES
from storage.objects.store import StoredCopy
from tests.backend import Databases
from tests.seaweed import Seaweed

MOST_ABOVE_IDLE = 64_000_000  # bytes, whatever the object's size

# In a process of its own, so that nobody else's memory is measured.
TAKE_IN = """
import os, sys, threading, time
from storage.objects.cipher import Sealed, new_identity
from storage.objects.s3 import S3Store

def rss():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def put(name, chunks, length):
    with Sealed(chunks, length, key) as sealed:
        store.put(name, sealed, sealed.length)

def watch():
    while not done.wait(0.005):
        seen.append(rss())

store, key, block = S3Store(*sys.argv[1:]), new_identity(), os.urandom(250_000)
put("warm", [b"up"], 2)
seen, done = [idle := rss()], threading.Event()
watcher = threading.Thread(target=watch)
watcher.start()
put("large", (block for _ in range(800)), 200_000_000)
done.set()
watcher.join()
print(max(seen) - idle)
"""


def numbered(length: int, *, fails_at: int | None = None) -> Iterator[bytes]:
    source = random.Random(length)
    for start in range(0, length, 100_000):
        if fails_at is not None and start >= fails_at:
            raise TimeoutError("the carrier went away")
        yield source.randbytes(min(100_000, length - start))


@pytest.mark.parametrize("length", [0, 1, 65_536, 2 * PART_BYTES + 11])
def test_any_range_comes_back(store_server: Seaweed, bucket_name: str, length: int) -> None:
    store, key, plain = store_server.store(bucket_name), new_identity(), b"".join(numbered(length))
    with Sealed(numbered(length), length, key) as sealed:
        copy: StoredCopy = store.put("a/1", sealed, sealed.length)
        assert copy.bytes == sealed.length
    opened = Opened(lambda offset, size: store.read("a/1", offset, size, copy.version_id), copy.bytes, key)
    assert opened.plain_length == length
    for start, stop in ((0, length), (length // 3, length // 2), (max(0, length - 10), length)):
        assert b"".join(opened.range(start, stop)) == plain[start:stop]


@pytest.mark.parametrize("fails_at", [0, 100_000, PART_BYTES, 2 * PART_BYTES])
def test_a_source_that_fails_midway_leaves_nothing(store_server: Seaweed, bucket_name: str, fails_at: int) -> None:
    store, length = store_server.store(bucket_name), 2 * PART_BYTES + 100_000
    with (
        pytest.raises(TimeoutError, match="the carrier went away"),
        Sealed(numbered(length, fails_at=fails_at), length, new_identity()) as sealed,
    ):
        store.put("a/1", sealed, sealed.length)
    assert store.is_gone("a/")


def test_memory_does_not_grow_with_the_object(store_server: Seaweed, bucket_name: str) -> None:
    command = [sys.executable, "-c", TAKE_IN]
    command += [store_server.endpoint, store_server.access_key, store_server.secret_key, bucket_name]
    above_idle = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert int(above_idle) < MOST_ABOVE_IDLE


def test_nothing_is_shared_over_a_fork(
    store_server: Seaweed, bucket_name: str, tmp_path: Path, databases: Databases
) -> None:
    """Sockets and database connections of the parent must not be used by a forked worker."""
    store = store_server.store(bucket_name)
    ring = KeyRing(databases.keys or f"sqlite:///{tmp_path / 'keys.db'}", bytes(32), SystemClock())
    ring.create_all()
    key = ring.create("a")
    store.put("a/1", io.BytesIO(b"before"), 6)
    child = os.fork()
    if child == 0:
        good = all(b"".join(store.read("a/1", 0, 6)) == b"before" and ring.get("a") == key for _ in range(50))
        os._exit(0 if good else 1)
    for _ in range(50):
        assert b"".join(store.read("a/1", 0, 6)) == b"before"
        assert ring.get("a") == key
    assert os.waitpid(child, 0)[1] == 0
    ring.close()
