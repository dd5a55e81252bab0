"""Business centres: a place, with the law and the languages of that place."""

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.models import Centre
from storage.models.columns import random_id
from storage.notices import LANGUAGES

CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def checked_code(code: str) -> str:
    """A code as it may stand in commands and addresses.

    Raises:
        Refused: if it may not.
    """
    if not CODE.fullmatch(code):
        raise Refused("code {code!r}: use small letters, digits and hyphens, at most 32, such as ast", code=code)
    return code


def add_centre(
    session: Session, *, code: str, name: str, jurisdiction: str, timezone: str, languages: Sequence[str], now: datetime
) -> Centre:
    """Make a centre.

    Raises:
        Refused: if a field makes no sense, or the code is another centre's.
    """
    if not re.fullmatch(r"[A-Z]{2}", jurisdiction):
        raise Refused("jurisdiction {jurisdiction!r}: give two capital letters, such as KZ", jurisdiction=jurisdiction)
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refused("timezone {timezone!r}: give an IANA zone, such as Asia/Almaty", timezone=timezone) from error
    if not languages or len(set(languages)) != len(languages) or set(languages) - set(LANGUAGES):
        raise Refused(
            "languages {given!r}: give some of {languages}, each once", given=",".join(languages), languages=LANGUAGES
        )
    if session.scalar(sa.select(Centre.id).where(Centre.code == checked_code(code))) is not None:
        raise Refused("code {code!r}: there is a centre of that code already", code=code)
    centre = Centre(
        id=random_id(),
        code=code,
        name=name,
        jurisdiction=jurisdiction,
        timezone=timezone,
        languages=list(languages),
        created_at=now,
    )
    session.add(centre)
    session.flush()
    return centre
