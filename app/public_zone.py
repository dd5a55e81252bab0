"""What everybody may know about a zone with cameras: what its sign says, in more words, and what signs said before."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.changed_words import Stretch, changed_words
from app.public_notice import Kept, carried_checkpoint
from app.wiring import Installation
from config.sign_texts import PERIOD
from storage.errors import NotFound
from storage.models import Centre, RetentionPolicy, Sign, SignedCheckpoint, SignVersion, Zone
from storage.retention.policy import applicable
from storage.retention.schedule import published_policies
from video.grace import in_force
from video.sheets import SECURITY, newest_sheet
from video.sign_versions import known_versions, sign_versions

# What a version says, in the order in which its sign says it; labels and headline are not what changes.
SAID = ("purpose", "interest", "kept", "rights", "transfers", "more")


@dataclass(frozen=True)
class Said:
    """A version. `changes`: against the one before it, in the reader's language; empty for the first."""

    version: SignVersion
    changes: Sequence[Stretch]


@dataclass(frozen=True)
class PublicZone:
    """All of it. `scanned`: whether the sign whose code was scanned is `newest` or `outdated`; None: none of ours."""

    centre: Centre
    place: Zone
    zone: ZoneInfo
    now: SignVersion
    kept: Kept | None
    past: Sequence[Said]
    coming: Sequence[Said]
    scanned: str | None
    checkpoint: SignedCheckpoint | None


def public_zone(at: Installation, centre_code: str, zone_code: str, code: str, language: str) -> PublicZone:
    """What the page of a zone tells. Nothing on it is about a visitor.

    Args:
        at: the installation.
        centre_code: where it is.
        zone_code: which.
        code: what stood in the code of the sign that was scanned; "": nothing was.
        language: of the reader.

    Raises:
        NotFound: if there is no such zone, or nothing is published for signs.
    """
    with at.database.read() as session:
        place = session.scalars(
            sa.select(Zone).join(Centre).where(Centre.code == centre_code, Zone.code == zone_code)
        ).one_or_none()
        now = at.clock.now()
        valid = in_force(known_versions(session), now)
        if place is None or not valid:
            raise NotFound("there is no such line")
        versions = sign_versions(session)
        policy = applicable(published_policies(session), SECURITY, place.centre.jurisdiction, place.centre_id)
        reason = {} if policy is None else session.get_one(RetentionPolicy, policy.id).reason
        kept = None if policy is None else Kept(SECURITY, policy.window, reason)
        scanned = _scanned(session, place, code)
    numbers = {each.number for each in valid}
    said = told([each for each in versions if each.number in numbers or each.effective_from > now], language)
    return PublicZone(
        place.centre,
        place,
        ZoneInfo(place.centre.timezone),
        next(each for each in versions if each.id == valid[-1].id),
        kept,
        [each for each in said[::-1] if each.version.effective_from <= now],
        [each for each in said if each.version.effective_from > now],
        scanned,
        carried_checkpoint(at),
    )


def _scanned(session: Session, place: Zone, code: str) -> str | None:
    found = session.scalars(sa.select(Sign).where(Sign.code == code, Sign.zone_id == place.id)).one_or_none()
    if found is None:
        return None
    newest = newest_sheet(session, place.id)
    return "newest" if newest is not None and newest.id == found.id else "outdated"


def told(versions: Sequence[SignVersion], language: str) -> list[Said]:
    """Versions in order, each beside the one before it."""
    before = [None, *versions[:-1]]
    return [
        Said(version, changed_words(words(older, language), words(version, language)) if older is not None else ())
        for older, version in zip(before, versions, strict=True)
    ]


def words(version: SignVersion, language: str) -> str:
    """All that a version says in a language, in one line, whatever the storage period was."""
    return " ".join(text for name in SAID if (text := version.texts[language][name])).replace(PERIOD, "…")
