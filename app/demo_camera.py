"""The demo's camera: a lobby that was drawn, a zone of its own, its sign, and the manager who looks at it.

Nothing is done by a way of its own: the sign is rendered as every sign is, and confirmed by a picture on which its code
is read. Only that nobody carried it to a wall stands in the zone's name, which the sign says, too.
"""

import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.links import address_of_link, make_link
from app.auth.people import give_access, person_of
from app.cameras.states import RECORDING, states
from app.signs.printed import printed
from app.wiring import Installation
from storage.models import Camera, Centre, Person, Zone
from storage.publication import OPERATOR
from video.addresses import file_address
from video.cameras import add_camera, add_zone
from video.scene import make_scene
from video.signs import standing

MANAGER = "manager@example.com"
CENTRE, ZONE, ZONE_NAME, CAMERA = "ast", "demo-lobby", "Lobby (demo)", "entrance"
SCENE = "demo-lobby.mp4"
RECORDS_WITHIN_S = 30


def draw_scene(at: Installation, say: Callable[[str], None]) -> Path:
    """What the camera shows, drawn once. Takes some seconds."""
    folder = at.settings.camera_folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / SCENE
    if not file.exists():
        say("drawing a lobby for the demo's camera …")
        make_scene(file)
    return file


def seed_camera(at: Installation, session: Session, centre: Centre, file: Path) -> None:
    """A zone, a camera that is a file, a manager; what is there already stays."""
    now = at.clock.now()
    zone = session.scalars(sa.select(Zone).where(Zone.centre_id == centre.id, Zone.code == ZONE)).one_or_none()
    if zone is None:
        zone = add_zone(session, centre=centre, code=ZONE, name=ZONE_NAME, now=now)
    there = sa.select(Camera.id).where(Camera.centre_id == centre.id, Camera.code == CAMERA)
    if session.scalar(there) is None:
        add_camera(
            session,
            zone=zone,
            code=CAMERA,
            address=file_address(file, loops=True),
            credentials=None,
            passwords=at.camera_passwords,
            now=now,
        )
    if session.scalar(sa.select(Person.id).where(Person.email == MANAGER)) is None:
        give_access(session, email=MANAGER, role="centre_manager", centre=centre, password_hash=None, now=now)


def hang_sign(at: Installation) -> None:
    """Confirm the demo's sign, unless one hangs: from then on its camera records.

    Raises:
        Refused: if the sign cannot be rendered or confirmed.
    """
    with at.database.read() as session:
        zone_id = session.scalar(sa.select(Zone.id).join(Centre).where(Zone.code == ZONE, Centre.code == CENTRE))
        hangs = zone_id is None or standing(session, at.clock.now(), [zone_id])[zone_id].may_record
    if zone_id is not None and not hangs:
        at.confirmations.confirm(zone_id, printed(at, zone_id, "png").content, OPERATOR)


def first_footage(at: Installation, say: Callable[[str], None]) -> None:
    """Tell that the demo's camera records, and how its manager signs in."""
    deadline = time.monotonic() + RECORDS_WITHIN_S
    while not (records := _records(at)) and time.monotonic() < deadline:
        time.sleep(0.3)
    with at.database.begin() as session:
        manager = person_of(session, MANAGER)
        link = None
        if manager.password_hash is None:
            link = address_of_link(at.site.base_url, make_link(session, manager, None, at.clock.now()))
    say("\nA camera, in a lobby that is not there:\n")
    told = [
        ("camera", f"{CENTRE}/{CAMERA}, {'recording' if records else 'not recording yet: eskertu cameras'}"),
        ("sign", f"{at.site.base_url}/n/{CENTRE}/{ZONE}"),
        ("its manager", MANAGER),
    ]
    if link is not None:
        told.append(("a password for her", link))
    for what, value in told:
        say(f"  {what:<19} {value}")
    say("")


def _records(at: Installation) -> bool:
    with at.database.read() as session:
        found = states(session, at.clock.now(), Camera.code == CAMERA)
    return [each.state for each in found if each.camera.zone.code == ZONE] == [RECORDING]
