"""Who is signed in: a row per browser. The browser shows 256 random bits, the row has their hash.

A session ends when somebody ends it, eight hours after it was last used, and a day after it began. Who its person is,
and whether they may still come in, is read anew at each request; so nothing has to be told to anybody.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound
from storage.ledger.log import append
from storage.models import Person, SignInAttempt, SignInSession
from storage.models.columns import random_id

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(hours=24)
# For so long after the password was given, what takes it once more does not ask again.
CONFIRMED_FOR = timedelta(minutes=10)
# `last_seen_at` is written at most so often: a page is several requests, and each would be a transaction.
SEEN_EVERY = timedelta(minutes=1)
# Ended sessions are of no use, but for whoever asks next week what happened. The ledger has it for ever.
KEPT_FOR = timedelta(days=30)
# Put together once: every request asks it.
_SHOWN = sa.select(SignInSession).where(SignInSession.token_sha256 == sa.bindparam("shown"))


@dataclass(frozen=True)
class SignedIn:
    """Who asks, and in which of their sessions."""

    person: Person
    session_id: str
    confirmed_at: datetime


def begin(session: Session, person: Person, now: datetime) -> str:
    """Begin a session. Returns what the browser shall show: it stands nowhere else."""
    token = secrets.token_urlsafe(32)
    row = SignInSession(
        id=random_id(),
        person_id=person.id,
        token_sha256=_sha256(token),
        begun_at=now,
        last_seen_at=now,
        confirmed_at=now,
    )
    session.add(row)
    append(session, "signed_in", person.id, now, {"person": person.id, "session": row.id})
    return token


def find(session: Session, token: str, now: datetime) -> SignInSession | None:
    """The session behind what a browser shows, if it goes on and its person may still come in."""
    row = session.scalars(_SHOWN, {"shown": _sha256(token)}).one_or_none()
    return row if row is not None and row.person.active and goes_on(row, now) else None


def goes_on(row: SignInSession, now: datetime) -> bool:
    """Whether a session has neither been ended nor run out."""
    return row.ended_at is None and now < row.begun_at + ABSOLUTE and now < row.last_seen_at + IDLE


def going_on(session: Session, person_id: str, now: datetime) -> Sequence[SignInSession]:
    """Somebody's sessions, the newest first."""
    rows = session.scalars(
        sa.select(SignInSession)
        .where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
        .where(SignInSession.begun_at > now - ABSOLUTE)
        .order_by(SignInSession.begun_at.desc(), SignInSession.id)
    )
    return [row for row in rows if goes_on(row, now)]


def ended_with(session: Session, person_id: str, session_id: str) -> int:
    """How many other sessions of somebody ended in the moment in which this one took another's place."""
    begun_at = sa.select(SignInSession.begun_at).where(SignInSession.id == session_id).scalar_subquery()
    ended = sa.select(sa.func.count()).select_from(SignInSession).where(SignInSession.person_id == person_id)
    return max(0, (session.scalar(ended.where(SignInSession.ended_at == begun_at)) or 0) - 1)


def seen(session: Session, session_id: str, now: datetime) -> None:
    """Somebody has just used it."""
    session.execute(sa.update(SignInSession).where(SignInSession.id == session_id).values(last_seen_at=now))


def confirmed(session: Session, session_id: str, now: datetime) -> None:
    """Its person has just given their password once more."""
    session.execute(sa.update(SignInSession).where(SignInSession.id == session_id).values(confirmed_at=now))


def is_confirmed(who: SignedIn, now: datetime) -> bool:
    """Whether somebody gave their password a short while ago."""
    return now < who.confirmed_at + CONFIRMED_FOR


def end(session: Session, person_id: str, session_id: str, how: str, now: datetime) -> None:
    """End one of somebody's sessions.

    Args:
        session: the transaction.
        person_id: whose it must be.
        session_id: which.
        how: `sign_out`, `elsewhere`, `new_sign_in`, `password` or `access_ended`; for the ledger.
        now: the moment.

    Raises:
        NotFound: if it is not theirs, or has ended already.
    """
    if not _end(session, person_id, how, now, SignInSession.id == session_id):
        raise NotFound("there is no such session, or it has ended already")


def end_all(session: Session, person_id: str, how: str, now: datetime, but: str = "") -> int:
    """End somebody's sessions, all or all but one. Returns how many there were."""
    return _end(session, person_id, how, now, SignInSession.id != but)


def _end(session: Session, person_id: str, how: str, now: datetime, which: sa.ColumnElement[bool]) -> int:
    ended = session.scalars(
        sa.update(SignInSession)
        .where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None), which)
        .where(SignInSession.begun_at > now - ABSOLUTE, SignInSession.last_seen_at > now - IDLE)
        .values(ended_at=now)
        .returning(SignInSession.id)
    ).all()
    for session_id in ended:
        append(session, "signed_out", person_id, now, {"person": person_id, "session": session_id, "how": how})
    return len(ended)


def forget(session: Session, now: datetime, attempts_for: timedelta) -> None:
    """Delete what nobody needs any more: sessions of last month, attempts that do not count any more."""
    session.execute(sa.delete(SignInSession).where(SignInSession.begun_at < now - KEPT_FOR))
    session.execute(sa.delete(SignInAttempt).where(SignInAttempt.at < now - attempts_for))


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
