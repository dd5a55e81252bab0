"""Which words changed between two versions of a text. Pure."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal


@dataclass(frozen=True)
class Stretch:
    """Some words in a row: in both versions, in the older alone, or in the newer alone."""

    what: Literal["kept", "removed", "added"]
    words: str


def changed_words(before: str, after: str) -> list[Stretch]:
    """The newer text, and where it stood, what was taken out of the older one."""
    old, new = before.split(), after.split()
    found: list[Stretch] = []
    for how, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if how == "equal":
            found.append(Stretch("kept", " ".join(new[new_from:new_to])))
            continue
        if old_from < old_to:
            found.append(Stretch("removed", " ".join(old[old_from:old_to])))
        if new_from < new_to:
            found.append(Stretch("added", " ".join(new[new_from:new_to])))
    return found
