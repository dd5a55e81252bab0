"""Questions, answers and their score. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.scorecards import ANSWERS
from storage.errors import Refused

NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Question:
    """One question of a scorecard's version."""

    key: str
    kind: str
    counts: bool
    text: Mapping[str, str]
    """By language."""

    @property
    def choices(self) -> tuple[str, ...]:
        return ANSWERS[self.kind]


def questions_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """The questions of a scorecard's row."""
    return tuple(Question(each["key"], each["kind"], each["counts"], each["text"]) for each in rows)


def read_answers(questions: Sequence[Question], given: Mapping[str, str]) -> dict[str, str]:
    """The answers among what a form, or an API's caller, gave: what belongs to no question is left out.

    Raises:
        Refused: if a question is not answered, or by what cannot be an answer to it.
    """
    answers = {}
    for question in questions:
        answer = given.get(question.key, "")
        if answer not in question.choices:
            raise Refused("{question}: answer with one of {choices}", question=question.key, choices=question.choices)
        answers[question.key] = answer
    return answers


def score(questions: Sequence[Question], answers: Mapping[str, str]) -> int | None:
    """Percent of what could be reached: yes is all and no is nothing, 1 to 5 is even steps between them.

    What does not count, or does not apply, is left out; None if that is all.
    """
    reached = []
    for question in questions:
        answer = answers.get(question.key, NOT_APPLICABLE)
        if not question.counts or answer == NOT_APPLICABLE:
            continue
        reached.append((int(answer) - 1) / 4 if question.kind == "scale" else float(answer == "yes"))
    return round(100 * sum(reached) / len(reached)) if reached else None
