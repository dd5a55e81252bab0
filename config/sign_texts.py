"""What signs say, as people write it: a TOML file a language, checked before it is published."""

import tomllib
import unicodedata
from collections.abc import Mapping
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

MAY_BE_EMPTY = frozenset({"transfers"})
PERIOD = "{period}"


def mistakes(texts: Mapping[str, Any]) -> list[str]:
    """What is wrong with the texts of a sign (by language, and in it by field), a line each. None: nothing."""
    found = [f"[{language}] is missing" for language in LANGUAGES if not isinstance(texts.get(language), dict)]
    found += [f"[{other}] is none of {', '.join(LANGUAGES)}" for other in texts if other not in LANGUAGES]
    for language in LANGUAGES:
        fields = texts.get(language)
        if not isinstance(fields, dict):
            continue
        found += [f"[{language}] {name}: there is no such field" for name in fields if name not in FIELDS]
        found += [
            f"[{language}] {name}: {wrong}"
            for name, most in FIELDS.items()
            if (wrong := _wrong(name, most, fields.get(name)))
        ]
    return found


def _wrong(name: str, most: int, text: object) -> str | None:
    if not isinstance(text, str):
        return "is missing"
    if not text.strip() and name not in MAY_BE_EMPTY:
        return "is empty"
    if len(text) > most:
        return f"has {len(text)} letters; at most {most} fit"
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        return "is to be one line of text"
    if text.count(PERIOD) != (1 if name == "kept" else 0):
        return f"says {PERIOD} once, for the storage period" if name == "kept" else f"{PERIOD} belongs into `kept`"
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
        raise ShippedDataBroken(f"signs: {'; '.join(wrong)}")
    return texts
