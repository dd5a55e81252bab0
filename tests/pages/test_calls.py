"""Calls are found by what was typed; nobody learns of a call, or of a number, that is not theirs to know."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from app.auth.policy import Viewer
from app.search import calls as search
from app.search.calls import NOBODY, OPEN, Wanted, find_calls
from app.search.score import Scores
from storage.errors import NotFound, Refused
from storage.models import Call, Line, Recording
from storage.models.columns import random_id
from storage.retention.restriction import release, restrict
from tests.house import CALLER
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import Town, Visitor

LISTED = re.compile(r'href="/calls/(\w{32})"')
ANYWHERE = Viewer("privacy_officer", None, active=True)
OTHER_CALLER = "+77015559999"


@pytest.fixture(scope="module")
def made(town: Town) -> dict[str, str]:
    """A call an hour, of several kinds, at two centres; by a name for each."""
    kinds: dict[str, dict[str, Any]] = {
        "declined": {"outcome": "declined_key", "from_number": None},
        "open": {"outcome": None, "from_number": None},
        "kazakh": {"language": "kk"},
        "other": {"from_number": OTHER_CALLER},
        "old": {"ringing_at": town.recorded.ringing_at - timedelta(days=30)},
    }
    ids = {}
    lines = town.house.lines()
    with town.house.at.database.begin() as session:
        there = Line(
            id=random_id(), centre_id=town.person("bob").centre_id, code="front", number="+77272000001", mode="stay",
            languages=["kk"], forward_to="+77272000009", created_at=town.house.clock.now(),
        )  # fmt: skip
        session.add(there)
        session.flush()
        kinds["elsewhere"] = {"line_id": there.id}
        kinds["on_opt_out"] = {"line_id": next(line.id for line in lines if line.mode == "opt_out")}
        first = session.get_one(Call, town.recorded.id)
        plain = {each.key: getattr(first, each.key) for each in sa.inspect(Call).column_attrs}
        for number, (name, changed) in enumerate(kinds.items()):
            ids[name] = random_id()
            new = {"id": ids[name], "call_sid": ids[name], "ringing_at": first.ringing_at - timedelta(hours=number + 1)}
            session.execute(sa.insert(Call).values(**plain | new | changed))
    ids["first"] = town.recorded.id
    return ids


def found(town: Town, viewer: Viewer, **wanted: Any) -> set[str]:
    with town.house.at.database.read() as session:
        return {row.call.id for row in find_calls(session, viewer, Wanted(**wanted), limit=100).rows}


def viewer_of(town: Town, name: str) -> Viewer:
    person = town.person(name)
    return Viewer(person.role, person.centre_id, person.active)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, {"first", "declined", "open", "kazakh", "other", "old", "on_opt_out"}),
        ({"outcome": "declined_key"}, {"declined"}),
        ({"outcome": OPEN}, {"open"}),
        ({"language": "kk"}, {"kazakh"}),
        ({"line": "ast/opt-out"}, {"on_opt_out"}),
        ({"line": "ast/stay", "outcome": "recorded", "language": "ru"}, {"first", "other", "old"}),
    ],
)
def test_a_search_finds_what_it_says_at_ones_own_centre(
    town: Town, made: dict[str, str], wanted: dict[str, str], expected: set[str]
) -> None:
    alice = viewer_of(town, "alice")
    assert found(town, alice, **wanted) == {made[each] for each in expected}
    elsewhere = {made["elsewhere"]} if wanted in ({}, {"line": "alm/front"}) else set()
    assert found(town, ANYWHERE, **wanted) == {made[each] for each in expected} | elsewhere
    if "line" not in wanted:
        assert found(town, viewer_of(town, "bob"), **wanted) == elsewhere


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"scores": Scores(None, 50)}, {"kazakh", "other"}),
        ({"scores": Scores(50)}, {"first", "other"}),
        ({"scores": Scores(0)}, {"first", "kazakh", "other"}),
        ({"scores": Scores(50, 50)}, {"other"}),
        ({"scores": Scores(51, 50)}, set()),
        ({"scores": Scores(None, 99), "language": "kk"}, {"kazakh"}),
    ],
)
def test_calls_are_found_by_score(
    town: Town, scored: dict[str, str], wanted: dict[str, Any], expected: set[str]
) -> None:
    everywhere = Viewer("qa_reviewer", None, active=True)
    assert found(town, viewer_of(town, "alice"), **wanted) == {scored[name] for name in expected}
    there = {"elsewhere"} if "language" not in wanted and (wanted["scores"].least or 0) <= 20 else set()
    assert found(town, everywhere, **wanted) == {scored[name] for name in expected | there}
    ids, cursor = [], None
    with town.house.at.database.read() as session:
        while page := find_calls(session, viewer_of(town, "alice"), Wanted(**wanted), 1, cursor):
            ids += [row.call.id for row in page.rows]
            if (cursor := page.next) is None:
                break
    assert len(ids) == len(expected)


@pytest.fixture(scope="module")
def scored(town: Town, made: dict[str, str]) -> dict[str, str]:
    """The same with scores."""
    with town.house.at.database.begin() as session:
        for name, score in {"first": 100, "kazakh": 0, "other": 50, "elsewhere": 20}.items():
            session.get_one(Call, made[name]).score = score
    return made


@pytest.mark.parametrize("name", ["pavel", "mira", "aidar"])
def test_who_does_not_review_meets_no_score(town: Town, scored: dict[str, str], name: str) -> None:
    with pytest.raises(Refused):
        found(town, viewer_of(town, name), scores=Scores(0))
    visitor = town.signed_in(name)
    assert not LISTED.findall(visitor.get("/calls?score_from=0").text)
    assert "score_from" not in visitor.get("/calls").text


def test_the_score_stands_in_the_list_and_in_the_address(town: Town, scored: dict[str, str]) -> None:
    page = town.signed_in("alice").get("/calls?score_from=40&lang=en").text
    assert set(LISTED.findall(page)) == {scored["first"], scored["other"]}
    assert "100%" in page
    assert 'name="score_from" min="0" max="100" inputmode="numeric" value="40"' in page


def test_the_score_of_what_is_restricted_is_neither_shown_nor_found(town: Town, scored: dict[str, str]) -> None:
    alice, now = town.signed_in("alice"), town.house.clock.now()
    recorded = sa.select(Recording.object_id).where(Recording.call_id == scored["first"])
    with town.house.at.database.begin() as session:
        object_id = session.scalars(recorded).one()
        assert object_id is not None
        restrict(session, object_id, "a complaint", now)
    assert set(LISTED.findall(alice.get("/calls?score_from=40").text)) == {scored["other"]}
    page = alice.get("/calls?lang=en").text
    assert scored["first"] in page
    assert "100%" not in page
    with town.house.at.database.begin() as session:
        release(session, object_id, "it is settled", now)
    assert "100%" in alice.get("/calls?lang=en").text


def test_days_bound_a_search(town: Town, made: dict[str, str]) -> None:
    then = town.recorded.ringing_at - timedelta(days=20)
    assert found(town, ANYWHERE, until=then) == {made["old"]}
    assert found(town, ANYWHERE, from_at=then) == set(made.values()) - {made["old"]}


def test_pages_follow_one_another_without_a_gap(
    town: Town, made: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for at_most in (search.LINES_AT_MOST, 0):
        monkeypatch.setattr(search, "LINES_AT_MOST", at_most)
        seen: list[Call] = []
        cursor = None
        while cursor is not None or not seen:
            with town.house.at.database.read() as session:
                page = find_calls(session, ANYWHERE, Wanted(), limit=2, cursor=cursor)
            seen += [row.call for row in page.rows]
            cursor = page.next
        assert [each.id for each in seen] == [
            each.id for each in sorted(seen, key=lambda each: (each.ringing_at, each.id), reverse=True)
        ]
        assert sorted(each.id for each in seen) == sorted(made.values())


@pytest.mark.parametrize("cursor", ["", "x", "W10", "WzEsMl0", "WyIyMDI2IiwieCJd", "é", "A" * 5000, "W251bGwsMV0"])
def test_a_cursor_of_ones_own_making_is_refused(town: Town, cursor: str) -> None:
    with town.house.at.database.read() as session, pytest.raises(Refused, match="cursor"):
        find_calls(session, ANYWHERE, Wanted(), cursor=cursor)


def by_number(visitor: Visitor, number: str) -> str:
    answer = visitor.post("/calls/caller", form=visitor.form("/calls"), number=number)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_a_number_is_searched_for_and_stands_in_no_address(town: Town, made: dict[str, str]) -> None:
    alice, bob = town.signed_in("alice"), town.signed_in("bob")
    path = by_number(alice, "+7 701 555 99 99")
    assert path == f"/calls?caller={made['other']}"
    assert LISTED.findall(alice.get(path).text) == [made["other"]]
    of_first = LISTED.findall(alice.get(by_number(alice, CALLER)).text)
    assert set(of_first) == {made[each] for each in ("first", "kazakh", "old", "on_opt_out")}
    assert LISTED.findall(bob.get(by_number(bob, CALLER)).text) == [made["elsewhere"]]
    assert by_number(bob, OTHER_CALLER) == f"/calls?caller={NOBODY}"
    assert LISTED.findall(bob.get(f"/calls?caller={NOBODY}").text) == []
    # Somebody else's call tells nothing about its caller's calls here.
    assert LISTED.findall(bob.get(path).text) == []
    assert LISTED.findall(alice.get(f"/calls?caller={made['declined']}").text) == []
    for text in (alice.get(path).text, alice.get(f"/calls/{made['other']}").text):
        assert OTHER_CALLER[1:] not in text


def test_what_is_no_number_is_refused_without_repeating_it(town: Town) -> None:
    alice = town.signed_in("alice")
    answer = alice.post("/calls/caller", form=alice.form("/calls"), number="87015559999")
    assert answer.status_code == 400
    assert "87015559999" not in answer.text
    assert 'role="alert"' in answer.text


def test_an_auditor_sees_calls_and_searches_for_no_number(town: Town, made: dict[str, str]) -> None:
    aidar = town.signed_in("aidar")
    assert set(LISTED.findall(aidar.get("/calls").text)) == set(made.values())
    assert aidar.post("/calls/caller", form=aidar.form("/sessions"), number=CALLER).status_code == 404
    assert 'name="number"' not in aidar.get("/calls").text
    assert LISTED.findall(aidar.get(f"/calls?caller={made['first']}").text) == []
    page = aidar.get(f"/calls/{made['first']}").text
    assert f"/recordings/{town.kept.id}" not in page


def test_one_call_tells_its_story_to_those_of_its_centre(town: Town, made: dict[str, str]) -> None:
    alice = town.signed_in("alice")
    page = alice.get(f"/calls/{made['first']}?lang=en").text
    said = [
        "It rang", "Language chosen", "The notice began", "The notice was heard to its end", "The caller agreed",
        "The recording began", "The call ended", "The recording is stored",
    ]  # fmt: skip
    places = [page.index(each) for each in said]
    assert places == sorted(places)
    assert f"/recordings/{town.kept.id}" in page
    assert town.signed_in("bob").get(f"/calls/{made['first']}").status_code == 404
    assert town.signed_in("bob").get(f"/calls/{made['elsewhere']}").status_code == 200
    assert town.signed_in("charlie").get(f"/calls/{made['first']}").status_code == 404
    assert alice.get("/calls/nothing").status_code == 404


@pytest.mark.parametrize(
    "query", ["outcome=x", "language=de", "from=soon", "to=9999-12-31", "before=x", "line=alm/front", "from=2026-13-01"]
)
def test_what_is_not_understood_is_said_and_shows_nothing(town: Town, made: dict[str, str], query: str) -> None:
    answer = town.signed_in("alice").get(f"/calls?{query}")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert LISTED.findall(answer.text) == []


@pytest.mark.looks
def test_the_pages_of_calls_can_be_read_by_everybody(town: Town, made: dict[str, str], browser: Browser) -> None:
    alice = town.signed_in("alice")
    paths = [
        "/calls",
        "/calls?caller=nobody",
        "/calls?outcome=x",
        *(f"/calls/{made[each]}" for each in ("first", "declined")),
    ]
    for language, size, scheme in looks():
        window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        said = complaints(window)
        window.add_cookies([{"name": "eskertu_session", "value": alice.token, "url": alice.base}])
        page = window.new_page()
        for path in paths:
            page.goto(f"{alice.base}{path}{'&' if '?' in path else '?'}lang={language}")
            assert findings(page) == [], path
            assert fits(page), (path, language, size)
        assert said == []
        window.close()


def test_a_line_of_another_centre_is_no_line(town: Town, made: dict[str, str]) -> None:
    with pytest.raises(NotFound):
        found(town, viewer_of(town, "alice"), line="alm/front")


def test_the_evidence_of_a_call_is_offered_to_whoever_may_open_it(town: Town) -> None:
    for name, offered in (("pavel", True), ("aidar", True), ("alice", False)):
        page = town.signed_in(name).get(f"/calls/{town.recorded.id}").text
        assert (f'href="/calls/{town.recorded.id}/evidence"' in page) is offered
