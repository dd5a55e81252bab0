"""The sign that a zone needs now, as a page to print."""

from dataclasses import dataclass
from typing import Literal

from app.web.local import Local
from app.wiring import Installation
from config.shipped import LANGUAGES
from storage.errors import NotFound
from storage.models import Sign, Zone
from video.poster import poster
from video.sheets import owner_on_signs, sheet_for

Form = Literal["pdf", "png"]


@dataclass(frozen=True)
class Printed:
    """A page and the sheet that it is."""

    sheet: Sign
    content: bytes


def printed(at: Installation, zone_id: str, form: Form) -> Printed:
    """The page; its sheet is issued if it is not yet.

    Raises:
        NotFound: if there is no such zone.
        Refused: if what must stand on it is not known.
    """
    with at.database.begin() as session:
        zone = session.get(Zone, zone_id)
        if zone is None:
            raise NotFound("there is no such zone, or it is not yours to see")
        sheet = sheet_for(session, zone, owner_on_signs(session, at.sign_owner), at.clock.now())
    return Printed(sheet, drawn(sheet, form))


def drawn(sheet: Sign, form: Form) -> bytes:
    """Its page, with the storage period as each language writes it."""
    return poster(sheet, {each: Local(each).window(sheet.content["window"]) for each in LANGUAGES}, form)
