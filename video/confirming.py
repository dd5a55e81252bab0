"""A sign is confirmed by a photo of where it hangs: the code on it is read, and must be the zone's newest sign's."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.errors import NotFound
from storage.intake import Arrival, Intake, Ticket
from storage.models import Sign, SignPosting, StoredObject, Zone
from storage.retention.claim import claim
from video.photos import Photo, PhotoRefused, codes_on, photo
from video.poster import address
from video.postings import post
from video.sheets import Owner, owner_on_signs, sheet_coded, sheet_for

log = structlog.get_logger()

KIND = "sign_photo"
PURPOSES = ("evidence",)

NO_CODE, FOREIGN, OTHER_ZONE, OUTDATED, RIGHT = "no_code", "foreign", "other_zone", "outdated", "right"


@dataclass(frozen=True)
class Reading:
    """What a photo shows, as one of the words above; and the sign, where it is one of ours."""

    word: str
    sheet: Sign | None = None


def reading_of(session: Session, texts: Iterable[str], wanted: Sign) -> Reading:
    """What the codes on a photo say of the sign that must hang. Of several codes, the best one counts.

    A code counts only if it says exactly what is printed on one of our signs, so none that leads elsewhere is ours.
    """
    best = Reading(NO_CODE)
    order = (NO_CODE, FOREIGN, OTHER_ZONE, OUTDATED, RIGHT)
    for text in texts:
        found = _one(session, text, wanted)
        if order.index(found.word) > order.index(best.word):
            best = found
    return best


def _one(session: Session, text: str, wanted: Sign) -> Reading:
    try:
        codes = parse_qs(urlsplit(text).query).get("sign", [])
        sheet = sheet_coded(session, codes[0]) if len(codes) == 1 else None
    except (NotFound, ValueError):
        sheet = None
    if sheet is None or text != address(sheet):
        return Reading(FOREIGN)
    if sheet.zone_id != wanted.zone_id:
        return Reading(OTHER_ZONE, sheet)
    return Reading(RIGHT if sheet.id == wanted.id else OUTDATED, sheet)


class Confirmations:
    """Takes in photos of signs. The database, the clock and the intake are those of one installation."""

    def __init__(self, database: Database, clock: Clock, intake: Intake, owner: Owner) -> None:
        self._database = database
        self._clock = clock
        self._intake = intake
        self._owner = owner

    def confirm(self, zone_id: str, content: bytes, by: str) -> SignPosting:
        """Read the code on a photo; if it is that of the zone's newest sign, keep the photo, and the zone is signed.

        Nothing of a photo that shows anything else is kept.

        Args:
            zone_id: where it was taken.
            content: the file, as it was sent.
            by: id of who confirms it, or `operator`.

        Raises:
            PhotoRefused: if it cannot be read, shows something else, or confirmed a sign before; it says what to do.
            TooManyPhotos: if others are being read just now.
            Refused: if what must hang there is not known.
            StoreError: if the photo could not be stored: then nothing is confirmed.
        """
        shot = photo(content)
        sha256 = hashlib.sha256(content).hexdigest()
        with self._database.read() as session:
            _must_be_new(session, sha256)
        texts = codes_on(shot)
        with self._database.begin() as session:
            _must_be_right(session, texts, self._wanted(session, zone_id))
            now = self._clock.now()
            centre_id = session.get_one(Zone, zone_id).centre_id
            arrival = Arrival(KIND, centre_id, shot.kind, PURPOSES, zone_id, now, now)
            ticket = self._intake.expect(session, arrival)
        return self._kept(shot, texts, zone_id, by, arrival, ticket)

    def _kept(
        self, shot: Photo, texts: list[str], zone_id: str, by: str, arrival: Arrival, ticket: Ticket
    ) -> SignPosting:
        made: list[SignPosting] = []

        def settle(session: Session, row: StoredObject) -> None:
            # Once more: another version may have come into force while the photo was stored.
            wanted = self._wanted(session, zone_id)
            _must_be_right(session, texts, wanted)
            _must_be_new(session, hashlib.sha256(shot.content).hexdigest())
            made.append(post(session, wanted, by=by, photo_object_id=row.id, now=self._clock.now()))

        try:
            self._intake.bring_in(ticket, arrival, [shot.content], len(shot.content), settle)
        except Exception:
            with self._database.begin() as session:
                claim(session, ticket.object_id, "never_came", self._clock.now())
            raise
        log.info("sign_confirmed", zone=zone_id, posting=made[0].id)
        return made[0]

    def _wanted(self, session: Session, zone_id: str) -> Sign:
        owner = owner_on_signs(session, self._owner)
        return sheet_for(session, session.get_one(Zone, zone_id), owner, self._clock.now())


def _must_be_new(session: Session, sha256: str) -> None:
    """A photo proves what hung there when it was taken; after that sign came down it proves nothing."""
    shown = sa.select(SignPosting.id).join(StoredObject, StoredObject.id == SignPosting.photo_object_id)
    if session.scalar(shown.where(StoredObject.sha256 == sha256).limit(1)) is not None:
        raise PhotoRefused("this photo confirmed a sign before: take a new one of the sign as it hangs now")


def _must_be_right(session: Session, texts: list[str], wanted: Sign) -> None:
    found = reading_of(session, texts, wanted)
    if found.word == NO_CODE:
        raise PhotoRefused(
            "no code can be read on this photo: go nearer, until the sign fills the picture; stand in front of it, "
            "hold still, with light on the sign and no lamp or window mirrored in it"
        )
    if found.word == FOREIGN or found.sheet is None:
        raise PhotoRefused("the code on this photo is not that of a sign of ours: photograph the sign's own code")
    if found.word == OTHER_ZONE:
        raise PhotoRefused(
            "this is the sign of {other}, and this zone is {zone}: hang up the sign that belongs here",
            other=found.sheet.zone.name,
            zone=wanted.zone.name,
        )
    if found.word == OUTDATED:
        raise PhotoRefused(
            "this sign is outdated (code {code}): print the newest one (code {newest}), hang it up, "
            "and photograph that",
            code=found.sheet.code,
            newest=wanted.code,
        )
