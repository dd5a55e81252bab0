"""What needs somebody today, by their role."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer
from app.examination import examine
from app.review.queue import unheard_left
from app.sources import ids_of
from app.wiring import Installation
from storage.models import (
    CardDataPurge,
    Finding,
    HeldObject,
    Hold,
    NoticeVersion,
    PolicyPreview,
    StoredObject,
    Zone,
)
from storage.notices import in_force
from video.grace import POSTED
from video.signs import standing

# As many as are counted: what is more is said as "more than".
COUNTED = 1000


@dataclass(frozen=True)
class Need:
    """Something to look at, and how many of it. `name` is also the text it is shown by; `path`: where that is done."""

    name: str
    number: int
    path: str


def needs(at: Installation, viewer: Viewer, now: datetime) -> Sequence[Need]:
    """What is there to be done, by whoever asks; nothing that there is none of."""
    with at.database.read() as session:
        found = [Need(name, count(session, viewer, now), path) for name, path, count in BY_ROLE.get(viewer.role, ())]
    if viewer.role == "administrator":
        found.append(Need("need_health", sum(not each.fine for each in examine(at)), "/health"))
    return [each for each in found if each.number]


def _count(session: Session, query: sa.Select[Any]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(query.limit(COUNTED).subquery())) or 0


def _to_hear(session: Session, viewer: Viewer, now: datetime) -> int:
    return unheard_left(session, viewer, now).number


def _policies(session: Session, _: Viewer, now: datetime) -> int:
    query = sa.select(PolicyPreview.policy_id).where(PolicyPreview.decided_at.is_(None), PolicyPreview.expires_at > now)
    return _count(session, query)


def _holds(session: Session, viewer: Viewer, now: datetime) -> int:
    query = sa.select(Hold.id).where(Hold.lifted_at.is_(None), Hold.review_at <= now)
    if viewer.centre_id is not None:
        there = sa.select(HeldObject.hold_id).join(StoredObject, StoredObject.id == HeldObject.object_id)
        query = query.where(
            Hold.source_id.in_(ids_of(viewer.centre_id))
            | Hold.id.in_(there.where(StoredObject.centre_id == viewer.centre_id))
        )
    return _count(session, query)


def _purges(session: Session, viewer: Viewer, _: datetime) -> int:
    query = sa.select(CardDataPurge.id).where(CardDataPurge.state == "asked")
    if viewer.centre_id is not None:
        there = sa.select(StoredObject.id).where(StoredObject.centre_id == viewer.centre_id)
        query = query.where(CardDataPurge.object_id.in_(there))
    return _count(session, query)


def _findings(session: Session, viewer: Viewer, _: datetime) -> int:
    # Findings belong to no centre.
    return _count(session, sa.select(Finding.id).where(Finding.closed_at.is_(None))) if viewer.centre_id is None else 0


def _placeholders(session: Session, _: Viewer, now: datetime) -> int:
    query = sa.select(NoticeVersion.id).where(NoticeVersion.placeholder, in_force(now))
    return _count(session, query)


def _signs(session: Session, viewer: Viewer, now: datetime) -> int:
    query = sa.select(Zone.id)
    if viewer.centre_id is not None:
        query = query.where(Zone.centre_id == viewer.centre_id)
    zones = session.scalars(query).all()
    return sum(each.word != POSTED for each in standing(session, now, zones).values())


BY_ROLE: dict[str, Sequence[tuple[str, str, Callable[[Session, Viewer, datetime], int]]]] = {
    "qa_reviewer": (("need_hear", "/recordings", _to_hear),),
    "centre_manager": (("need_signs", "/signs", _signs), ("need_holds", "/holds", _holds)),
    "privacy_officer": (
        ("need_policies", "/policies", _policies),
        ("need_purges", "/purges", _purges),
        ("need_holds", "/holds", _holds),
        ("need_findings", "/findings", _findings),
        ("need_placeholders", "/notices", _placeholders),
    ),
    "auditor": (("need_findings", "/findings", _findings), ("need_holds", "/holds", _holds)),
}
