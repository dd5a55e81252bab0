"""`make bench`: what Eskertu adds, as a ratio against a named reference in the same run.

Machines differ and are noisy: quote the ratio, never the figure alone. Each pair is run in turn, five times; medians.
"""

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from app.first_start import prepare_databases
from app.wiring import Installation
from config.settings import Settings
from storage.intake import Arrival
from storage.models import Centre, StoredObject
from storage.models.columns import random_id
from storage.objects.embedded import EmbeddedStore
from storage.playback import Playable
from tests.seaweed import Seaweed, running

MB = 1024 * 1024
SIZE = 64 * MB
ROUNDS = 5


def timed(what: Callable[[], object]) -> float:
    """Seconds that `what` takes."""
    begun = time.perf_counter()
    what()
    return time.perf_counter() - begun


def pieces() -> Iterator[bytes]:
    block = bytes(range(256)) * 1024
    for _ in range(SIZE // len(block)):
        yield block


def say(name: str, ours: list[float], reference: str, theirs: list[float]) -> None:
    """Both figures in MB/s, and their ratio (above 1: faster than the reference)."""
    a, b = SIZE / MB / statistics.median(ours), SIZE / MB / statistics.median(theirs)
    sys.stdout.write(f"{name}: {a:.0f} MB/s; {reference}: {b:.0f} MB/s; ratio {a / b:.2f}\n")


def bench(at: Installation, seaweed: Seaweed, bucket: str) -> None:
    client = seaweed.client()
    with at.database.begin() as session:
        now = datetime.now(UTC)
        centre = Centre(
            id=random_id(), code="b", name="b", jurisdiction="KZ", timezone="UTC", languages=["en"], created_at=now
        )
        session.add(centre)
    arrival = Arrival("recording", centre.id, "audio/wav", ("training", "quality"), "line", now, now)
    stored: list[StoredObject] = []

    def take_in() -> None:
        with at.database.begin() as session:
            ticket = at.intake.expect(session, arrival)
        at.intake.bring_in(ticket, arrival, pieces(), SIZE, lambda _session, row: stored.append(row))

    plain = b"".join(pieces())
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(timed(take_in))
        theirs.append(timed(lambda: client.put_object(bucket, "bare", io.BytesIO(plain), SIZE)))
    say("intake (hash, seal, put, verify, row)", ours, "bare put_object", theirs)

    row = stored[-1]
    item = Playable(row.id, str(row.key), row.content_type, SIZE, int(row.cipher_bytes or 0))

    def read_bare() -> None:
        answer = client.get_object(bucket, "bare")
        for _ in answer.stream(MB):
            pass
        answer.close()
        answer.release_conn()

    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(timed(lambda: [None for _ in at.playback.read(item)]))
        theirs.append(timed(read_bare))
    say("playback (ranged, opened)", ours, "bare get_object", theirs)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="eskertu-bench-") as folder:
        home = Path(folder)
        with running(EmbeddedStore(home / "store").prepare(), home / "log") as seaweed:
            at = Installation(Settings(home=home / "var", log_level="error"))
            at.store = seaweed.store("bench")
            at.store.ensure_bucket()
            prepare_databases(at)
            bench(at, seaweed, "bench")
            at.database.dispose()
            at.keys.close()


if __name__ == "__main__":
    main()
