"""Deletions a second, from claim to receipt, beside the bare multi-delete of the same client and as many like keys.

Twice, because asking again costs what lies between: where all that the bucket holds goes, one question covers many
objects; where one in ten goes, scattered among others, each has to be asked for by itself.
"""

import time
from datetime import datetime
from pathlib import Path

from minio.deleteobjects import DeleteObject

from app.wiring import Installation
from storage.objects.store import key_of_attempt
from storage.retention.deletion import Deleter
from tests.bench import ground, rows
from tests.bench.measure import ROUNDS, in_turn_of, rate, say_rates, timed
from tests.seaweed import Seaweed

EACH = 1000
FEWER = 500
NAME, REFERENCE = "deletions (claim, remove, key, ask again, receipt)", "bare multi-delete"


class Bucket:
    """A bucket with objects in it, some of which are due."""

    def __init__(self, at: Installation, seaweed: Seaweed, centre_id: str, name: str, staying: int = 0) -> None:
        self.at, self.seaweed, self.centre_id, self.name = at, seaweed, centre_id, name
        self.client = seaweed.client()
        if not self.client.bucket_exists(name):
            self.client.make_bucket(name)
        self.deleter = Deleter(at.database, seaweed.store(name), at.keys, at.clock, [])
        if staying:
            self._fill(staying, rows.far())

    def _fill(self, count: int, delete_after: datetime) -> list[str]:
        ids = rows.new_ids(count)
        rows.put(self.seaweed, ids, self.name)
        rows.add_objects(self.at, self.centre_id, ids, delete_after)
        return ids

    def bare(self, count: int) -> float:
        """Seconds of the reference."""
        ids = rows.new_ids(count)
        rows.put(self.seaweed, ids, self.name)
        wanted = [DeleteObject(key_of_attempt(each, 1)) for each in ids]
        return timed(lambda: list(self.client.remove_objects(self.name, wanted)))

    def ours(self, count: int) -> float:
        """Seconds from claim to receipt."""
        self._fill(count, rows.past())
        begun = time.perf_counter()
        done = self.deleter.run()
        took = time.perf_counter() - begun
        if done != count:
            raise RuntimeError(f"{done} of {count} deletions were finished")
        return took


def run(folder: Path) -> None:
    with ground.seaweed(folder) as seaweed, ground.installation(folder, seaweed.store(ground.BUCKET)) as at:
        centre_id = ground.add_centre(at)
        ours, theirs = [], []
        for number in range(ROUNDS):
            theirs.append(Bucket(at, seaweed, centre_id, f"bare-{number}").bare(EACH))
            ours.append(Bucket(at, seaweed, centre_id, f"ours-{number}").ours(EACH))
        say_rates(f"{NAME}, all there is", rate(EACH, ours), REFERENCE, rate(EACH, theirs), "/s", "≥ 0.8")
        among = Bucket(at, seaweed, centre_id, ground.BUCKET, staying=10 * FEWER)
        ours, theirs = in_turn_of(lambda: among.ours(FEWER), lambda: among.bare(FEWER), 3)
        say_rates(f"{NAME}, one in ten", rate(FEWER, ours), REFERENCE, rate(FEWER, theirs), "/s")
