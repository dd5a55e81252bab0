"""Rows of cameras, for tests that look at listings and record nothing."""

from datetime import timedelta

import sqlalchemy as sa

from storage.models import Centre, Gap, RecordingRun, Segment, Zone
from storage.models.columns import random_id
from tests.house import House
from video.cameras import add_camera, add_zone
from video.timing import TIMESCALE


def one_of_each(house: House, object_id: str) -> str:
    """A zone, a camera, a run, a segment (of an object that is stored anyhow), a gap behind it. Returns the camera."""
    with house.at.database.begin() as session:
        now = house.clock.now()
        centre = session.scalars(sa.select(Centre).where(Centre.code == "ast")).one()
        zone = session.scalars(sa.select(Zone).where(Zone.centre_id == centre.id).limit(1)).one_or_none()
        zone = zone or add_zone(session, centre=centre, code="lobby", name="Lobby", now=now)
        camera = add_camera(
            session,
            zone=zone,
            code="door",
            address="rtsp://10.1.0.7/live",
            credentials=None,
            passwords=house.at.camera_passwords,
            now=now,
        )
        run = RecordingRun(
            id=random_id(),
            camera_id=camera.id,
            began_at=now - timedelta(seconds=30),
            clock_said=now - timedelta(seconds=30),
            codec="h264",
            width=640,
            height=360,
            timescale=TIMESCALE,
        )
        session.add(run)
        session.flush()
        session.add(
            Segment(
                id=random_id(),
                camera_id=camera.id,
                run_id=run.id,
                number=0,
                object_id=object_id,
                began_at=run.began_at,
                ended_at=now,
                media_begin=0,
                media_end=30 * TIMESCALE,
                packets=300,
                init_bytes=700,
                fragments=[[700, 1000, 0, 30 * TIMESCALE, 300, 1]],
            )
        )
        session.add(Gap(id=random_id(), camera_id=camera.id, started_at=now, reason="unreachable"))
        return camera.id
