"""The questions that Eskertu ships for reviewers, as data, checked before use."""

import tomllib
from importlib.resources import files
from typing import Any

from config.shipped import LANGUAGES, ShippedDataBroken

ANSWERS: dict[str, tuple[str, ...]] = {
    "yes_no": ("yes", "no", "not_applicable"),
    "scale": ("1", "2", "3", "4", "5", "not_applicable"),
}
"""What can be answered to each kind of question."""


def shipped_questions() -> list[dict[str, Any]]:
    """The questions of `review/scorecards.toml`: key, kind, counts, text by language; in their order.

    Raises:
        ShippedDataBroken: for a question that lacks something, or a key that stands twice.
    """
    source = files("config").joinpath("review", "scorecards.toml").read_text("utf-8")
    questions: list[dict[str, Any]] = []
    keys: set[str] = set()
    for entry in tomllib.loads(source).get("question", []):
        try:
            one: dict[str, Any] = {
                "key": str(entry["key"]),
                "kind": str(entry["kind"]),
                "counts": bool(entry["counts"]),
                "text": {language: str(entry["text"][language]) for language in LANGUAGES},
            }
        except KeyError as error:
            raise ShippedDataBroken(f"review/scorecards.toml: {entry.get('key')}: {error} is missing") from error
        if one["kind"] not in ANSWERS or one["key"] in keys or not all(text.strip() for text in one["text"].values()):
            raise ShippedDataBroken(
                f"review/scorecards.toml: {one['key']}: doubled, of no known kind, or without words"
            )
        keys.add(one["key"])
        questions.append(one)
    if not questions:
        raise ShippedDataBroken("review/scorecards.toml: there is no [[question]]")
    return questions
