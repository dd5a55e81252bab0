"""The intake of a long recording, with its worker killed at any moment, and its store (I7)."""

import hashlib
import random
import subprocess
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.models import Recording
from storage.objects.embedded import EmbeddedStore, wait_until_ready
from telephony.practice.audio import RATE_HZ
from tests.backend import about
from tests.processes.plant import Plant, Template
from tests.seaweed import Seaweed, remove_sockets

SECONDS = 655
KILLS = 4
INTAKE_TAKES_S = 0.4


@pytest.fixture(scope="module")
def long_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some 20 MB of two channels of noise: more than two parts of an upload."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((2, 2, RATE_HZ, 0, "NONE", ""))
        sound.writeframes(random.Random(7).randbytes(SECONDS * RATE_HZ * 4))
    return path


@pytest.mark.parametrize("seed", [1, 3])
def test_a_worker_killed_at_any_moment_of_an_intake_loses_nothing(plant: Plant, long_wav: Path, seed: int) -> None:
    chance = random.Random(seed)
    sid = plant_recording(plant, long_wav)
    for attempt in range(1, 1 + KILLS):
        begins(plant, sid, attempt)
        time.sleep(chance.uniform(0.0, INTAKE_TAKES_S))
        plant.kill("worker")
        if found(plant, sid).state == "stored":
            break
    assert is_whole(plant, sid, long_wav)
    assert set(plant.deaths) == {("worker", -9)}


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator["OwnStore"]:
    """A plant on a store of its own, which may be killed."""
    store = OwnStore(tmp_path / "store of its own")
    try:
        yield store
    finally:
        store.kill()


class OwnStore:
    """A SeaweedFS that a test can kill and start again over the same files."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.start()

    def start(self) -> None:
        self.launch = EmbeddedStore(self.home).prepare()
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(self.launch.argv, env=self.launch.env, stdout=log, stderr=log)
        wait_until_ready(self.launch.endpoint, 60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        remove_sockets(self.launch)

    def told(self) -> Seaweed:
        return Seaweed(self.launch.endpoint, self.launch.access_key, self.launch.secret_key, self.process.pid)


@about("SeaweedFS")
def test_a_store_killed_in_an_intake_loses_nothing(
    tmp_path: Path, site: Template, own_store: OwnStore, long_wav: Path
) -> None:
    told = own_store.told()
    s3 = {
        "ESKERTU_S3_ENDPOINT": told.endpoint,
        "ESKERTU_S3_ACCESS_KEY": told.access_key,
        "ESKERTU_S3_SECRET_KEY": told.secret_key,
    }
    with Plant(tmp_path, site, s3).open() as plant:
        sid = plant_recording(plant, long_wav)
        for attempt in (1, 2):
            begins(plant, sid, attempt)
            time.sleep(0.1 * attempt)
            own_store.kill()
            time.sleep(0.1)
            own_store.start()
            assert own_store.told().endpoint == told.endpoint
            if found(plant, sid).state == "stored":
                break
        assert is_whole(plant, sid, long_wav)
        assert plant.deaths == []


def plant_recording(plant: Plant, path: Path) -> str:
    """A call that is recorded, and beside its own a long recording that the carrier has of it, too."""
    result = plant.call()
    plant.until(lambda: plant.outcome(result.call_sid) == "recorded", "the call is settled")
    # Its own is brought in before: one thing at a time.
    plant.until(lambda: plant.at_carrier() == [], "the carrier's copy is gone")
    sid = plant.network.add_recording(
        result.call_sid, path, duration_s=SECONDS, start_time=plant.clock.now().replace(microsecond=0)
    )
    # It was found when the carrier was asked about the call once more.
    plant.clock.advance(60)
    return sid


def found(plant: Plant, sid: str) -> Recording:
    """What is known of that recording."""
    told: Recording = plant.ask(lambda s: s.scalars(sa.select(Recording).where(Recording.recording_sid == sid)).one())
    return told


def begins(plant: Plant, sid: str, attempt: int) -> None:
    """Wait until that attempt to bring it in has begun (or none is needed any more)."""
    under_way = sa.select(Recording.id).where(
        Recording.recording_sid == sid, sa.or_(Recording.attempts >= attempt, Recording.state == "stored")
    )
    plant.until(lambda: plant.ask(lambda s: s.scalar(under_way)), f"attempt {attempt} begins", pace=20)


def is_whole(plant: Plant, sid: str, path: Path) -> bool:
    """Stored once, byte by byte what the carrier had; nothing else is left of all the attempts."""
    row = plant.until(
        lambda: (row := found(plant, sid)) and (row.state, row.carrier_copy) == ("stored", "deleted") and row,
        "the recording is stored, and the carrier's copy gone",
        pace=10,
    )
    kept = {each.id: each for each in plant.objects()}
    assert {each.state for each in kept.values()} == {"stored"}
    assert len(kept) == 2
    assert hashlib.sha256(plant.plain(kept[row.object_id])).digest() == hashlib.sha256(path.read_bytes()).digest()
    assert sorted(plant.in_store()) == sorted(str(each.key) for each in kept.values())
    assert plant.at.store.abort_uploads("") == 0
    assert sorted(plant.at.keys.object_ids()) == sorted(kept)
    assert plant.at_carrier() == []
    return True
