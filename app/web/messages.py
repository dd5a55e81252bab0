"""Texts of pages, in the language that the reader asked for."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlencode

from flask import Request, Response, request

LANGUAGES = ("kk", "ru", "en")
COOKIE = "eskertu_language"
REMEMBERED_FOR_S = 180 * 24 * 3600


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts in one language, by key."""
    text = resources.files("config").joinpath("messages", f"{language}.toml").read_text(encoding="utf-8")
    return {key: str(value) for key, value in tomllib.loads(text).items()}


def language_of(request: Request) -> str:
    """`?lang=`, else what was chosen before, else the browser's wish, else Kazakh."""
    for asked in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def texts() -> dict[str, Any]:
    """What every page needs of this: its texts, its language, and the same page in the others."""
    language = language_of(request)
    return {
        "t": catalogue(language),
        "language": language,
        "languages": [(code, _same_page_in(code)) for code in LANGUAGES],
    }


def remember_language(response: Response, *, secure: bool) -> Response:
    """Keep a language that was chosen, for the next pages."""
    chosen = request.args.get("lang", "")
    if chosen in LANGUAGES and request.cookies.get(COOKIE) != chosen:
        response.set_cookie(COOKIE, chosen, max_age=REMEMBERED_FOR_S, httponly=True, samesite="Lax", secure=secure)
    return response


def _same_page_in(code: str) -> str:
    asked = request.args.copy()
    asked["lang"] = code
    return "?" + urlencode(list(asked.items(multi=True)))
