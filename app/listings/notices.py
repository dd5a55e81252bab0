"""What callers hear, and drafts of it."""

from datetime import datetime

import sqlalchemy as sa

from app.listings.listing import Listing, Told, to_all, utc
from storage.models import NoticeDraft, NoticeVersion, Person
from storage.notices import state_at


def _notice(row: NoticeVersion, now: datetime) -> Told:
    return {
        "version": row.version,
        "kind": row.kind,
        "mode": row.mode,
        "language": row.language,
        "state": state_at(row, now),
        "audio_sha256": row.audio_sha256,
        "placeholder": row.placeholder,
        "seconds": row.duration_ms / 1000,
        "published_at": utc(row.published_at),
        "effective_from": utc(row.effective_from),
        "until": utc(row.superseded_at),
        "text": row.text,
    }


def notices_at(now: datetime) -> Listing:
    """Every version, and what it is at a moment."""
    return Listing(lambda: sa.select(NoticeVersion), lambda row: _notice(row, now), to_all, (NoticeVersion.version,))


def _draft(row: NoticeDraft, by: str) -> Told:
    return {
        "draft": row.id,
        "kind": row.kind,
        "mode": row.mode,
        "language": row.language,
        "text": row.text,
        "audio_sha256": row.audio_sha256,
        "placeholder": row.placeholder,
        "seconds": row.duration_ms / 1000,
        "made_at": utc(row.made_at),
        "by": by,
    }


DRAFTS = Listing(
    lambda: sa.select(NoticeDraft, Person.email).join(Person, Person.id == NoticeDraft.made_by),
    _draft,
    to_all,
    (NoticeDraft.made_at, NoticeDraft.id),
)
