"""What can be wrong with a request that reached us whole: said in words a person can act on."""

from collections.abc import Collection, Mapping
from datetime import datetime


class Refused(Exception):
    """Something was asked that cannot be done. The message says what, why, and what to do.

    It is raised with an English sentence and the facts that stand in it by name: `Refused("there are {most} already",
    most=3)`. As text it is that sentence, for commands and programs; pages look the sentence up in their reader's
    language, and write the facts as that language writes them (config/messages/<language>/refusals.toml).
    """

    def __init__(self, sentence: str, /, **facts: object) -> None:
        super().__init__(in_english(sentence, facts))
        self.sentence = sentence
        self.facts = facts


class NotFound(Refused):
    """What was asked for does not exist (or must not be known to)."""


def in_english(sentence: str, facts: Mapping[str, object]) -> str:
    """A sentence with its facts, as commands say it. Without facts it stands as it is, with any braces it may have."""
    return sentence.format(**{name: _plain(fact) for name, fact in facts.items()}) if facts else sentence


def _plain(fact: object) -> object:
    """A fact as English sentences of commands have it."""
    if isinstance(fact, datetime):
        return f"{fact:%Y-%m-%d %H:%M} UTC"
    if isinstance(fact, str) or not isinstance(fact, Collection):
        return fact
    return ", ".join(map(str, fact))
