"""Texts of pages, in the language that the reader asked for."""

import tomllib
from functools import cache, partial
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Request, Response, request

from app.web.local import Local

LANGUAGES = ("kk", "ru", "en")
COOKIE = "eskertu_language"
# By sentence and not by key: app/web/refusals.py reads it.
REFUSALS = "refusals.toml"
REMEMBERED_FOR_S = 180 * 24 * 3600
# Whoever reads a public notice gets no cookie, and is known by none: there the language goes by the address alone. And
# no program is shown a page.
WITHOUT_COOKIES = ("/n/", "/api/")


@cache
def catalogue(language: str) -> dict[str, Any]:
    """All texts in one language, by key; of one that counts something, its forms by plural category (CLDR)."""
    texts: dict[str, Any] = {}
    for file in resources.files("config").joinpath("messages", language).iterdir():
        if file.name == REFUSALS:
            continue
        more = tomllib.loads(file.read_text(encoding="utf-8"))
        if twice := texts.keys() & more.keys():
            raise ValueError(f"{language}/{file.name}: {sorted(twice)} stands in another file, too")
        texts |= more
    return texts


def counted(language: str, key: str, number: int) -> str:
    """A text that counts something, in the form that the number takes there. `{n}` in it is the number."""
    local = Local(language)
    forms: dict[str, str] = catalogue(language)[key]
    return forms[local.plural_of(number)].replace("{n}", local.number(number))


def language_of(request: Request) -> str:
    """`?lang=`, else what was chosen before, else the browser's wish, else Kazakh."""
    remembered = None if request.path.startswith(WITHOUT_COOKIES) else request.cookies.get(COOKIE)
    for asked in (request.args.get("lang"), remembered):
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
        "local": Local(language),
        "counted": partial(counted, language),
    }


def remember_language(response: Response, *, secure: bool) -> Response:
    """Keep a language that was chosen, for the next pages."""
    chosen = request.args.get("lang", "")
    if request.path.startswith(WITHOUT_COOKIES):
        return response
    if chosen in LANGUAGES and request.cookies.get(COOKIE) != chosen:
        response.set_cookie(COOKIE, chosen, max_age=REMEMBERED_FOR_S, httponly=True, samesite="Lax", secure=secure)
    return response


def _same_page_in(code: str) -> str:
    if request.method in {"GET", "HEAD"}:
        path, asked = "", list(request.args.items(multi=True))
    else:
        path, asked = _came_from()
    return f"{path}?{urlencode([*((name, value) for name, value in asked if name != 'lang'), ('lang', code)])}"


def _came_from() -> tuple[str, list[tuple[str, str]]]:
    """Where the form stood that was sent, and what was asked for there: its own address shows nothing.

    Of another site, our first page.
    """
    page = urlsplit(request.referrer or "")
    ours = page.netloc == request.host and page.path.startswith("/") and not page.path.startswith("//")
    return (page.path, parse_qsl(page.query)) if ours else ("/", [])
