"""Zones with what is due of their signs: the same for pages and commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from app.listings.listing import utc
from storage.errors import NotFound
from storage.models import Centre, Person, Sign, SignPosting, Zone
from video.sheets import newest_sheet
from video.signs import Standing, standing


@dataclass(frozen=True)
class ZoneSign:
    """A zone, how it stands with its sign, which sheet must hang there, and which was confirmed."""

    zone: Zone
    standing: Standing
    newest: Sign | None
    posting: SignPosting | None


def zone_signs(session: Session, now: datetime, centre_id: str | None = None) -> list[ZoneSign]:
    """All zones of a centre (None: of all), in order."""
    query = sa.select(Zone).join(Centre).order_by(Centre.code, Zone.code)
    if centre_id is not None:
        query = query.where(Zone.centre_id == centre_id)
    return _with_signs(session, session.scalars(query).unique().all(), now)


def zone_sign(session: Session, zone_id: str, viewer: Viewer, now: datetime) -> ZoneSign:
    """One of them.

    Raises:
        NotFound: if there is none, or it is another centre's (I11). It does not say which of the two it is.
    """
    zone = session.get(Zone, zone_id)
    if zone is None or viewer.centre_id not in (None, zone.centre_id):
        raise NotFound("there is no such zone, or it is not yours to see")
    return _with_signs(session, [zone], now)[0]


def _with_signs(session: Session, zones: Sequence[Zone], now: datetime) -> list[ZoneSign]:
    found = standing(session, now, [zone.id for zone in zones])
    return [
        ZoneSign(zone, told, newest_sheet(session, zone.id), _posting(session, told))
        for zone in zones
        for told in [found[zone.id]]
    ]


def _posting(session: Session, told: Standing) -> SignPosting | None:
    return None if told.posting_id is None else session.get(SignPosting, told.posting_id)


def told_of(each: ZoneSign) -> dict[str, Any]:
    """As commands list it."""
    stands = each.standing
    return {
        "zone": f"{each.zone.centre.code}/{each.zone.code}",
        "state": stands.word,
        "version": stands.version,
        "newest_version": stands.newest,
        "confirmed_at": utc(stands.confirmed_at),
        "outdated_since": utc(stands.outdated_since),
        "until": utc(stands.until),
        "newest_code": None if each.newest is None else each.newest.code,
    }


def addresses_of(session: Session, postings: Sequence[SignPosting]) -> dict[str, str]:
    """The addresses of the people who confirmed them, by id."""
    ids = {each.confirmed_by for each in postings}
    return {row.id: row.email for row in session.execute(sa.select(Person.id, Person.email).where(Person.id.in_(ids)))}
