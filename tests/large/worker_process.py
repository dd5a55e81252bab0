"""A worker in a process of its own, that weighs itself: `python -m tests.large.worker_process ORDER.json`.

Asks the carrier about the call (everything is imported and connected then: its idle weight), takes in a small
recording and the large one, reads a range of that, and prints what it weighed at most above idle.
"""

import hashlib
import json
import sys
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from app.wiring import Account, Installation
from config.settings import Settings
from storage.models import Recording, StoredObject
from storage.objects.s3 import S3Store
from storage.playback import Playable
from tests.practice.customer import FastClock


def resident_mb(which: str) -> float:
    """VmRSS (now) or VmHWM (the most so far) of this process, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(which):
            return int(line.split()[1]) / 1024
    raise LookupError(which)


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    clock = FastClock()
    clock.sleep((datetime.fromisoformat(order["now"]) - clock.now()).total_seconds())
    at = Installation(Settings(home=Path(order["home"]), log_level="error", **order["databases"]), clock)
    at.store = S3Store(**order["store"])
    at.accounts = {order["account_sid"]: Account(order["account_sid"], order["auth_token"], order["api_base_url"])}
    at.closing.run()
    idle = resident_mb("VmRSS")
    stored_first = at.recordings.run()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the highest weight so far
    with at.database.begin() as session:
        session.execute(
            sa.update(Recording).where(Recording.recording_sid == order["large"]).values(next_attempt_at=clock.now())
        )
    stored = at.recordings.run()
    with at.database.read() as session:
        row = session.scalars(
            sa.select(StoredObject)
            .join(Recording, Recording.object_id == StoredObject.id)
            .where(Recording.recording_sid == order["large"])
        ).one()
    assert row.key is not None
    assert row.bytes is not None
    assert row.cipher_bytes is not None
    item = Playable(row.id, row.key, row.content_type, row.bytes, row.cipher_bytes)
    start, stop = order["range"]
    digest = hashlib.sha256()
    for chunk in at.playback.read(item, start, stop):
        digest.update(chunk)
    told = {
        "stored": stored_first + stored,
        "bytes": row.bytes,
        "range_sha256": digest.hexdigest(),
        "idle_mb": idle,
        "peak_mb": resident_mb("VmHWM"),
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
