"""Tokens: what a program shows to act for a person, within some of that person's rights, until a day.

The program shows 256 random bits, the row has their hash. Whose it is, and what they may, is read anew at each request:
a token never can more than its person. It ends when its person ends it, when its day comes, and with their password
and their access.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.policy import Viewer, scopes_of
from config.clock import Clock
from storage.database import Database
from storage.errors import NotFound, Refused
from storage.ledger.log import append
from storage.models import ApiToken, KeptAnswer, PasswordLink, Person
from storage.models.columns import random_id

# By the prefix, programs that look for secrets in files know one.
PREFIX = "eskertu_"
# For how many days one can be made.
LIFETIMES = (1, 7, 30, 90, 365)
AT_MOST = 20
USED_EVERY = timedelta(minutes=1)
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Bearer:
    """Whose token was shown, and what it is for."""

    person: Person
    token_id: str
    scopes: frozenset[str]


class NotAdmitted(Refused):
    """A request without a token that goes on (401), or with one that is not for this (403): `scope` names what for."""

    def __init__(self, scope: str | None = None) -> None:
        if scope:
            super().__init__("this token is not for {scope}", scope=scope)
        else:
            super().__init__("show a token that has not ended")
        self.scope = scope


def make(
    session: Session, person: Person, name: str, scopes: Iterable[str], days: int, now: datetime
) -> tuple[ApiToken, str]:
    """Make a token. Returns its row, and what a program shows: it stands nowhere else.

    Raises:
        Refused: if it has no name, is for nothing, for what its person may not, or there are too many.
    """
    wanted = sorted(set(scopes))
    if not name.strip():
        raise Refused("name: say what it is for")
    if not wanted or set(wanted) - set(scopes_of(Viewer(person.role, person.centre_id, person.active))):
        raise Refused("scopes: choose at least one, of those that are yours")
    if days not in LIFETIMES:
        raise Refused("days: choose one of {choices}", choices=LIFETIMES)
    if len(going_on(session, person.id, now)) >= AT_MOST:
        raise Refused("there are {most} already: end one first", most=AT_MOST)
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        id=random_id(),
        person_id=person.id,
        name=name.strip(),
        token_sha256=_sha256(token),
        scopes=wanted,
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(row)
    facts = {"person": person.id, "token": row.id, "scopes": wanted, "expires": row.expires_at.isoformat()}
    append(session, "token_made", person.id, now, facts)
    return row, token


def find(session: Session, token: str, now: datetime) -> ApiToken | None:
    """The token behind what a program shows, if it goes on and its person may still come in."""
    row = session.scalars(sa.select(ApiToken).where(ApiToken.token_sha256 == _sha256(token))).one_or_none()
    return row if row is not None and row.person.active and row.ended_at is None and now < row.expires_at else None


def going_on(session: Session, person_id: str, now: datetime) -> Sequence[ApiToken]:
    """Somebody's tokens, the newest first."""
    return session.scalars(
        sa.select(ApiToken)
        .where(ApiToken.person_id == person_id, ApiToken.ended_at.is_(None), ApiToken.expires_at > now)
        .order_by(ApiToken.made_at.desc(), ApiToken.id)
    ).all()


def end(session: Session, person_id: str, token_id: str, now: datetime) -> None:
    """End one of somebody's tokens.

    Raises:
        NotFound: if it is not theirs, or has ended already.
    """
    if not _end(session, person_id, "by_hand", now, ApiToken.id == token_id):
        raise NotFound("there is no such token, or it has ended already")


def end_all(session: Session, person_id: str, how: str, now: datetime) -> int:
    """End all of somebody's tokens: with their `password`, or their access (`access_ended`). Returns how many."""
    return _end(session, person_id, how, now, sa.true())


def _end(session: Session, person_id: str, how: str, now: datetime, which: sa.ColumnElement[bool]) -> int:
    ended = session.scalars(
        sa.update(ApiToken)
        .where(ApiToken.person_id == person_id, ApiToken.ended_at.is_(None), ApiToken.expires_at > now, which)
        .values(ended_at=now)
        .returning(ApiToken.id)
    ).all()
    for token_id in ended:
        append(session, "token_ended", person_id, now, {"person": person_id, "token": token_id, "how": how})
    return len(ended)


class Tokens:
    """The tokens of one installation."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def admitted(self, token: str) -> Bearer:
        """Who shows that. It is used.

        Raises:
            NotAdmitted: if it is none, or has ended.
        """
        now = self._clock.now()
        with self._database.read() as session:
            row = find(session, token, now)
        if row is None:
            raise NotAdmitted
        if row.last_used_at is None or now >= row.last_used_at + USED_EVERY:
            with self._database.begin() as session:
                session.execute(sa.update(ApiToken).where(ApiToken.id == row.id).values(last_used_at=now))
        return Bearer(row.person, row.id, frozenset(row.scopes))

    def forget(self) -> None:
        """Delete what nobody needs any more: tokens and links that ended a month ago, answers whose time is over."""
        now = self._clock.now()
        long_ago = now - KEPT_FOR
        with self._database.begin() as session:
            session.execute(sa.delete(ApiToken).where(ApiToken.expires_at < long_ago))
            session.execute(sa.delete(ApiToken).where(ApiToken.ended_at < long_ago))
            session.execute(sa.delete(PasswordLink).where(PasswordLink.expires_at < long_ago))
            session.execute(sa.delete(KeptAnswer).where(KeptAnswer.forget_after < now))


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
