"""Drafts of notices: kept to be listened to and compared, and gone when they are published, discarded or forgotten."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from storage.errors import NotFound
from storage.models import NoticeDraft, NoticeVersion
from storage.models.columns import random_id
from storage.publication import Draft, publish

# Long enough for somebody to come back from leave. What was not published by then is made anew.
FORGOTTEN_AFTER = timedelta(days=30)


def keep_draft(session: Session, draft: Draft, made_by: str, now: datetime) -> NoticeDraft:
    """Keep what somebody would publish.

    Args:
        session: the transaction.
        draft: the words and the sound.
        made_by: the id of that person.
        now: the present.

    Raises:
        Refused: if the use does not exist, or the text is empty.
    """
    draft.check()
    row = NoticeDraft(
        id=random_id(),
        kind=draft.kind,
        mode=draft.mode,
        language=draft.language,
        text=draft.text,
        wav=draft.wav,
        audio_sha256=hashlib.sha256(draft.wav).hexdigest(),
        duration_ms=draft.duration_ms,
        placeholder=draft.placeholder,
        made_at=now,
        made_by=made_by,
    )
    session.add(row)
    return row


def drafts(session: Session) -> Sequence[NoticeDraft]:
    """Those that wait, the oldest first; without their sounds."""
    return session.scalars(sa.select(NoticeDraft).order_by(NoticeDraft.made_at, NoticeDraft.id)).all()


def one_draft(session: Session, draft_id: str, *, locked: bool = False) -> NoticeDraft:
    """One of them, with its sound. `locked`: nobody else publishes or discards it until the transaction ends.

    Raises:
        NotFound: if it does not wait, or does no more.
    """
    sound = [undefer(NoticeDraft.wav)]
    row = session.get(NoticeDraft, draft_id, options=sound, with_for_update=locked or None)
    if row is None:
        raise NotFound("there is no such draft: it was published, discarded, or forgotten after a month")
    return row


def publish_draft(
    session: Session, draft_id: str, by: str, now: datetime, effective_from: datetime | None = None
) -> NoticeVersion:
    """Publish what somebody listened to; the draft goes.

    Args:
        session: the transaction.
        draft_id: which.
        by: id of who publishes it.
        now: the present.
        effective_from: a moment to come; None: now.

    Raises:
        NotFound: if it does not wait any more.
        Refused: if `publish` refuses it.
    """
    row = one_draft(session, draft_id, locked=True)
    told = Draft(row.kind, row.mode, row.language, row.text, row.wav, row.duration_ms, row.placeholder)
    version = publish(session, told, now, effective_from, by)
    session.delete(row)
    return version


def discard_draft(session: Session, draft_id: str) -> None:
    """Let it go, with its sound. Raises `NotFound` if it does not wait any more."""
    session.delete(one_draft(session, draft_id, locked=True))


def forget_drafts(session: Session, now: datetime) -> int:
    """Discard those that nobody published in a month. Returns how many."""
    gone = session.scalars(
        sa.delete(NoticeDraft).where(NoticeDraft.made_at <= now - FORGOTTEN_AFTER).returning(NoticeDraft.id)
    ).all()
    return len(gone)
