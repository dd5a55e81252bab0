"""What signs say, as people write it: a TOML file a language, checked before it is published."""

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from config.shipped import LANGUAGES, ShippedDataBroken

FIELDS: dict[str, int] = {
    "headline": 60,
    "who": 60,
    "contact": 60,
    "unnamed": 60,
    "purpose_label": 40,
    "purpose": 300,
    "interest_label": 40,
    "interest": 300,
    "kept_label": 40,
    "kept": 200,
    "rights_label": 40,
    "rights": 500,
    "transfers_label": 40,
    "transfers": 300,
    "more_label": 40,
    "more": 200,
}
"""Every field of a language, and how many letters fit where it stands on the sheet."""

# What people say in their own words; the rest are headings, which seldom change.
WORDS = ("headline", "purpose", "interest", "kept", "rights", "transfers", "more")
MAY_BE_EMPTY = frozenset({"transfers"})
PERIOD = "{period}"


@dataclass(frozen=True)
class Mistake:
    """Something that is wrong with the texts of a sign. `what`: a key of SAYS. `field` "": with a whole language."""

    language: str
    field: str
    what: str
    letters: int = 0
    most: int = 0

    def __str__(self) -> str:
        where = f"[{self.language}] {self.field}:" if self.field else f"[{self.language}]"
        return f"{where} {SAYS[self.what].format(letters=self.letters, most=self.most)}"


SAYS = {
    "no_language": f"is none of {', '.join(LANGUAGES)}",
    "no_field": "there is no such field",
    "missing": "is missing",
    "empty": "is empty",
    "long": "has {letters} letters; at most {most} fit",
    "lines": "is to be one line of text",
    "period_once": "says {{period}} once, for the storage period",
    "period_elsewhere": "{{period}} belongs into `kept`",
}


def mistakes(texts: Mapping[str, Any]) -> list[Mistake]:
    """What is wrong with the texts of a sign (by language, and in it by field). None: nothing."""
    found = [Mistake(each, "", "missing") for each in LANGUAGES if not isinstance(texts.get(each), dict)]
    found += [Mistake(other, "", "no_language") for other in texts if other not in LANGUAGES]
    for language in LANGUAGES:
        fields = texts.get(language)
        if not isinstance(fields, dict):
            continue
        found += [Mistake(language, name, "no_field") for name in fields if name not in FIELDS]
        for name, most in FIELDS.items():
            text = fields.get(name)
            if (what := _wrong(name, most, text)) is not None:
                found.append(Mistake(language, name, what, len(str(text)), most))
    return found


def _wrong(name: str, most: int, text: object) -> str | None:
    if not isinstance(text, str):
        return "missing"
    if not text.strip() and name not in MAY_BE_EMPTY:
        return "empty"
    if len(text) > most:
        return "long"
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        return "lines"
    if text.count(PERIOD) != (1 if name == "kept" else 0):
        return "period_once" if name == "kept" else "period_elsewhere"
    return None


def shipped_sign_texts() -> dict[str, dict[str, str]]:
    """The texts of `signs/<language>.toml`.

    Raises:
        ShippedDataBroken: if one cannot be read, or lacks something.
    """
    texts: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        try:
            texts[language] = tomllib.loads((files("config") / "signs" / f"{language}.toml").read_text("utf-8"))
        except (FileNotFoundError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ShippedDataBroken(f"signs/{language}.toml cannot be read: {error!r}") from error
    if wrong := mistakes(texts):
        raise ShippedDataBroken(f"signs: {'; '.join(map(str, wrong))}")
    return texts
