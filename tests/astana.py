"""The centre that tests call: Astana, with a line for each mode, in three languages, at the practice carrier."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from storage.centres import add_centre
from storage.models import Centre
from telephony.carrier.port import Routing
from telephony.lines import add_line
from telephony.practice.network import PracticeNetwork

DESK = "+77172000999"
LANGUAGES = ["kk", "ru", "en"]


def add_astana(session: Session, lines: Mapping[str, tuple[str, str]], now: datetime) -> Centre:
    """Add it. `lines`: by number, the line's code and its mode."""
    centre = add_centre(
        session,
        code="ast",
        name="Astana",
        jurisdiction="KZ",
        timezone="Asia/Almaty",
        languages=LANGUAGES,
        now=now,
    )
    for number, (code, mode) in lines.items():
        add_line(
            session,
            code=code,
            number=number,
            centre=centre,
            mode=mode,
            languages=LANGUAGES,
            forward_to=DESK,
            now=now,
        )
    return centre


def by_mode(numbers: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """A line for each mode, called by its name. `numbers`: by mode."""
    return {number: (mode.replace("_", "-"), mode) for mode, number in numbers.items()}


def connect(network: PracticeNetwork, numbers: Mapping[str, str], where: Routing) -> None:
    """Let the practice carrier bring their calls to us."""
    for number in numbers.values():
        network.add_number(
            number, voice_url=where.voice_url, status_callback=where.status_url, voice_fallback_url=where.fallback_url
        )
