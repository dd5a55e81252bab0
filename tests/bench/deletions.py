"""Deletions a second, from claim to receipt, beside the bare multi-delete of the same client and as many like keys.

Twice, because asking again costs what lies between: where all that the bucket holds goes, one question covers many
objects; where one in ten goes, scattered among others, each has to be asked for by itself.
"""

from pathlib import Path

from minio.deleteobjects import DeleteObject

from app.wiring import Installation
from storage.objects.store import key_of_attempt
from tests.bench import ground, rows
from tests.bench.measure import ROUNDS, rate, say_rates, timed
from tests.seaweed import Seaweed

EACH = 1000
FEWER = 500


def compare(at: Installation, seaweed: Seaweed, centre_id: str, count: int, rounds: int) -> tuple[float, float]:
    """Deletions a second: ours, the bare ones."""
    client = seaweed.client()
    ours, theirs = [], []
    for _ in range(rounds):
        mine, their = rows.new_ids(count), rows.new_ids(count)
        rows.put(seaweed, their)
        bare = [DeleteObject(key_of_attempt(each, 1)) for each in their]
        theirs.append(timed(lambda bare=bare: list(client.remove_objects(ground.BUCKET, bare))))  # type: ignore[misc]
        rows.put(seaweed, mine)
        rows.add_objects(at, centre_id, mine, rows.past())
        done: list[int] = []
        ours.append(timed(lambda done=done: done.append(at.deleter.run())))  # type: ignore[misc]
        if done != [count]:
            raise RuntimeError(f"{done} of {count} deletions were finished")
    return rate(count, ours), rate(count, theirs)


def run(folder: Path) -> None:
    with ground.seaweed(folder) as seaweed, ground.installation(folder, seaweed.store(ground.BUCKET)) as at:
        centre_id = ground.add_centre(at)
        name, reference = "deletions (claim, remove, key, ask again, receipt)", "bare multi-delete"
        say_rates(
            f"{name}, all there is", *_and(compare(at, seaweed, centre_id, EACH, ROUNDS), reference), "/s", "≥ 0.8"
        )
        staying = rows.new_ids(10 * FEWER)
        rows.put(seaweed, staying)
        rows.add_objects(at, centre_id, staying, rows.far())
        say_rates(f"{name}, one in ten", *_and(compare(at, seaweed, centre_id, FEWER, 3), reference), "/s")


def _and(rates: tuple[float, float], reference: str) -> tuple[float, str, float]:
    return rates[0], reference, rates[1]
