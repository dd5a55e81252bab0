"""How often something secret was tried: written down before it is looked at, and forgotten when it was right.

However many come at once, through however many processes, no more than ten wrong tries in a quarter of an hour are ever
looked at for one address, or one link.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.database import Database
from storage.models import SignInAttempt
from storage.models.columns import random_id

log = structlog.get_logger()

REFUSED_AT_MOST = 10
WITHIN = timedelta(minutes=15)


# What is tried at sign-in; all else is told from it by how its name begins, as no hexadecimal does.
ADDRESS = "address"
BESIDE = "x-"


class Attempts:
    """Those of one installation. What is tried is known by a keyed hash alone."""

    def __init__(self, database: Database, clock: Clock, secret: bytes) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret

    def named(self, kind: str, what: str) -> str:
        """The name under which tries at something are counted."""
        digest = hmac.new(self._secret, f"{kind}\0{what}".encode(), hashlib.sha256).hexdigest()
        return digest if kind == ADDRESS else BESIDE + digest[len(BESIDE) :]

    def count(self, counted: str) -> tuple[str, int]:
        """Write a try down. Returns its id, and how many there were lately, with it."""
        attempt_id, now = random_id(), self._clock.now()
        with self._database.begin() as session:
            session.add(SignInAttempt(id=attempt_id, address_hmac=counted, at=now))
        with self._database.read() as session:
            return attempt_id, session.scalar(tried(now).where(SignInAttempt.address_hmac == counted)) or 0

    def uncount(self, attempt_id: str) -> None:
        """It was not looked at, so it does not count: the lock ends a quarter of an hour after what led to it."""
        with self._database.begin() as session:
            session.execute(sa.delete(SignInAttempt).where(SignInAttempt.id == attempt_id))
        log.warning("sign_in_locked")


def forget(session: Session, counted: str) -> None:
    """It was right: what was tried before does not count any more."""
    session.execute(sa.delete(SignInAttempt).where(SignInAttempt.address_hmac == counted))


def tried(now: datetime) -> sa.Select[int]:
    """How many tries there were lately, at anything."""
    return sa.select(sa.func.count()).select_from(SignInAttempt).where(SignInAttempt.at > now - WITHIN)


def tried_to_sign_in(now: datetime) -> sa.Select[int]:
    """How many tries there were lately at any address. What else is tried has no leaf, and must not use up theirs."""
    return tried(now).where(SignInAttempt.address_hmac.not_like(f"{BESIDE}%"))
