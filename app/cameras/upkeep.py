"""Whether there is a recorder for each of the cameras, and in how long its spool is full."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.orm import Session

from app.cameras.states import STATES, states
from app.wiring import Installation
from storage.findings import note_finding
from storage.models import Camera, CameraLease, RecorderSeen
from video.leases import LEASE_FOR

# From then on a person is told: time to bring the store back, or to make room.
WARNING = timedelta(hours=24)
# A recorder that has not said for so long that it lives is none any more: it was killed, or is somewhere else by now.
FORGOTTEN_AFTER = timedelta(days=1)
# Longer than a dead recorder's cameras wait, and than one leaves to others what it cannot open.
NOT_TAKEN_FOR = timedelta(minutes=1)


@dataclass(frozen=True)
class Recorders:
    """`alive`: those that said so of late. `wanted`: how many cameras are to be recorded by one."""

    alive: Sequence[RecorderSeen]
    wanted: int


def recorders(session: Session, now: datetime) -> Recorders:
    """The recorders there are."""
    alive = session.scalars(
        sa.select(RecorderSeen).where(RecorderSeen.seen_at > now - LEASE_FOR).order_by(RecorderSeen.name)
    ).all()
    wanted = session.scalar(sa.select(sa.func.count()).where(Camera.off_at.is_(None))) or 0
    return Recorders(alive, wanted)


def not_taken(session: Session, now: datetime) -> Sequence[Camera]:
    """Cameras that are to be recorded, and that no recorder has had for a while: none that lives may take them."""
    since = now - NOT_TAKEN_FOR
    taken = sa.select(CameraLease.camera_id).where(CameraLease.until > since)
    wanted = sa.select(Camera).where(Camera.off_at.is_(None), Camera.created_at <= since, Camera.id.not_in(taken))
    return session.scalars(wanted.order_by(Camera.id)).unique().all()


def is_filling(row: RecorderSeen) -> bool:
    """Whether its spool is full within a day, at the present rate."""
    return row.full_in_s is not None and row.full_in_s < WARNING.total_seconds()


def hours_left(row: RecorderSeen) -> float:
    """Until its spool is full."""
    return round((row.full_in_s or 0) / 3600, 1)


def look_after_recorders(at: Installation) -> int:
    """Put spools that fill, and cameras that no recorder takes, before a person's eyes. Returns how many there are.

    What is known of recorders that died long ago is forgotten.
    """
    now = at.clock.now()
    with at.database.read() as session:
        alive = recorders(session, now).alive
        filling = [each for each in alive if is_filling(each)]
        # Without any recorder it is no camera's affair: the doctor says it.
        left = not_taken(session, now) if alive else []
        dead = sa.select(RecorderSeen.id).where(RecorderSeen.seen_at < now - FORGOTTEN_AFTER)
        forgotten = session.scalars(dead).all()
    if forgotten:
        with at.database.begin() as session:
            session.execute(sa.delete(RecorderSeen).where(RecorderSeen.id.in_(dead)))
    if filling or left:
        with at.database.begin() as session:
            for camera in left:
                explanation = f"no recorder takes {camera.centre.code}/{camera.code}: see ESKERTU_RECORDER_CENTRES"
                note_finding(session, "camera_not_taken", camera.id, explanation, now)
            for each in filling:
                explanation = (
                    f"the spool of recorder {each.name} is full in {hours_left(each)} hours: nothing is stored"
                )
                note_finding(session, "spool_filling", each.id, explanation, now)
    return len(filling) + len(left)


def gauges(at: Installation) -> CollectorRegistry:
    """How cameras stand and what waits, as numbers alone."""
    registry = CollectorRegistry()
    now = at.clock.now()
    with at.database.read() as session:
        found, seen = recorders(session, now), Counter(each.state for each in states(session, now))
    cameras = Gauge("eskertu_cameras", "cameras by how they stand", ["state"], registry=registry)
    for state in STATES:
        cameras.labels(state).set(seen[state])
    Gauge("eskertu_recorders", "recorders that live", registry=registry).set(len(found.alive))
    waiting = Gauge("eskertu_spool_bytes", "footage that waits in spools", registry=registry)
    waiting.set(sum(each.spool_bytes for each in found.alive))
    left = [each.full_in_s for each in found.alive if each.full_in_s is not None]
    full = Gauge("eskertu_spool_full_seconds", "until the first spool is full; +Inf: none fills", registry=registry)
    full.set(min(left, default=float("inf")))
    return registry
