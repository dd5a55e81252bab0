"""Drafts of what signs say: looked at as posters, and gone when they are published, discarded or forgotten."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from config.sign_texts import mistakes
from storage.errors import NotFound, Refused
from storage.models import SignDraft, SignVersion
from storage.models.columns import random_id
from storage.notice_drafts import FORGOTTEN_AFTER
from video.sign_versions import publish


def keep_draft(session: Session, texts: Mapping[str, Any], made_by: str, now: datetime) -> SignDraft:
    """Keep what somebody would publish.

    Args:
        session: the transaction.
        texts: as `publish` takes them.
        made_by: the id of that person.
        now: the present.

    Raises:
        Refused: if they could not stand on a sign.
    """
    row = SignDraft(id=random_id(), texts=checked(texts), made_at=now, made_by=made_by)
    session.add(row)
    return row


def checked(texts: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Texts that can stand on a sign. Raises `Refused`."""
    if wrong := mistakes(texts):
        raise Refused("these texts cannot be a sign: {mistakes}", mistakes=wrong)
    return {language: dict(fields) for language, fields in texts.items()}


def drafts(session: Session) -> Sequence[SignDraft]:
    """Those that wait, the oldest first."""
    return session.scalars(sa.select(SignDraft).order_by(SignDraft.made_at, SignDraft.id)).all()


def one_draft(session: Session, draft_id: str, *, locked: bool = False) -> SignDraft:
    """One of them. `locked`: nobody else changes, publishes or discards it until the transaction ends.

    Raises:
        NotFound: if it does not wait, or does no more.
    """
    row = session.get(SignDraft, draft_id, with_for_update=locked or None)
    if row is None:
        raise NotFound("there is no such draft: it was published, discarded, or forgotten after a month")
    return row


def publish_draft(
    session: Session, draft_id: str, by: str, now: datetime, effective_from: datetime | None, grace_days: int
) -> SignVersion:
    """Publish what somebody looked at; the draft goes. As `publish`; raises `NotFound` if it does not wait any more."""
    row = one_draft(session, draft_id, locked=True)
    version = publish(session, row.texts, now, effective_from=effective_from, grace_days=grace_days, by=by)
    session.delete(row)
    return version


def forget_drafts(session: Session, now: datetime) -> int:
    """Discard those that nobody published in a month. Returns how many."""
    gone = sa.delete(SignDraft).where(SignDraft.made_at <= now - FORGOTTEN_AFTER).returning(SignDraft.id)
    return len(session.scalars(gone).all())
