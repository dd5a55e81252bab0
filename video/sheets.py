"""Which sheet a zone needs now: the version in force, with who, where, how long, and in which languages.

When one of these changes, what hangs is outdated: it says something that no longer holds. So each change is another
sheet with a code of its own, which stands in the address behind its QR code, and a photo tells which one hangs.
"""

import hashlib
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound, Refused
from storage.ledger.log import canonical
from storage.models import Sign, SignPosting, SignVersion, Zone
from storage.models.columns import random_id
from storage.retention.policy import applicable
from storage.retention.schedule import published_policies
from video.sign_versions import current_version

SECURITY = "security"
# Without letters and digits that look alike: somebody may have to read one out.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LENGTH = 8


@dataclass(frozen=True)
class Owner:
    """What every sign of an installation has: who answers for it, and where its notice page is.

    `controller` and `contact` None: not named yet, and the sign says so. `base_url`: without a slash at its end.
    """

    controller: str | None
    contact: str | None
    base_url: str


def owner_on_signs(session: Session, configured: Owner) -> Owner:
    """Who stands on the signs of an installation, whatever the settings of the process that asks are.

    While signs hang, it is who stood on the one that was issued last in their zones: a command that is typed with other
    settings than the server's makes nothing outdated. Other settings are taken over by `adopt`, on purpose.

    Args:
        session: a transaction that may only read.
        configured: what the settings say; that is it while no sign hangs anywhere.
    """
    hangs = sa.select(SignPosting.zone_id).where(SignPosting.ended_at.is_(None))
    newest = sa.select(Sign.content).where(Sign.zone_id.in_(hangs)).order_by(Sign.issued_at.desc(), Sign.id).limit(1)
    content = session.scalar(newest)
    return configured if content is None else Owner(*(content[field.name] for field in fields(Owner)))


def adopt(session: Session, configured: Owner, now: datetime) -> int:
    """Issue the sheets that say what the settings say: what hangs is outdated from now on. Returns how many hang.

    Args:
        session: a transaction that may write.
        configured: what signs must say from now on.
        now: the present.

    Raises:
        Refused: if what must stand on one is not known.
    """
    hangs = sa.select(SignPosting.zone_id).where(SignPosting.ended_at.is_(None)).order_by(SignPosting.zone_id)
    found = session.scalars(hangs).all()
    for zone_id in found:
        sheet_for(session, session.get_one(Zone, zone_id), configured, now)
    return len(found)


def content_of(session: Session, zone: Zone, owner: Owner) -> dict[str, Any]:
    """What must stand on a zone's sign, beside the texts of the version.

    Raises:
        Refused: if it is not known how long footage is kept there.
    """
    centre = zone.centre
    policy = applicable(published_policies(session), SECURITY, centre.jurisdiction, centre.id)
    if policy is None:
        raise Refused("no retention policy for cameras at {centre}: publish one first", centre=centre.code)
    return {
        **asdict(owner),
        "centre": centre.name,
        "path": f"/n/{centre.code}/{zone.code}",
        "zone": zone.name,
        "languages": list(centre.languages),
        "window": policy.window,
    }


def hash_of(version: SignVersion, content: dict[str, Any]) -> str:
    """SHA-256, in hex, of all that stands on a sheet."""
    return hashlib.sha256(canonical({"texts": version.texts_sha256, "content": content})).hexdigest()


def newest_sheet(session: Session, zone_id: str) -> Sign | None:
    """The sheet that was issued for a zone last, or None."""
    return session.scalars(
        sa.select(Sign).where(Sign.zone_id == zone_id).order_by(Sign.issued_at.desc(), Sign.id).limit(1)
    ).one_or_none()


def needs_another(session: Session, zone: Zone, owner: Owner, now: datetime) -> bool:
    """Whether a zone needs another sheet than was issued for it last. The session may be one that only reads.

    Raises:
        Refused: as `sheet_for`.
    """
    newest = newest_sheet(session, zone.id)
    wanted = hash_of(current_version(session, now), content_of(session, zone, owner))
    return newest is None or newest.content_sha256 != wanted


def sheet_for(session: Session, zone: Zone, owner: Owner, now: datetime) -> Sign:
    """The sheet that a zone needs now; it is issued if it is not the zone's newest already.

    Args:
        session: a transaction that may write.
        zone: which; its row is locked.
        owner: who answers for it.
        now: the present.

    Raises:
        Refused: if what must stand on it is not known.
    """
    session.get_one(Zone, zone.id, with_for_update={"of": Zone})
    version = current_version(session, now)
    content = content_of(session, zone, owner)
    hashed = hash_of(version, content)
    newest = newest_sheet(session, zone.id)
    if newest is not None and newest.content_sha256 == hashed:
        return newest
    if newest is not None:
        # Which is the newest must be clear, whatever the clock does.
        now = max(now, newest.issued_at + timedelta(microseconds=1))
    sheet = session.scalars(sa.select(Sign).where(Sign.zone_id == zone.id, Sign.content_sha256 == hashed)).one_or_none()
    if sheet is not None:
        # What was changed is as it was before: the sheet that said so is right again.
        sheet.issued_at = now
        session.flush()
        return sheet
    sheet = Sign(
        id=random_id(),
        zone_id=zone.id,
        version_id=version.id,
        code="".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)),
        content=content,
        content_sha256=hashed,
        issued_at=now,
    )
    session.add(sheet)
    session.flush()
    session.refresh(sheet)
    return sheet


def sheet_coded(session: Session, code: str) -> Sign:
    """The sheet with that code.

    Raises:
        NotFound: if none has it.
    """
    found = session.scalars(sa.select(Sign).where(Sign.code == code)).one_or_none()
    if found is None:
        raise NotFound("there is no sign with the code {code!r}", code=code)
    return found
