"""Passwords: what may be one, and how one is kept and looked at. Nothing here writes one down.

argon2id with 19 MiB, two passes, one lane: the least that OWASP's Password Storage Cheat Sheet names, because a web
process has 16 threads and each may be at it. A hash carries its own parameters: raising them here makes new hashes
at the next sign-in (`is_outdated`).
"""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from storage.errors import Refused

SHORTEST = 12
# What is longer is no password, but work for us.
LONGEST = 256

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def checked_password(password: str, email: str) -> str:
    """A password as somebody may have it.

    Raises:
        Refused: if it is too short, too long, or their address. The message does not repeat it.
    """
    plain = _normal(password)
    if len(plain) < SHORTEST:
        raise Refused("password: give at least {least} characters", least=SHORTEST)
    if len(plain) > LONGEST:
        raise Refused("password: give at most {most} characters", most=LONGEST)
    if any(unicodedata.category(each) == "Cc" for each in plain):
        raise Refused("password: it has a control character or a second line, which cannot be typed into the form")
    if plain.strip().casefold() == email.casefold():
        raise Refused("password: it is their address; give another one")
    return plain


def hashed(password: str) -> str:
    """argon2id over the password, with a fresh salt."""
    return _HASHER.hash(_normal(password))


def is_right(password: str, kept: str | None) -> bool:
    """Whether it is the password behind that hash. Without a hash: no, after the same work."""
    try:
        _HASHER.verify(kept or _nobodys(), _normal(password)[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def _normal(password: str) -> str:
    # One keyboard types й as one character, another as two (RFC 8265, 4.2: NFC).
    return unicodedata.normalize("NFC", password)


@cache
def _nobodys() -> str:
    return _HASHER.hash("somebody who is not there")
