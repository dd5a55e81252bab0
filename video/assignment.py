"""Which cameras are this recorder's, and which of them may be recorded now: asked of the database every two seconds."""

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from config.clock import Clock
from storage.database import Database
from storage.models import Camera, Centre
from video.cameras import subject
from video.facts import Reason
from video.leases import Leases
from video.line import known_until
from video.passwords import Passwords
from video.recorder import Subject
from video.signs import standing


class Assignment:
    """Whom a recorder is to record: of these centres, by code; of all, where none is named.

    A camera without a confirmed sign is in it, with the reason why not (I8).
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        leases: Leases,
        passwords: Callable[[], Passwords],
        folder: Path | None,
        centres: Collection[str] = (),
    ) -> None:
        self._database = database
        self._clock = clock
        self._leases = leases
        self._passwords = passwords
        self._folder = folder
        self._centres = centres
        self._known: set[str] = set()

    def __call__(self, unopened: Collection[str] = frozenset()) -> list[Subject]:
        """In one transaction, so that a sign that is withdrawn and a lease that is taken are never half seen.

        Args:
            unopened: cameras that this recorder tries to open, and cannot.

        Raises:
            Exception: whatever a database raises that is away; then nobody knows, and all goes on as it was.
        """
        with self._database.begin() as session:
            reached = sa.select(Camera).order_by(Camera.id)
            if self._centres:
                reached = reached.join(Centre, Centre.id == Camera.centre_id).where(Centre.code.in_(self._centres))
            cameras = session.scalars(reached).unique().all()
            may_have = [each.id for each in cameras]
            leases = self._leases.hold(session, may_have, unopened, all_may=not self._centres)
            ours = [each for each in cameras if each.id in leases]
            signs = standing(session, self._clock.now(), {each.zone_id for each in ours})
            since = {each.id: known_until(session, each.id) for each in ours if each.id not in self._known}
            found = []
            for camera in ours:
                sign = signs[camera.zone_id]
                not_now = Reason.OFF if camera.off_at is not None else None if sign.may_record else Reason.NO_SIGN
                found.append(self._subject(camera, leases[camera.id], not_now, since.get(camera.id), sign.over_at))
        self._known = set(leases)
        return found

    def _subject(
        self,
        camera: Camera,
        lease: int,
        not_now: Reason | None,
        since: datetime | None,
        until: datetime | None,
    ) -> Subject:
        told = [camera.address, *(camera.centre.camera_networks or ())]
        settings = hashlib.sha256("\n".join(told).encode() + b"\0" + (camera.credentials or b"")).hexdigest()
        return Subject(
            camera.id,
            subject(camera, self._passwords(), self._folder).open_stream,
            lease=lease,
            not_now=not_now,
            since=since,
            until=until,
            settings=settings,
        )
