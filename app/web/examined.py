"""What looking at everything has found (app/examination.py), in the language of whoever reads it."""

from dataclasses import dataclass

from flask import request

from app.examination import Found
from app.privacy.people import NOWHERE
from app.web.facts import written
from app.web.messages import catalogue, counted, language_of


@dataclass(frozen=True)
class Examined:
    """One row of the page. `hint`: what to do; `detail`: what a machine said, in its own words."""

    part: str
    subject: str
    fine: bool
    verdict: str
    hint: str | None
    detail: str


def examined(found: Found) -> Examined:
    """One thing that was looked at, for whoever sent the present request."""
    return told(found, language_of(request))


def told(found: Found, language: str) -> Examined:
    """The same in one language."""
    texts = catalogue(language)
    key = f"seen_{found.verdict}"
    number = found.facts.get("n")
    said = counted(language, key, number) if isinstance(number, int) else texts[key]
    facts = {name: written(language, name, fact, NOWHERE) for name, fact in found.facts.items()}
    return Examined(
        part=texts["looked_at_" + found.part.replace(" ", "_")],
        subject=found.subject,
        fine=found.fine,
        verdict=said.format(**facts),
        hint=texts.get(f"{key}_do"),
        detail=str(found.facts.get("error", "")),
    )
