"""Coming with a link: somebody sets their own password with it, once."""

from enum import Enum

import sqlalchemy as sa
import structlog

from app.auth.attempts import REFUSED_AT_MOST, Attempts, forget
from app.auth.links import end_which, goes_on, sha256_of
from app.auth.passwords import checked_password, hashed
from app.auth.people import set_password
from config.clock import Clock
from storage.database import Database
from storage.models import PasswordLink, Person

log = structlog.get_logger()

LONGEST = 200


class Joined(Enum):
    """What became of a link that somebody came with."""

    DONE = "done"
    WRONG = "wrong"
    LOCKED = "locked"


class Joining:
    """For one installation."""

    def __init__(self, database: Database, clock: Clock, attempts: Attempts) -> None:
        self._database = database
        self._clock = clock
        self._attempts = attempts

    def join(self, secret: str, password: str) -> Joined:
        """Set the password of whom a link is for; all their sessions and tokens end.

        Raises:
            Refused: if the password cannot be one. The link goes on.
        """
        now, secret = self._clock.now(), secret.strip()[:LONGEST]
        counted = self._attempts.named("link", secret)
        attempt_id, times = self._attempts.count(counted)
        if times > REFUSED_AT_MOST:
            self._attempts.uncount(attempt_id)
            return Joined.LOCKED
        with self._database.read() as session:
            row = session.scalars(
                sa.select(PasswordLink).where(PasswordLink.secret_sha256 == sha256_of(secret), goes_on(now))
            ).one_or_none()
        if row is None or not row.person.active:
            log.info("link_refused")
            return Joined.WRONG
        # Outside the transaction, as all slow work.
        password_hash = hashed(checked_password(password, row.person.email))
        with self._database.begin() as session:
            person = session.get(Person, row.person_id, with_for_update={"of": Person}, populate_existing=True)
            # Of two who come with one link at once, one finds it used.
            if person is None or not person.active or not end_which(session, "used", now, PasswordLink.id == row.id):
                return Joined.WRONG
            set_password(session, person, password_hash, now)
            forget(session, counted)
        return Joined.DONE
