"""What everybody may know about a line: what callers hear there, and heard before; who records, why, for how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.changed_words import Stretch, changed_words
from app.wiring import Installation
from storage.errors import NotFound
from storage.models import Centre, Line, NoticeVersion, RetentionPolicy, SignedCheckpoint
from storage.notices import NOTICE, Use, is_in_force, versions_of
from storage.retention.policy import applicable
from storage.retention.schedule import published_policies
from telephony.consent import PURPOSES

EVIDENCE = "evidence"
# A checkpoint of this age is given to the next visitor too: else every visit would be a transaction that writes.
CHECKPOINT_LASTS = timedelta(hours=1)


@dataclass(frozen=True)
class Heard:
    """A version that callers hear, heard, or will hear. `changes`: against the one before it; empty for the first."""

    version: NoticeVersion
    changes: Sequence[Stretch]


@dataclass(frozen=True)
class History:
    """All versions in one language, the newest first, with what is to come. `now`: the one that is in force, if any."""

    versions: Sequence[Heard]
    now: NoticeVersion | None
    coming: Sequence[Heard]
    """The next one first."""


@dataclass(frozen=True)
class Kept:
    """How long a purpose keeps, as an ISO 8601 duration, and why so long, by language."""

    purpose: str
    window: str
    reason: dict[str, str]


@dataclass(frozen=True)
class PublicNotice:
    """All of it. `histories`: by language, as the line offers them."""

    centre: Centre
    line: Line
    zone: ZoneInfo
    histories: Mapping[str, History]
    kept: Sequence[Kept]
    checkpoint: SignedCheckpoint | None


def public_notice(at: Installation, centre_code: str, line_code: str) -> PublicNotice:
    """What the page of a line tells. Nothing on it is about a caller.

    Raises:
        NotFound: if there is no such line.
    """
    with at.database.read() as session:
        line = session.scalars(
            sa.select(Line).join(Centre).where(Centre.code == centre_code, Line.code == line_code)
        ).one_or_none()
        if line is None:
            raise NotFound("there is no such line")
        now = at.clock.now()
        histories = {language: _history(session, line.mode, language, now) for language in line.languages}
        kept = _kept(session, line.centre)
    return PublicNotice(line.centre, line, ZoneInfo(line.centre.timezone), histories, kept, carried_checkpoint(at))


def _history(session: Session, mode: str, language: str, now: datetime) -> History:
    # What was withdrawn, or replaced in the moment of its publication, nobody has heard.
    versions = [
        each
        for each in versions_of(session, Use(NOTICE, mode, language))
        if each.superseded_at is None or each.superseded_at > each.effective_from
    ]
    before = [None, *versions[:-1]]
    told = [
        Heard(version, changed_words(older.text, version.text) if older is not None else ())
        for older, version in zip(before, versions, strict=True)
    ]
    return History(
        told[::-1],
        next((each for each in versions if is_in_force(each, now)), None),
        [each for each in told if each.version.effective_from > now],
    )


def _kept(session: Session, centre: Centre) -> list[Kept]:
    policies, found = published_policies(session), []
    for purpose in (*PURPOSES, EVIDENCE):
        policy = applicable(policies, purpose, centre.jurisdiction, centre.id)
        if policy is not None:
            found.append(Kept(purpose, policy.window, session.get_one(RetentionPolicy, policy.id).reason))
    return found


def carried_checkpoint(at: Installation) -> SignedCheckpoint | None:
    """One that visitors carry away (I10); None while the ledger is empty."""
    since = at.clock.now() - CHECKPOINT_LASTS
    newest = (
        sa.select(SignedCheckpoint)
        .where(SignedCheckpoint.given_at.is_not(None))
        .order_by(SignedCheckpoint.size.desc())
        .limit(1)
    )
    with at.database.read() as session:
        given = session.scalars(newest).one_or_none()
    if given is not None and given.signed_at > since:
        return given
    try:
        with at.database.begin() as session:
            return at.ledger.checkpoint(session, given=True)
    except NotFound:
        return None
    except IntegrityError:
        # Another visitor's request has signed the same one in this moment.
        return given
