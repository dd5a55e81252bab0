"""A link with which somebody sets their own password: made by an administrator, shown once, used once, for 72 hours.

What is secret in it stands behind the `#` of the address: no browser sends that, so it comes into no log, ours or a
proxy's, and into no Referer. The page reads it there and sends it in its form. We have its hash.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.ledger.log import append
from storage.models import PasswordLink, Person
from storage.models.columns import random_id

PATH = "/first-password"
VALID_FOR = timedelta(hours=72)


def make_link(session: Session, person: Person, made_by: str | None, now: datetime) -> str:
    """Make a link for somebody, which ends any before it. Returns its secret: it stands nowhere else.

    Args:
        session: the transaction.
        person: who will set their password with it.
        made_by: id of the administrator; None: an operator at the machine.
        now: the present.

    Raises:
        Refused: if they may not come in any more.
    """
    if not person.active:
        raise Refused("their access has been ended: a link would open nothing")
    end_links(session, person.id, "new_link", now)
    secret = secrets.token_urlsafe(32)
    row = PasswordLink(
        id=random_id(),
        person_id=person.id,
        secret_sha256=sha256_of(secret),
        made_at=now,
        expires_at=now + VALID_FOR,
    )
    session.add(row)
    facts = {"person": person.id, "link": row.id, "by": made_by, "expires": row.expires_at.isoformat()}
    append(session, "link_made", person.id, now, facts)
    return secret


def end_links(session: Session, person_id: str, how: str, now: datetime) -> int:
    """End somebody's link, if one goes on: by a `new_link`, with their `password`, or their access (`access_ended`)."""
    return end_which(session, how, now, PasswordLink.person_id == person_id)


def address_of_link(base_url: str, secret: str) -> str:
    """The whole address, to be handed over."""
    return f"{base_url}{PATH}#{secret}"


def end_which(session: Session, how: str, now: datetime, which: sa.ColumnElement[bool]) -> int:
    """End those links that go on and fit the condition. Returns how many."""
    ended = session.execute(
        sa.update(PasswordLink)
        .where(goes_on(now), which)
        .values(ended_at=now)
        .returning(PasswordLink.id, PasswordLink.person_id)
    ).all()
    for link_id, person_id in ended:
        append(session, "link_ended", person_id, now, {"person": person_id, "link": link_id, "how": how})
    return len(ended)


def goes_on(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a link can still be used."""
    return sa.and_(PasswordLink.ended_at.is_(None), PasswordLink.expires_at > now)


def sha256_of(secret: str) -> str:
    """What is kept of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
