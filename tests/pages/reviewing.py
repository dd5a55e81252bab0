"""What tests of reviewing share."""

import re

RADIO = re.compile(r'<input type="radio" name="(answer_\w+)" value="(\w+)"')
HIDDEN = re.compile(r'<input type="hidden" name="(scorecard)" value="(\w+)">')


def answered(page: str, *, last: bool = False) -> dict[str, str]:
    """A scorecard filled in: to each question of the page the first answer that there is, or the last."""
    choices: dict[str, list[str]] = {}
    for name, value in RADIO.findall(page):
        choices.setdefault(name, []).append(value)
    assert len(choices) > 3, "no scorecard on this page"
    return dict(HIDDEN.findall(page)) | {name: values[-1 if last else 0] for name, values in choices.items()}
