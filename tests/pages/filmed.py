"""Footage in a house: segments by the recorder's own writer, uploaded as the recorder does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from storage.models import Camera, Zone
from storage.models.columns import random_id
from tests.house import House
from tests.pages.signing import Signs
from tests.video import footage
from tests.video.test_segments import write
from video.salvage import recover
from video.spool import Spool
from video.upload import Upload

SECONDS = 12
GAP = timedelta(seconds=20)


@dataclass(frozen=True)
class Filmed:
    """A camera, and when its runs began. Each has twelve seconds; between them lies a gap of eight."""

    camera_id: str
    runs: tuple[datetime, ...]


def add_camera(house: House, centre_id: str, code: str) -> str:
    """A camera in a zone of its own. Returns its id."""
    now = house.clock.now()
    with house.at.database.begin() as session:
        zone = Zone(id=random_id(), centre_id=centre_id, code=f"z{code}", name="Lobby", created_at=now)
        session.add(zone)
        session.flush()
        camera = Camera(
            id=random_id(),
            centre_id=centre_id,
            zone_id=zone.id,
            code=code,
            address="rtsp://127.0.0.1/live",
            created_at=now,
        )
        session.add(camera)
    return camera.id


def filmed(
    house: House,
    centre_id: str,
    runs: int = 2,
    codec: str = "libx264",
    code: str = "door",
    made: Callable[[], Path] | None = None,
    *,
    signed: bool = False,
) -> Filmed:
    """A camera of which so many runs are stored, the last of which ended a while ago, with their previews.

    `made` makes another film than the usual one; `signed`: a sign hung there before, so that fsck has nothing to say.
    """
    camera_id = add_camera(house, centre_id, code)
    if signed:
        Signs(house).posted(house.ask(lambda s: s.get_one(Camera, camera_id).zone_id))
        house.clock.sleep(timedelta(minutes=20).total_seconds())
    begin = house.clock.now().replace(second=0, microsecond=0) - timedelta(minutes=10)
    folder = Path(house.at.home) / "filmed" / camera_id
    folder.mkdir(parents=True)
    spool = Spool(folder / "spool", 1 << 30, reserve_bytes=0)
    path = made() if made is not None else footage.make(folder / "a.mp4", SECONDS * footage.FPS, codec)
    began = [begin + number * GAP for number in range(runs)]
    for each in began:
        recover(spool.camera(camera_id), each - timedelta(seconds=3)).end(each)
        name = "hevc" if codec == "libx265" else "h264"
        write(spool.camera(camera_id), path, camera_id=camera_id, began_at=each, codec=name)
    assert Upload(spool, house.at.database, house.at.intake, house.clock).run()
    house.at.previews.run()
    return Filmed(camera_id, tuple(began))
