"""Texts of pages, in the language that the reader asked for."""

import tomllib
from functools import cache
from importlib import resources

from flask import Request

LANGUAGES = ("kk", "ru", "en")


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts in one language, by key."""
    text = resources.files("config").joinpath("messages", f"{language}.toml").read_text(encoding="utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}


def language_of(request: Request) -> str:
    """`?lang=`, else the browser's wish, else Kazakh."""
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
