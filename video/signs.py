"""No sign, no camera (I8): in which zones cameras may record at a moment, and where not, why."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Sign, SignPosting, SignVersion, Zone
from video.grace import GRACE, POSTED, Sheet, Version, answer, in_force, over_at
from video.sign_versions import known_versions


@dataclass(frozen=True)
class Standing:
    """How it stands with the sign of a zone at a moment.

    Attributes:
        zone_id: which zone.
        word: `posted` (what hangs is what must hang), `grace` (outdated, and may hang until `until`), `stale` (the
            grace is over), `none` (nobody confirmed that one hangs, or it is gone).
        outdated_since: from when on what hangs says something that no longer holds.
        until: when the grace ends, or ended.
        posting_id: the confirmation that lasts.
        confirmed_at: its moment.
        version: number of the version that hangs.
        newest: number of the version that must hang; None: none is in force.
        over_at: from when on cameras may not record, as far as is known now; None: no such moment is known.
    """

    zone_id: str
    word: str
    outdated_since: datetime | None
    until: datetime | None
    posting_id: str | None
    confirmed_at: datetime | None
    version: int | None
    newest: int | None
    over_at: datetime | None

    @property
    def may_record(self) -> bool:
        """Whether cameras of the zone may record."""
        return self.word in {POSTED, GRACE}


def standing(
    session: Session, now: datetime, zone_ids: Collection[str] | None = None, proposed: Version | None = None
) -> dict[str, Standing]:
    """How it stands with the signs of zones, by zone id: four small queries, however many zones.

    It follows from rows and from the moment alone, so a grace ends at its very moment; nothing has to wake up for it.

    Args:
        session: a transaction that may only read.
        now: the moment that is asked about; not before the last confirmation.
        zone_ids: which zones; None: all of them. One that does not exist is not in the answer.
        proposed: a version as if it were published, too.
    """
    only = () if zone_ids is None else (Zone.id.in_(zone_ids),)
    zones = session.scalars(sa.select(Zone.id).where(*only)).all()
    versions = [*known_versions(session), *([] if proposed is None else [proposed])]
    hanging: dict[str, tuple[str, datetime, Sheet]] = {}
    lasting = (
        sa.select(
            SignPosting.zone_id, SignPosting.id, SignPosting.confirmed_at, Sign.id, SignVersion.number, Sign.issued_at
        )
        .join(Sign, Sign.id == SignPosting.sign_id)
        .join(SignVersion, SignVersion.id == Sign.version_id)
        .where(SignPosting.ended_at.is_(None), SignPosting.zone_id.in_(zones))
    )
    for zone_id, posting_id, confirmed_at, sign_id, number, issued_at in session.execute(lasting):
        hanging[zone_id] = (posting_id, confirmed_at, Sheet(sign_id, number, issued_at))
    sheets: dict[str, list[Sheet]] = defaultdict(list)
    issued = sa.select(Sign.zone_id, Sign.id, SignVersion.number, Sign.issued_at)
    joined = issued.join(SignVersion, SignVersion.id == Sign.version_id).where(Sign.zone_id.in_(hanging))
    for zone_id, sign_id, number, issued_at in session.execute(joined):
        sheets[zone_id].append(Sheet(sign_id, number, issued_at))
    return {zone_id: _standing(zone_id, hanging.get(zone_id), versions, sheets[zone_id], now) for zone_id in zones}


def _standing(
    zone_id: str,
    hangs: tuple[str, datetime, Sheet] | None,
    versions: list[Version],
    sheets: list[Sheet],
    now: datetime,
) -> Standing:
    valid = in_force(versions, now)
    newest = valid[-1].number if valid else None
    if hangs is None:
        return Standing(zone_id, answer(None, versions, sheets, now).word, None, None, None, None, None, newest, now)
    posting_id, confirmed_at, sheet = hangs
    said = answer(sheet, versions, sheets, now)
    over = over_at(sheet, versions, sheets, now)
    number = sheet.version_number
    return Standing(zone_id, said.word, said.since, said.until, posting_id, confirmed_at, number, newest, over)
