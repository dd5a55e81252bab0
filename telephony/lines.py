"""Telephone lines: made complete, found by the number that was called, connected at the carrier."""

from collections.abc import Sequence
from datetime import datetime

import phonenumbers
import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import Refused
from storage.models import Centre, Line, Zone
from storage.models.columns import random_id
from storage.notices import LANGUAGES, MODES, missing
from telephony.carrier.port import Routing
from telephony.carrier.twiml import RETRIES
from telephony.site import Site


def e164(number: str) -> str | None:
    """A possible telephone number in E.164, or None (withheld, SIP, too short, …)."""
    try:
        parsed = phonenumbers.parse(number.strip(), None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def add_line(
    session: Session,
    *,
    code: str,
    number: str,
    centre: Centre,
    mode: str,
    languages: Sequence[str],
    forward_to: str,
    now: datetime,
) -> Line:
    """Make a line.

    Raises:
        Refused: if a field makes no sense, the number is another line's, or a notice it needs is not published.
    """
    dialled, forward = e164(number), e164(forward_to)
    if dialled is None:
        raise Refused("number: give it with its country, such as +77172000000")
    if forward is None:
        raise Refused("forward-to: give it with its country, such as +77172000001")
    if dialled == forward:
        raise Refused("forward-to: this is the line's own number; the call would come back for ever")
    if mode not in MODES:
        raise Refused("mode {mode!r}: choose one of {modes}", mode=mode, modes=MODES)
    unknown = [language for language in languages if language not in LANGUAGES]
    if unknown or not languages or len(set(languages)) != len(languages):
        raise Refused("languages: choose among {languages}, each once", languages=LANGUAGES)
    if session.scalar(sa.select(Line.id).where(Line.number == dialled)) is not None:
        raise Refused("number {number} belongs to another line already", number=dialled)
    if session.scalar(sa.select(Line.id).where(Line.centre_id == centre.id, Line.code == code)) is not None:
        raise Refused("code {code!r}: centre {centre} has a line of that code already", code=code, centre=centre.code)
    if session.scalar(sa.select(Zone.id).where(Zone.centre_id == centre.id, Zone.code == code)) is not None:
        raise Refused("code {code!r}: a zone has it, and both have their public notice at one address", code=code)
    lacking = missing(session, mode, languages, now)
    if lacking:
        raise Refused("not published yet: {lacking}. Publish with `eskertu notice publish` first", lacking=lacking)
    line = Line(
        id=random_id(),
        centre_id=centre.id,
        code=code,
        number=dialled,
        mode=mode,
        languages=list(languages),
        forward_to=forward,
        created_at=now,
    )
    session.add(line)
    return line


def line_called(session: Session, number: str) -> Line | None:
    """The line that a caller dialled."""
    dialled = e164(number)
    if dialled is None:
        return None
    return session.scalars(sa.select(Line).where(Line.number == dialled)).one_or_none()


def routing(site: Site) -> Routing:
    """Where a number of ours must send its calls.

    The status callback is the number's own: without it an inbound hang-up is invisible.
    """
    return Routing(site.voice + RETRIES, site.call_status + RETRIES, site.fallback + RETRIES)
