"""Facts that stand in a sentence - moments, numbers, lists, words of ours - as a language writes them."""

import math
from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from app.web.local import Local
from app.web.messages import catalogue
from config.sign_texts import Mistake

# The texts that a fact's words are told by: the fact's name, and what the names of those texts begin with.
WORDS = {
    "purpose": "policy_for_",
    "purposes": "policy_for_",
    "policy_state": "policy_is_",
    "purge_state": "purge_is_",
    "modes": "lines_mode_",
    "roles": "people_role_",
    "languages": "lang_",
    "field": "hold_",
    "column": "column_",
}


def written(language: str, name: str, fact: object, zone: ZoneInfo) -> str:
    """One fact in one language. What is none of our words stays as it was typed."""
    local = Local(language)
    if isinstance(fact, datetime):
        return f"{local.moment(fact, zone)} ({zone.key})"
    if name == "share" and isinstance(fact, float):
        return local.percent(fact)
    if isinstance(fact, int | float):
        decimals = 0 if float(fact).is_integer() or not math.isfinite(fact) else 3
        return local.number(fact, decimals).rstrip("0").rstrip(".,") if decimals else local.number(fact)
    if name == "lacking" and isinstance(fact, Collection) and not isinstance(fact, str):
        return "; ".join(_notice(language, str(each)) for each in fact)
    if name == "mistakes" and isinstance(fact, Collection) and not isinstance(fact, str):
        return "; ".join(_mistake(language, each) for each in fact)
    if isinstance(fact, Collection) and not isinstance(fact, str):
        return ", ".join(written(language, name, each, zone) for each in fact)
    text = catalogue(language).get(WORDS[name] + str(fact)) if name in WORDS else None
    return text if isinstance(text, str) else str(fact)


def _notice(language: str, use: str) -> str:
    """What storage.notices.missing() names, such as `notice stay kk`."""
    texts = catalogue(language)
    kind, *more = use.split()
    told = [texts.get(f"lines_mode_{each}") or texts.get(f"lang_{each}") or each for each in more]
    return f"{texts['lacking_' + kind]} ({', '.join(told)})"


def _mistake(language: str, wrong: object) -> str:
    """What is wrong with a text of signs, by the words of the form that it was typed into."""
    if not isinstance(wrong, Mistake):
        return str(wrong)
    texts, local = catalogue(language), Local(language)
    where = ", ".join(
        str(texts.get(key)) for key in (f"lang_{wrong.language}", f"sign_field_{wrong.field}") if key in texts
    )
    letters, most = local.number(wrong.letters), local.number(wrong.most)
    said = str(texts[f"sign_text_{wrong.what}"]).replace("{letters}", letters).replace("{most}", most)
    return f"{where}: {said}"
