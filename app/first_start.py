"""What an installation needs before it can serve: bucket, tables, keys, and the shipped notices and policies."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.wiring import Installation
from config.shipped import shipped_audio, shipped_notices, shipped_policies
from storage import notices
from storage.ledger.log import append
from storage.models import RetentionPolicy
from storage.models.columns import random_id
from storage.upgrade import upgrade


def prepare_databases(installation: Installation) -> None:
    """Bring both databases to their present shape, and publish what is shipped where nothing is published yet."""
    upgrade(installation.database)
    installation.keys.create_all()
    with installation.database.begin() as session:
        publish_shipped(session, installation.clock.now())


def publish_shipped(session: Session, now: datetime) -> None:
    """Publish the shipped notices and policies, each use and purpose only if it has none: nobody's own is replaced."""
    for notice in shipped_notices():
        if notices.find_current(session, notice.kind, notice.mode, notice.language) is None:
            wav = shipped_audio(notice.audio_sha256)
            notices.publish(
                session,
                notices.Draft(
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
        append(session, "policy_published", row.id, now, {"purpose": row.purpose, "window": row.window})
