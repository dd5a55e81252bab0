"""What tests of reviewing share."""

import re

from storage.models import Review
from tests.pages.people import Town

RADIO = re.compile(r'<input type="radio" name="(answer_\w+)" value="(\w+)"')
HIDDEN = re.compile(r'<input type="hidden" name="(scorecard)" value="(\w+)">')


def answered(page: str, *, last: bool = False) -> dict[str, str]:
    """A scorecard filled in: to each question of the page the first answer that there is, or the last."""
    choices: dict[str, list[str]] = {}
    for name, value in RADIO.findall(page):
        choices.setdefault(name, []).append(value)
    assert len(choices) > 3, "no scorecard on this page"
    return dict(HIDDEN.findall(page)) | {name: values[-1 if last else 0] for name, values in choices.items()}


def reviewed(town: Town) -> None:
    """One review and two notes of the kept recording, made once."""
    if town.house.ask(lambda s: s.query(Review).count()):
        return
    alice, page = town.signed_in("alice"), f"/recordings/{town.kept.id}"
    for moment, text in (("0:01", "Greets, and says her name"), ("0:03", "Asks back before she answers")):
        assert alice.post(f"{page}/notes", form=alice.form(page), at=moment, text=text).status_code == 303
    filled = answered(alice.get(page).text) | {"answer_manner": "4", "answer_answer": "5"}
    assert alice.post(f"{page}/review", form=alice.form(page), seen="0", more=filled).status_code == 303
