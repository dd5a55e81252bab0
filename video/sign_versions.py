"""What signs say, in versions that never change once published. One is in force at a time; the last one, for ever."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from config.sign_texts import mistakes
from storage.errors import NotFound, Refused
from storage.ledger.log import append, canonical
from storage.models import SignVersion
from storage.models.columns import random_id
from video.grace import Version, in_force

GRACE_DAYS = 14
MOST_GRACE_DAYS = 90
# What is published for later can be replaced from that moment on alone: a year that was mistyped would stand for ever.
MOST_AHEAD = timedelta(days=366)
# On PostgreSQL two publications at once would take one number; the second would fail, with nothing said.
SIGN_LOCK = 0x65736B73


def publish(
    session: Session,
    texts: Mapping[str, Any],
    now: datetime,
    *,
    effective_from: datetime | None = None,
    grace_days: int = GRACE_DAYS,
    by: str | None = None,
) -> SignVersion:
    """Make texts what signs must say from a moment on. What says something else may hang for the grace.

    Args:
        session: the transaction. On PostgreSQL no other publishes until it ends.
        texts: by language, and in it by field (config.sign_texts.FIELDS); all languages, whatever centres speak.
        now: the present.
        effective_from: a moment to come; None: now.
        grace_days: how many days what it makes outdated may hang on.
        by: id of who publishes it, or `operator`; None: nobody, it is shipped.

    Raises:
        Refused: if the texts lack something, say what is said already, the moment has passed, is more than a year away
            or lies before a version that is scheduled, or the grace is too long.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(SIGN_LOCK)))
    proposed = proposal(session, texts, now, effective_from, grace_days)
    version = SignVersion(
        id=random_id(),
        number=proposed.number,
        texts={language: dict(fields) for language, fields in texts.items()},
        texts_sha256=hash_of(texts),
        grace_days=grace_days,
        published_at=proposed.now,
        published_by=by,
        effective_from=proposed.effective_from,
    )
    session.add(version)
    session.flush()
    append(session, "sign_published", version.id, version.published_at, _facts(version))
    return version


@dataclass(frozen=True)
class Proposal:
    """What publishing texts would make. `now`: the present, and not before the last publication."""

    number: int
    effective_from: datetime
    grace_days: int
    now: datetime

    @property
    def version(self) -> Version:
        """As decisions take it."""
        return Version("", self.number, self.effective_from, self.grace_days)


def proposal(
    session: Session, texts: Mapping[str, Any], now: datetime, effective_from: datetime | None, grace_days: int
) -> Proposal:
    """What `publish` would make, or why it would not. The session may be one that only reads.

    Raises:
        Refused: as `publish`.
    """
    if wrong := mistakes(texts):
        raise Refused("these texts cannot be a sign: {mistakes}", mistakes=wrong)
    if not 0 <= grace_days <= MOST_GRACE_DAYS:
        raise Refused("grace {days}: give whole days, from 0 to {most}", days=grace_days, most=MOST_GRACE_DAYS)
    last = last_version(session)
    if last is not None:
        now = max(now, last.published_at)
    begins = now if effective_from is None else effective_from.astimezone(UTC)
    if begins < now:
        raise Refused("from {moment}: that has passed; name a moment to come, or none to publish now", moment=begins)
    # Not by a sum: the last moments there are have none behind them.
    if begins - now > MOST_AHEAD:
        raise Refused("from {moment}: that is more than a year away", moment=begins)
    if last is not None and begins < last.effective_from:
        raise Refused(
            "from {moment}: version {number} comes into force after that, at {then}; name that moment or a later one",
            moment=begins,
            number=last.number,
            then=last.effective_from,
        )
    if last is not None and last.texts_sha256 == hash_of(texts):
        raise Refused("version {number} says the same already", number=last.number)
    return Proposal(1 if last is None else last.number + 1, begins, grace_days, now)


def hash_of(texts: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of texts in all their languages."""
    return hashlib.sha256(canonical(texts)).hexdigest()


def last_version(session: Session) -> SignVersion | None:
    """The one that was published last, whether or not it is in force yet."""
    return session.scalars(sa.select(SignVersion).order_by(SignVersion.number.desc()).limit(1)).one_or_none()


def publish_shipped_signs(session: Session, texts: Mapping[str, Any], now: datetime) -> None:
    """The first version, where there is none: nobody's own is replaced."""
    if session.scalar(sa.select(SignVersion.id).limit(1)) is None:
        publish(session, texts, now)


def _facts(version: SignVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "texts_sha256": hash_of(version.texts),
        "effective_from": version.effective_from.isoformat(),
        "grace_days": version.grace_days,
        "by": version.published_by,
    }


def retell(session: Session, version_id: str) -> dict[str, Any] | None:
    """What the ledger was told of a version, from its texts as they are now."""
    version = session.get(SignVersion, version_id)
    return None if version is None else _facts(version)


def sign_versions(session: Session) -> Sequence[SignVersion]:
    """All of them, in order."""
    return session.scalars(sa.select(SignVersion).order_by(SignVersion.number)).all()


def known_versions(session: Session) -> list[Version]:
    """All of them, as decisions take them, without their texts."""
    columns = (SignVersion.id, SignVersion.number, SignVersion.effective_from, SignVersion.grace_days)
    return [Version(*row) for row in session.execute(sa.select(*columns).order_by(SignVersion.number))]


def current_version(session: Session, now: datetime) -> SignVersion:
    """The version in force.

    Raises:
        NotFound: if there is none.
    """
    valid = in_force(known_versions(session), now)
    if not valid:
        raise NotFound("no texts for signs are in force: `eskertu db upgrade` publishes the shipped ones")
    return session.get_one(SignVersion, valid[-1].id)
