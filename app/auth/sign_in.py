"""Signing in: an address and a password become a session, or a refusal that tells nothing about either.

Each attempt is written down before its password is looked at, and forgotten when it was right. So however many come at
once, through however many processes, no more than ten wrong passwords in a quarter of an hour are ever looked at for
one address. All of it is the same for addresses that nobody has: the same rows, the same leaves, the same work.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.auth import sessions
from app.auth.passwords import hashed, is_outdated, is_right
from config.clock import Clock
from storage.database import Database
from storage.ledger.log import append
from storage.models import Person, SignInAttempt
from storage.models.columns import random_id

log = structlog.get_logger()

REFUSED_AT_MOST = 10
WITHIN = timedelta(minutes=15)
# Strangers must not be able to fill the ledger: beyond so many refusals within that time, of all addresses together,
# none has a leaf. (They are still counted, each against its address.)
LEAVES_AT_MOST = 300
LONGEST_ADDRESS = 254


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt. `token` is what the browser shall show; None: refused."""

    token: str | None
    locked: bool = False


class Confirmation(Enum):
    """What became of a password that was asked for once more."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"


class SignIn:
    """Signs people in, for one installation."""

    def __init__(self, database: Database, clock: Clock, secret: bytes) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret

    def attempt(self, email: str, password: str, shown: str | None = None) -> Outcome:
        """Try. `shown` is the session that the browser has until now: a new one takes its place."""
        address = email.replace("\0", "").strip().lower()[:LONGEST_ADDRESS]
        counted = self._address_hmac(address)
        now = self._clock.now()
        attempt_id, tried = self._count(counted, now)
        with self._database.read() as session:
            person = session.scalars(sa.select(Person).where(Person.email == address)).one_or_none()
        if tried > REFUSED_AT_MOST:
            self._uncount(attempt_id)
            return Outcome(None, locked=True)
        may = person is not None and person.active
        right = is_right(password, person.password_hash if person is not None and may else None)
        # Outside the transaction, as all slow work.
        fresh = hashed(password) if right and person and is_outdated(person.password_hash or "") else None
        with self._database.begin() as session:
            if right and person is not None:
                token = self._let_in(session, person, fresh, shown, now)
                if token is not None:
                    session.execute(sa.delete(SignInAttempt).where(SignInAttempt.address_hmac == counted))
                    return Outcome(token)
            if (session.scalar(_tried(now)) or 0) <= LEAVES_AT_MOST:
                facts = {"person": person.id if person is not None else None, "locks": tried == REFUSED_AT_MOST}
                append(session, "sign_in_refused", person.id if person is not None else "nobody", now, facts)
        log.info("sign_in_refused")
        return Outcome(None)

    def _let_in(
        self, session: Session, person: Person, fresh: str | None, shown: str | None, now: datetime
    ) -> str | None:
        # What was read may have changed while the password was looked at.
        row = session.get(Person, person.id, with_for_update={"of": Person})
        if row is None or not row.active or row.password_hash != person.password_hash:
            return None
        if fresh is not None:
            row.password_hash = fresh
        until_now = sessions.find(session, shown, now) if shown else None
        if until_now is not None:
            sessions.end(session, until_now.person_id, until_now.id, "new_sign_in", now)
        return sessions.begin(session, row, now)

    def confirm(self, who: sessions.SignedIn, password: str) -> Confirmation:
        """See whether it is the person who sits there. Wrong passwords count as they do at sign-in."""
        now = self._clock.now()
        counted = self._address_hmac(who.person.email)
        attempt_id, tried = self._count(counted, now)
        if tried > REFUSED_AT_MOST:
            self._uncount(attempt_id)
            return Confirmation.LOCKED
        right = is_right(password, who.person.password_hash)
        with self._database.begin() as session:
            if right:
                session.execute(sa.delete(SignInAttempt).where(SignInAttempt.address_hmac == counted))
                sessions.confirmed(session, who.session_id, now)
            else:
                facts = {"person": who.person.id, "locks": tried == REFUSED_AT_MOST}
                append(session, "sign_in_refused", who.person.id, now, facts)
        return Confirmation.RIGHT if right else Confirmation.WRONG

    def _count(self, counted: str, now: datetime) -> tuple[str, int]:
        """Write an attempt down. Returns its id, and how many there were lately, with it."""
        attempt_id = random_id()
        with self._database.begin() as session:
            session.add(SignInAttempt(id=attempt_id, address_hmac=counted, at=now))
        with self._database.read() as session:
            return attempt_id, session.scalar(_tried(now).where(SignInAttempt.address_hmac == counted)) or 0

    def _uncount(self, attempt_id: str) -> None:
        # It was not looked at, so it does not count: the lock ends a quarter of an hour after what led to it.
        with self._database.begin() as session:
            session.execute(sa.delete(SignInAttempt).where(SignInAttempt.id == attempt_id))
        log.warning("sign_in_locked")

    def signed_in(self, token: str) -> sessions.SignedIn | None:
        """Who shows that, if their session goes on. It is seen."""
        now = self._clock.now()
        with self._database.read() as session:
            row = sessions.find(session, token, now)
        if row is None:
            return None
        if now >= row.last_seen_at + sessions.SEEN_EVERY:
            with self._database.begin() as session:
                sessions.seen(session, row.id, now)
        return sessions.SignedIn(row.person, row.id, row.confirmed_at or row.begun_at)

    def end(self, who: sessions.SignedIn, session_id: str) -> None:
        """End one of one's own sessions.

        Raises:
            NotFound: if it is not theirs.
        """
        how = "sign_out" if session_id == who.session_id else "elsewhere"
        with self._database.begin() as session:
            sessions.end(session, who.person.id, session_id, how, self._clock.now())

    def end_others(self, who: sessions.SignedIn) -> int:
        """End all of one's sessions but this one."""
        with self._database.begin() as session:
            return sessions.end_all(session, who.person.id, "elsewhere", self._clock.now(), but=who.session_id)

    def forget(self) -> None:
        """Delete rows that nobody needs any more."""
        with self._database.begin() as session:
            sessions.forget(session, self._clock.now(), WITHIN)

    def _address_hmac(self, address: str) -> str:
        return hmac.new(self._secret, b"address\0" + address.encode(), hashlib.sha256).hexdigest()


def _tried(now: datetime) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(SignInAttempt).where(SignInAttempt.at > now - WITHIN)
