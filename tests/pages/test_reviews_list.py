"""The list of reviews: by score, a page at a time, for those of one's centres."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.review import past
from storage.models import Recording, Review, Scorecard
from storage.models.columns import random_id
from tests.api.programs import program
from tests.pages.people import Town

SCORES = (0, 40, None, 60, 100)
LISTED = re.compile(r'<td data-label="Score" class="number">([^<]*)</td>')
OLDER = re.compile(r'rel="next" href="([^"]+)"')


@pytest.fixture(scope="module", autouse=True)
def _reviewed(town: Town) -> None:
    """A review an hour, the last of which has the last of SCORES."""
    with town.house.at.database.begin() as session:
        recording = session.scalars(sa.select(Recording)).one()
        for number, score in enumerate(SCORES, 1):
            row = Review(
                id=random_id(), recording_id=recording.id, number=number, person_id=town.person("alice").id,
                scorecard_id=session.scalars(sa.select(Scorecard.id)).one(), answers={}, score=score,
                submitted_at=town.house.clock.now() + timedelta(hours=number),
                delete_after=recording.call.delete_after,
            )  # fmt: skip
            session.add(row)


def listed(town: Town, name: str, asked: str = "") -> list[str]:
    return LISTED.findall(town.signed_in(name).get(f"/reviews?lang=en{asked}").text)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", ["100%", "60%", "–", "40%", "0%"]),
        ("&score_from=&score_to=", ["100%", "60%", "–", "40%", "0%"]),
        ("&score_from=40", ["100%", "60%", "40%"]),
        ("&score_to=40", ["40%", "0%"]),
        ("&score_from=40&score_to=60", ["60%", "40%"]),
        ("&score_from=0", ["100%", "60%", "40%", "0%"]),
        ("&score_from=61&score_to=99", []),
    ],
)
def test_reviews_are_found_by_score_at_ones_own_centre(town: Town, asked: str, expected: list[str]) -> None:
    assert listed(town, "alice", asked) == expected
    assert listed(town, "bob", asked) == []
    assert town.signed_in("charlie").get(f"/reviews?lang=en{asked}").status_code == 404


def test_a_page_says_what_was_searched_and_that_nothing_is_like_that(town: Town) -> None:
    page = town.signed_in("alice").get("/reviews?lang=en&score_from=61&score_to=99").text
    assert 'name="score_from" min="0" max="100" inputmode="numeric" value="61"' in page
    assert 'name="score_to" min="0" max="100" inputmode="numeric" value="99"' in page
    assert "No review is like that." in page
    assert "There are no reviews yet." not in page


@pytest.mark.parametrize("wrong", ["101", "-1", "ten", "1e1", "٤٠", "4" * 4000])
def test_what_is_no_percentage_is_said(town: Town, wrong: str) -> None:
    answer = town.signed_in("alice").get(f"/reviews?lang=en&score_to={wrong}")
    assert answer.status_code == 200
    assert "give scores in percent, from 0 to 100" in answer.text
    assert LISTED.findall(answer.text) == []


def test_pages_keep_what_was_searched(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "A_PAGE", 2)
    alice = town.signed_in("alice")
    first = alice.get("/reviews?lang=en&score_from=40").text
    (older,) = OLDER.findall(first)
    second = alice.get(older.replace("&amp;", "&") + "&lang=en").text
    assert LISTED.findall(first) + LISTED.findall(second) == ["100%", "60%", "40%"]
    assert not OLDER.findall(second)
    assert 'href="/reviews?score_from=40"' in second


def test_programs_search_by_score_too(town: Town) -> None:
    def scores(name: str, asked: str) -> list[Any]:
        answer = program(town, name).get(f"/reviews{asked}")
        assert answer.status_code == 200
        assert answer.json is not None
        return [each["score"] for each in answer.json["items"]]

    assert scores("alice", "") == list(reversed(SCORES))
    assert scores("alice", "?score_at_least=40&score_at_most=60") == [60, 40]
    assert scores("bob", "?score_at_least=40") == []
    assert program(town, "alice").get("/reviews?score_at_least=101").status_code == 422
