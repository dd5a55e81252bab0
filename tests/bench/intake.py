"""How fast a recording comes in: hashed, sealed, put, verified, its row written; beside a bare `put_object`.

Same client, same bytes, same part size; the bare one seals nothing, asks nothing and writes no row.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from app.wiring import Installation
from storage.intake import Arrival
from storage.models import StoredObject
from storage.objects.sending import PART_BYTES
from tests.bench import ground
from tests.bench.measure import in_turn, rate, say_rates
from tests.seaweed import Seaweed

MB = 1024 * 1024
SIZE = 64 * MB


def pieces() -> Iterator[bytes]:
    """The recording as it comes from the carrier."""
    block = bytes(range(256)) * 1024
    for _ in range(SIZE // len(block)):
        yield block


def take_in(at: Installation, centre_id: str) -> StoredObject:
    """One recording, all the way."""
    now = datetime.now(UTC)
    arrival = Arrival("recording", centre_id, "audio/wav", ("training", "quality"), "line", now, now)
    stored: list[StoredObject] = []
    with at.database.begin() as session:
        ticket = at.intake.expect(session, arrival)
    at.intake.bring_in(ticket, arrival, pieces(), SIZE, lambda _session, row: stored.append(row))
    return stored[0]


def put_bare(seaweed: Seaweed, plain: bytes) -> None:
    """The reference."""
    seaweed.client().put_object(ground.BUCKET, "bare", io.BytesIO(plain), SIZE, part_size=PART_BYTES)


def run(folder: Path) -> None:
    with ground.seaweed(folder) as seaweed, ground.installation(folder, seaweed.store(ground.BUCKET)) as at:
        centre_id, plain = ground.add_centre(at), b"".join(pieces())
        ours, theirs = in_turn(lambda: take_in(at, centre_id), lambda: put_bare(seaweed, plain), 9)
    name = "intake (hash, seal, put, verify, row)"
    say_rates(name, rate(SIZE / MB, ours), "bare put_object", rate(SIZE / MB, theirs), "MB/s", "≥ 0.7")
