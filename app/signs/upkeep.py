"""What signs need over time: another sheet when something on them changed, and a person when one is outdated."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.signs.listed import ZoneSign, zone_signs
from app.wiring import Installation
from storage.errors import Refused
from storage.findings import note_finding
from storage.models import Zone
from video.grace import GRACE, STALE
from video.sheets import needs_another, owner_on_signs, sheet_for

# How long before a grace ends it becomes a finding: time to print a page and to hang it up.
WARNING = timedelta(days=7)


def look_after_signs(at: Installation) -> int:
    """Issue the sheets that zones need now, and warn of those whose sign is outdated. Returns how many are.

    Nobody who writes waits for it while there is nothing to be done.
    """
    now = at.clock.now()
    with at.database.read() as session:
        wanting = [zone.id for zone in session.scalars(sa.select(Zone)).unique() if _wants(session, zone, at, now)]
    for zone_id in wanting:
        with at.database.begin() as session:
            sheet_for(session, session.get_one(Zone, zone_id), owner_on_signs(session, at.sign_owner), now)
    with at.database.read() as session:
        late = [each for each in zone_signs(session, now) if is_late(each, now)]
    if late:
        with at.database.begin() as session:
            for each in late:
                _warn(session, each, now)
    return len(late)


def _wants(session: Session, zone: Zone, at: Installation, now: datetime) -> bool:
    try:
        return needs_another(session, zone, owner_on_signs(session, at.sign_owner), now)
    except Refused:
        # No policy says how long its footage is kept: nothing is stored there either.
        return False


def is_late(each: ZoneSign, now: datetime) -> bool:
    """Whether somebody must see to it: cameras stop soon, or have stopped."""
    stands = each.standing
    return stands.word == STALE or (stands.word == GRACE and stands.until is not None and stands.until <= now + WARNING)


def _warn(session: Session, each: ZoneSign, now: datetime) -> None:
    until = each.standing.until.isoformat() if each.standing.until is not None else "now"
    name = f"{each.zone.centre.code}/{each.zone.code}"
    explanation = f"the sign in {name} is outdated: its cameras record until {until}, and not after it"
    note_finding(session, "sign_stale", each.zone.id, explanation, now)
