"""Zones in a house, with signs in each state, and photos of them."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from config.sign_texts import shipped_sign_texts
from storage.models import Centre, Sign, Zone
from tests.house import House
from tests.video.photographed import How, photographed
from video.cameras import add_zone
from video.postings import post
from video.sheets import sheet_for
from video.sign_versions import publish


@dataclass(frozen=True)
class Signs:
    """Of a house. In a town, Mira manages `alm`; `ast` is another's."""

    house: House

    def zone(self, code: str, centre: str = "alm") -> str:
        """A new zone; returns its id."""
        with self.house.at.database.begin() as session:
            row = session.scalars(sa.select(Centre).where(Centre.code == centre)).one()
            now = self.house.clock.now()
            return add_zone(session, centre=row, code=code, name=f"The {code}", now=now).id

    def sheet(self, zone_id: str) -> Sign:
        """What it needs now."""
        at = self.house.at
        with at.database.begin() as session:
            return sheet_for(session, session.get_one(Zone, zone_id), at.sign_owner, at.clock.now())

    def posted(self, zone_id: str) -> None:
        """Confirmed without a photo."""
        at = self.house.at
        with at.database.begin() as session:
            sheet = sheet_for(session, session.get_one(Zone, zone_id), at.sign_owner, at.clock.now())
            post(session, sheet, by="operator", photo_object_id=None, now=at.clock.now())

    def publish(self, purpose: str, grace_days: int = 14, **more: Any) -> None:
        """Another version, that says another purpose in every language."""
        texts = shipped_sign_texts()
        for language in texts:
            texts[language]["purpose"] = f"{purpose} ({language})"
        now = self.house.clock.now()
        with self.house.at.database.begin() as session:
            publish(session, texts, now, grace_days=grace_days, **more)

    def photo(self, visitor_png: bytes) -> bytes:
        """Of a sign, as it was downloaded."""
        return photographed(visitor_png, How(tilt=0.03, blur=1, turned=4), 2)
