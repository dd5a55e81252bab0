"""What an installation needs before it can serve: bucket, tables, keys, and what is shipped."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.wiring import Installation
from config.scorecards import shipped_questions
from config.shipped import shipped_audio, shipped_notices, shipped_policies
from config.sign_texts import shipped_sign_texts
from storage import notices
from storage.errors import Refused
from storage.ledger.log import append
from storage.models import InstallationFact, RetentionPolicy
from storage.models.columns import random_id
from storage.publication import Draft, publish
from storage.retention.versions import facts_of
from storage.reviews import publish_questions
from storage.upgrade import upgrade
from video.sign_versions import publish_shipped_signs


def prepare_databases(installation: Installation) -> None:
    """Bring both databases to their present shape, and publish what is shipped where nothing is published yet."""
    upgrade(installation.database)
    installation.keys.create_all()
    pair_keys(installation)
    with installation.database.begin() as session:
        publish_shipped(session, installation.clock.now())


def pair_keys(installation: Installation) -> None:
    """See to it that the key database is the one that belongs to the main database, and that our master key opens it.

    Raises:
        Refused: if they do not belong together: then keys would be looked for where they never were.
        KeyUnreadable: if the master key is another one.
    """
    installation.keys.check()
    ring = installation.keys.ring_id()
    with installation.database.begin() as session:
        known = session.get(InstallationFact, "key_ring")
        if known is None:
            session.add(InstallationFact(name="key_ring", value=ring))
        elif known.value != ring:
            raise Refused(
                "this key database is not the one of this installation: every machine needs the same "
                "ESKERTU_KEYS_DATABASE_URL and the same master key (ESKERTU_MASTER_KEY_PATH)"
            )


def publish_shipped(session: Session, now: datetime) -> None:
    """Publish the shipped notices, policies and signs, each only where there is none: nobody's own is replaced."""
    for notice in shipped_notices():
        use = notices.Use(notice.kind, notice.mode, notice.language)
        if all(each.withdrawn_at is not None for each in notices.versions_of(session, use)):
            wav = shipped_audio(notice.audio_sha256)
            publish(
                session,
                Draft(
                    notice.kind,
                    notice.mode,
                    notice.language,
                    notice.text,
                    wav,
                    notice.duration_ms,
                    notice.placeholder,
                ),
                now,
            )
    publish_questions(session, shipped_questions(), now)
    publish_shipped_policies(session, now)
    publish_shipped_signs(session, shipped_sign_texts(), now)


def publish_shipped_policies(session: Session, now: datetime) -> None:
    """The policies alone."""
    have = set(session.scalars(sa.select(RetentionPolicy.purpose)))
    for policy in shipped_policies():
        if policy.purpose in have:
            continue
        row = RetentionPolicy(
            id=random_id(),
            purpose=policy.purpose,
            jurisdictions=list(policy.jurisdictions) if policy.jurisdictions is not None else None,
            window=policy.window,
            reason=dict(policy.reason),
            state="published",
            published_at=now,
        )
        session.add(row)
        append(session, "policy_published", row.id, now, facts_of(row))
