"""How it stands with cameras, in one word each: recording, gap, no_sign, unreachable, off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Camera, CameraLease, Gap, Segment
from video.facts import Reason
from video.signs import Standing, standing

RECORDING, GAP, NO_SIGN, UNREACHABLE, OFF = "recording", "gap", "no_sign", "unreachable", "off"
STATES = (RECORDING, GAP, NO_SIGN, UNREACHABLE, OFF)
# Why there is no stream, where the camera (or what is known of it) is to be looked at.
ITS_OWN = frozenset({"unreachable", "refused", "redirected", "forbidden", "unsupported", "stalled"})


@dataclass(frozen=True)
class CameraState:
    """`since`: since when it is so, as far as that is known. `reason`: why it is not recorded, a gap's word."""

    camera: Camera
    state: str
    reason: str | None
    since: datetime | None
    sign: Standing


def states(session: Session, now: datetime, *conditions: sa.ColumnElement[bool]) -> list[CameraState]:
    """Of all cameras, or of those that fit, by centre and code."""
    cameras = session.scalars(sa.select(Camera).where(*conditions).order_by(Camera.centre_id, Camera.code)).unique()
    found = list(cameras)
    signs = standing(session, now, {each.zone_id for each in found})
    ids = [each.id for each in found]
    gaps = {
        row.camera_id: row
        for row in session.scalars(sa.select(Gap).where(Gap.camera_id.in_(ids), Gap.ended_at.is_(None)))
    }
    alive = set(session.scalars(sa.select(CameraLease.camera_id).where(CameraLease.until > now)))
    told = [_state(session, each, signs[each.zone_id], gaps.get(each.id), led=each.id in alive) for each in found]
    return sorted(told, key=lambda each: (each.camera.centre.code, each.camera.code))


def _state(session: Session, camera: Camera, sign: Standing, gap: Gap | None, *, led: bool) -> CameraState:
    since = None if gap is None else gap.started_at
    if camera.off_at is not None:
        return CameraState(camera, OFF, Reason.OFF.value, camera.off_at, sign)
    if not sign.may_record:
        return CameraState(camera, NO_SIGN, Reason.NO_SIGN.value, sign.until or since, sign)
    if gap is not None:
        # What was so until a moment ago: the recorder looks every two seconds.
        reason = Reason.STARTING.value if gap.reason in {Reason.OFF.value, Reason.NO_SIGN.value} else gap.reason
        return CameraState(camera, UNREACHABLE if reason in ITS_OWN else GAP, reason, since, sign)
    ended = last_end(session, camera.id)
    if led and ended is not None:
        return CameraState(camera, RECORDING, None, recording_since(session, camera.id), sign)
    reason = Reason.STARTING.value if ended is None else Reason.RECORDER_KILLED.value
    return CameraState(camera, GAP, reason, ended or camera.created_at, sign)


def last_end(session: Session, camera_id: str) -> datetime | None:
    """Up to when it is known what became of a camera; None: nothing is."""
    segment = sa.select(Segment.ended_at).where(Segment.camera_id == camera_id).order_by(Segment.began_at.desc())
    gap = sa.select(Gap.ended_at).where(Gap.camera_id == camera_id).order_by(Gap.started_at.desc())
    ends = [session.scalar(segment.limit(1)), session.scalar(gap.limit(1))]
    return max((each for each in ends if each is not None), default=None)


def recording_since(session: Session, camera_id: str) -> datetime | None:
    """Where its last gap ended."""
    last = sa.select(Gap.ended_at).where(Gap.camera_id == camera_id).order_by(Gap.started_at.desc()).limit(1)
    return session.scalar(last)


def told(states_: Sequence[CameraState]) -> list[dict[str, object]]:
    """As commands list them."""
    return [
        {
            "camera": f"{each.camera.centre.code}/{each.camera.code}",
            "zone": each.camera.zone.code,
            "state": each.state,
            "reason": each.reason,
        }
        for each in states_
    ]
