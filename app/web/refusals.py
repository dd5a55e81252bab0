"""Why something was refused, in the language of whoever reads it.

The code raises English sentences with their facts (`storage.errors.Refused`). Pages look a sentence up in
config/messages/<language>/refusals.toml; in English most stand as they were raised.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from flask import g, request

from app.privacy.people import NOWHERE, zone_of
from app.web.facts import written
from app.web.messages import REFUSALS, language_of
from storage.errors import Refused


@dataclass(frozen=True)
class Said:
    """What a page says of a refusal, and in which language: English, where no page was expected to meet it."""

    text: str
    language: str


@cache
def sentences(language: str) -> dict[str, str]:
    """What pages say, by the sentence that the code raises."""
    file = resources.files("config").joinpath("messages", language, REFUSALS)
    return tomllib.loads(file.read_text(encoding="utf-8"))


def said(error: Refused) -> Said:
    """A refusal, for whoever sent the present request."""
    return told(error, language_of(request), zone_of(g.who.person) if "who" in g else NOWHERE)


def told(error: Refused, language: str, zone: ZoneInfo) -> Said:
    """A refusal in one language, with moments in the time of one zone."""
    sentence = sentences(language).get(error.sentence)
    if sentence is not None:
        facts = {name: written(language, name, fact, zone) for name, fact in error.facts.items()}
        return Said(sentence.format(**facts), language)
    plain = str(error)
    return Said(plain[:1].upper() + plain[1:] + ("" if plain.endswith((".", "?")) else "."), "en")
