"""Zones with signs, for tests: what the product does with a photo, done without one."""

from datetime import timedelta

from config.sign_texts import shipped_sign_texts
from storage.models import Centre, Sign, Zone
from tests.storage.plain_house import PlainHouse
from video.cameras import add_zone
from video.postings import post
from video.sheets import Owner, sheet_for
from video.sign_versions import publish, publish_shipped_signs
from video.signs import Standing, standing

OWNER = Owner("Example Centres", "privacy@centres.example", "https://notice.example")


class Signed:
    """A plain house with zones."""

    def __init__(self, house: PlainHouse) -> None:
        self.house = house
        with house.database.begin() as session:
            publish_shipped_signs(session, shipped_sign_texts(), house.clock.now())

    def zone(self, code: str = "lobby") -> str:
        """A new zone; returns its id."""
        with self.house.database.begin() as session:
            centre = session.get_one(Centre, self.house.centre_id)
            return add_zone(session, centre=centre, code=code, name=code.title(), now=self.house.clock.now()).id

    def sheet(self, zone_id: str, owner: Owner = OWNER) -> Sign:
        """What it needs now."""
        with self.house.database.begin() as session:
            return sheet_for(session, session.get_one(Zone, zone_id), owner, self.house.clock.now())

    def post(self, zone_id: str, owner: Owner = OWNER) -> Sign:
        """Confirm that what it needs now hangs there."""
        with self.house.database.begin() as session:
            now = self.house.clock.now()
            sheet = sheet_for(session, session.get_one(Zone, zone_id), owner, now)
            post(session, sheet, by="operator", photo_object_id=None, now=now)
        return sheet

    def publish(self, purpose: str, grace_days: int = 14, in_s: float | None = None) -> int:
        """Another version, that says another purpose in English. Returns its number."""
        texts = shipped_sign_texts()
        texts["en"]["purpose"] = purpose
        now = self.house.clock.now()
        begins = None if in_s is None else now + timedelta(seconds=in_s)
        with self.house.database.begin() as session:
            return publish(session, texts, now, effective_from=begins, grace_days=grace_days).number

    def standing(self, zone_id: str) -> Standing:
        with self.house.database.read() as session:
            return standing(session, self.house.clock.now())[zone_id]
