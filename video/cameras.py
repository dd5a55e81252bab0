"""Zones and cameras, as they are set up, and how a camera's stream is opened. Where they may be: addresses.py."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.centres import checked_code
from storage.errors import Refused
from storage.ledger.log import append
from storage.models import Camera, Centre, Line, Zone
from storage.models.columns import random_id
from video.addresses import Allowed, Credentials, given_address
from video.passwords import Passwords
from video.recorder import Subject
from video.sources import Source, open_source

Open = Callable[..., Source]
MOST_LETTERS = 200


def allow_networks(session: Session, centre: Centre, networks: Sequence[str], *, by: str, now: datetime) -> None:
    """Say where a centre's cameras may be, in place of any networks before; the ledger is told where that changes.

    Args:
        session: the transaction.
        centre: whose.
        networks: as `networks_of` gives them; empty: none, so that no camera but a file is opened.
        by: id of a person, or `operator`.
        now: the present.
    """
    before = list(centre.camera_networks or ())
    if before == list(networks):
        return
    centre.camera_networks = list(networks) or None
    facts = {"centre": centre.id, "before": before, "networks": list(networks), "by": by}
    append(session, "networks_allowed", centre.id, now, facts)


def add_zone(session: Session, *, centre: Centre, code: str, name: str, now: datetime) -> Zone:
    """Make a zone. Raises `Refused` if its code cannot be one, or is another zone's or a line's of this centre."""
    taken = sa.select(Zone.id).where(Zone.centre_id == centre.id, Zone.code == code)
    if session.scalar(taken) is not None:
        raise Refused("code {code!r}: there is a zone of that code already", code=code)
    if session.scalar(sa.select(Line.id).where(Line.centre_id == centre.id, Line.code == code)) is not None:
        raise Refused("code {code!r}: a line has it, and both have their public notice at one address", code=code)
    if not 0 < len(name.strip()) <= MOST_LETTERS:
        raise Refused("name: give 1 to 200 letters")
    zone = Zone(id=random_id(), centre_id=centre.id, code=checked_code(code), name=name.strip(), created_at=now)
    session.add(zone)
    session.flush()
    return zone


def add_camera(
    session: Session,
    *,
    zone: Zone,
    code: str,
    address: str,
    credentials: Credentials | None,
    passwords: Passwords,
    now: datetime,
) -> Camera:
    """Make a camera in a zone. Nobody has asked yet whether it answers.

    Raises:
        Refused: if its code or its address cannot be one, credentials stand in the address, or the code is another
            camera's of this centre.
    """
    taken = sa.select(Camera.id).where(Camera.centre_id == zone.centre_id, Camera.code == code)
    if session.scalar(taken) is not None:
        raise Refused("code {code!r}: there is a camera of that code already", code=code)
    camera_id = random_id()
    camera = Camera(
        id=camera_id,
        centre_id=zone.centre_id,
        zone_id=zone.id,
        code=checked_code(code),
        address=given_address(address),
        credentials=None if credentials is None else passwords.seal(camera_id, credentials),
        created_at=now,
    )
    session.add(camera)
    session.flush()
    return camera


def change_camera(
    camera: Camera, passwords: Passwords, *, address: str | None = None, credentials: Credentials | None = None
) -> None:
    """Give a camera another address, another user name and password, or both. Another address drops the password.

    Raises:
        Refused: if the address cannot be one.
    """
    if address is not None and address != camera.address:
        camera.address = given_address(address)
        # A password is for the machine that it was given for: whoever changes the address must know it.
        camera.credentials = None
    if credentials is not None:
        camera.credentials = passwords.seal(camera.id, credentials)


def switch(session: Session, camera: Camera, *, on: bool, by: str, now: datetime) -> bool:
    """Switch a camera off, or on again. Returns whether that changed anything.

    Args:
        session: the transaction; the camera's row is locked.
        camera: which.
        on: what it is to be.
        by: id of a person, or `operator`.
        now: the present.
    """
    row = session.get_one(Camera, camera.id, with_for_update={"of": Camera})
    if (row.off_at is None) == on:
        return False
    row.off_at = None if on else now
    if on:
        append(session, "camera_on", row.id, now, {"camera": row.id, "by": by})
    else:
        append(session, "camera_off", row.id, now, {"camera": row.id, "by": by})
    return True


def subject(camera: Camera, passwords: Passwords, folder: Path | None, open_stream: Open = open_source) -> Subject:
    """A camera as the recorder takes it. Its password is opened when its stream is, and kept nowhere.

    Args:
        camera: its row, with its centre.
        passwords: what opens its credentials.
        folder: where cameras that are files may lie; None: there are none.
        open_stream: how what is reachable is opened.
    """
    allowed = Allowed(tuple(camera.centre.camera_networks or ()), folder)
    camera_id, address, sealed = camera.id, camera.address, camera.credentials

    def opened() -> Source:
        credentials = None if sealed is None else passwords.open(camera_id, sealed)
        return open_stream(allowed.reach(address, credentials))

    return Subject(camera_id, opened)
