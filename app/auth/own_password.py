"""Changing one's own password: with the one until now, in a session that goes on.

All sessions end, this one too: a new one takes its place in this browser, so that whoever came by the old one is out.
"""

from dataclasses import dataclass

from app.auth import sessions
from app.auth.passwords import checked_password, hashed
from app.auth.people import set_password
from app.auth.sign_in import Confirmation, SignIn
from config.clock import Clock
from storage.database import Database
from storage.models import Person


@dataclass(frozen=True)
class Changed:
    """What became of it. `token`: what the browser shows from now on; None: nothing was changed."""

    confirmation: Confirmation
    token: str | None = None


class OwnPassword:
    """For one installation."""

    def __init__(self, database: Database, clock: Clock, sign_in: SignIn) -> None:
        self._database = database
        self._clock = clock
        self._sign_in = sign_in

    def change(self, who: sessions.SignedIn, until_now: str, password: str) -> Changed:
        """Set somebody's password anew; their other sessions, their tokens and their link end.

        Args:
            who: who is signed in, as the gate found them.
            until_now: their password; a wrong one counts as at sign-in.
            password: the new one.

        Raises:
            Refused: if the new one cannot be a password. The other is not looked at then.
        """
        plain = checked_password(password, who.person.email)
        found = self._sign_in.confirm(who, until_now)
        if found is not Confirmation.RIGHT:
            return Changed(found)
        # Outside the transaction, as all slow work.
        password_hash, now = hashed(plain), self._clock.now()
        with self._database.begin() as session:
            person = session.get(Person, who.person.id, with_for_update={"of": Person}, populate_existing=True)
            # Changed, or shut out, by somebody else while it was looked at: then it is not the password any more.
            if person is None or not person.active or person.password_hash != who.person.password_hash:
                return Changed(Confirmation.WRONG)
            if all(each.id != who.session_id for each in sessions.going_on(session, person.id, now)):
                return Changed(Confirmation.WRONG)
            set_password(session, person, password_hash, now)
            return Changed(found, sessions.begin(session, person, now))
