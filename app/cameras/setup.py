"""Setting cameras up, for whoever may: the administrator, and the manager of the centre."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer, may
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.ledger.log import append
from storage.models import Camera, Centre, Zone
from video.addresses import Allowed, Credentials, given_address
from video.trial import Trial, try_camera

SET_UP, LOOK = "set up a camera", "look through a camera that is tried"
# Each takes a thread of the web's for as long as it waits.
AT_ONCE = 2
_trials = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Given:
    """What a form says of a camera."""

    zone: str
    code: str
    url: str
    username: str
    password: str

    @property
    def credentials(self) -> Credentials | None:
        """Raises `Refused` for one without the other."""
        if not self.username and not self.password:
            return None
        if not self.username or not self.password:
            raise Refused("user name and password belong together")
        return Credentials(self.username, self.password)


def zones(session: Session, viewer: Viewer) -> Sequence[Zone]:
    """Where somebody may set cameras up, by centre and name."""
    query = sa.select(Zone).order_by(Zone.centre_id, Zone.name)
    if viewer.centre_id is not None:
        query = query.where(Zone.centre_id == viewer.centre_id)
    return session.scalars(query).unique().all()


def places(session: Session, viewer: Viewer) -> Sequence[Centre]:
    """The centres in which somebody may set zones and cameras up, by name."""
    query = sa.select(Centre).order_by(Centre.name)
    if viewer.centre_id is not None:
        query = query.where(Centre.id == viewer.centre_id)
    return session.scalars(query).all()


def place_chosen(session: Session, viewer: Viewer, centre_id: str) -> Centre:
    """One of them. Raises `NotFound`."""
    found = session.get(Centre, centre_id)
    if found is None or not may(viewer, SET_UP, found.id):
        raise NotFound("there is no such centre")
    return found


def cameras_outside(session: Session, centre: Centre) -> list[Camera]:
    """Its cameras whose addresses lie outside of the networks that it allows: they are not opened."""
    allowed = allowed_in(centre)
    rows = session.scalars(sa.select(Camera).where(Camera.centre_id == centre.id).order_by(Camera.code)).unique()
    return [each for each in rows if allowed.excludes(each.address)]


def allowed_in(centre: Centre) -> Allowed:
    """Within which networks a centre's cameras may be."""
    return Allowed(tuple(centre.camera_networks or ()))


def zone_chosen(session: Session, viewer: Viewer, zone_id: str) -> Zone:
    """One of them. Raises `NotFound`."""
    found = session.get(Zone, zone_id)
    if found is None or not may(viewer, SET_UP, found.centre_id):
        raise NotFound("there is no such zone, or it is not yours to see")
    return found


def camera_set_up(session: Session, viewer: Viewer, camera_id: str) -> Camera:
    """A camera that somebody may change. Raises `NotFound`."""
    found = session.get(Camera, camera_id)
    if found is None or not may(viewer, SET_UP, found.centre_id):
        raise NotFound("there is no such camera, or it is not yours to see")
    return found


def tried(at: Installation, viewer: Viewer, person_id: str, given: Given, before: Camera | None = None) -> Trial:
    """Open an address once, as the recorder would. The ledger is told before anything is opened.

    Args:
        at: the installation.
        viewer: who asks. Who may look (the manager) gets a picture; who sets up alone, only what the stream is.
        person_id: their id.
        given: what to open. Without a password, that of `before` is taken, if the address is its own still.
        before: the camera whose settings are changed.

    Raises:
        Refused: if the address cannot be one, or too many are being tried.
        NotFound: if the zone is not theirs.
    """
    credentials = given.credentials
    if before is None or before.address != given.url:
        given_address(given.url)
    with at.database.begin() as session:
        zone = zone_chosen(session, viewer, given.zone)
        networks = tuple(zone.centre.camera_networks or ())
        looks = may(viewer, LOOK, zone.centre_id)
        told = {"zone": zone.id, "camera": None if before is None else before.id, "by": person_id, "looked": looks}
        append(session, "camera_tried", zone.id, at.clock.now(), told)
    if credentials is None and before is not None and before.credentials is not None and before.address == given.url:
        credentials = at.camera_passwords.open(before.id, before.credentials)
    if not _trials.acquire(blocking=False):
        raise Refused("other addresses are being tried: wait some seconds")
    try:
        return try_camera(networks, at.settings.camera_folder.resolve(), given.url, credentials, picture=looks)
    finally:
        _trials.release()
