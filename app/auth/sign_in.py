"""Signing in: an address and a password become a session, or a refusal that tells nothing about either.

Each attempt is counted (`attempts.py`). All of it is the same for addresses that nobody has: the same rows, the same
leaves, the same work.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.auth import sessions
from app.auth.attempts import ADDRESS, REFUSED_AT_MOST, WITHIN, Attempts, forget, tried_to_sign_in
from app.auth.passwords import hashed, is_outdated, is_right
from config.clock import Clock
from storage.database import Database
from storage.ledger.log import append
from storage.models import Person

log = structlog.get_logger()

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

    def __init__(self, database: Database, clock: Clock, attempts: Attempts) -> None:
        self._database = database
        self._clock = clock
        self._attempts = attempts

    def attempt(self, email: str, password: str, shown: str | None = None) -> Outcome:
        """Try. `shown` is the session that the browser has until now: a new one takes its place."""
        address = email.replace("\0", "").strip().lower()[:LONGEST_ADDRESS]
        counted = self._attempts.named(ADDRESS, address)
        now = self._clock.now()
        attempt_id, times = self._attempts.count(counted)
        with self._database.read() as session:
            person = session.scalars(sa.select(Person).where(Person.email == address)).one_or_none()
        if times > REFUSED_AT_MOST:
            self._attempts.uncount(attempt_id)
            return Outcome(None, locked=True)
        may = person is not None and person.active
        right = is_right(password, person.password_hash if person is not None and may else None)
        # Outside the transaction, as all slow work.
        fresh = hashed(password) if right and person and is_outdated(person.password_hash or "") else None
        with self._database.begin() as session:
            if right and person is not None:
                token = self._let_in(session, person, fresh, shown, now)
                if token is not None:
                    forget(session, counted)
                    return Outcome(token)
            if (session.scalar(tried_to_sign_in(now)) or 0) <= LEAVES_AT_MOST:
                facts = {"person": person.id if person is not None else None, "locks": times == REFUSED_AT_MOST}
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
        counted = self._attempts.named(ADDRESS, who.person.email)
        attempt_id, times = self._attempts.count(counted)
        if times > REFUSED_AT_MOST:
            self._attempts.uncount(attempt_id)
            return Confirmation.LOCKED
        right = is_right(password, who.person.password_hash)
        with self._database.begin() as session:
            if right:
                forget(session, counted)
                sessions.confirmed(session, who.session_id, now)
            else:
                facts = {"person": who.person.id, "locks": times == REFUSED_AT_MOST}
                append(session, "sign_in_refused", who.person.id, now, facts)
        return Confirmation.RIGHT if right else Confirmation.WRONG

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
