"""A recording of any length passes through in constant memory: at most 64 MB above idle, also while it is read.

By default 160 MB, which would already not fit; a day of two channels is 1.4 GB: LARGE_RECORDING_MB=1400, as in CI.
"""

import hashlib
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from storage.models import Recording
from tests.backend import Databases
from tests.house import House
from tests.practice.customer import ACCOUNT, TOKEN
from tests.seaweed import Seaweed

MB = 1024 * 1024
ABOVE_IDLE_MB = 64
BYTES_PER_SECOND = 32_000  # two channels of 8 kHz, 16 bit


def large_wav(path: Path, size: int) -> bytes:
    """A sparse WAV of two channels, with sound in its middle: returns the 4 MB around the middle."""
    data = size // 4 * 4
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", data + 36, b"WAVE", b"fmt ", 16, 1, 2, 8000, BYTES_PER_SECOND, 4, 16, b"data", data,
    )  # fmt: skip
    sound = os.urandom(4 * MB)
    with path.open("wb") as file:
        file.write(head)
        file.seek(size // 2)
        file.write(sound)
        file.truncate(data + len(head))
    return sound


def test_i7_a_recording_of_any_length_is_taken_in_and_read_in_constant_memory(
    house: House, store_server: Seaweed, databases: Databases, tmp_path: Path
) -> None:
    size = int(os.environ.get("LARGE_RECORDING_MB", "160")) * MB
    path = tmp_path / "large.wav"
    sound = large_wav(path, size)
    result = house.call("stay", "ru", "listen")
    large = house.network.add_recording(
        result.call_sid,
        path,
        channels=2,
        duration_s=size // BYTES_PER_SECOND,
        start_time=house.clock.now(),
    )
    house.at.closing.run()
    with house.at.database.begin() as session:  # the small one first
        session.execute(sa.update(Recording).where(Recording.recording_sid == large).values(next_attempt_at=None))
    order = {
        "now": house.clock.now().isoformat(),
        "home": str(house.home / "var"),
        "databases": {"database_url": databases.main, "keys_database_url": databases.keys},
        "store": {
            "endpoint": store_server.endpoint,
            "access_key": store_server.access_key,
            "secret_key": store_server.secret_key,
            "bucket": house.at.store.bucket,
        },
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "api_base_url": house.rest.url,
        "large": large,
        "range": [size // 2, size // 2 + len(sound)],
    }
    order_file = tmp_path / "order.json"
    order_file.write_text(json.dumps(order), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.large.worker_process", str(order_file)],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    above = told["peak_mb"] - told["idle_mb"]
    sys.stdout.write(f"{told['bytes'] / 1e6:.0f} MB: idle {told['idle_mb']:.0f} MB, at most {above:.0f} MB above\n")
    assert told["stored"] == 2
    assert told["bytes"] == path.stat().st_size
    assert told["range_sha256"] == hashlib.sha256(sound).hexdigest()
    assert above <= ABOVE_IDLE_MB
