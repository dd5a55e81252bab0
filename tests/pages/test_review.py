"""Reviewing: who may, what is kept of it, what comes next, and two at once."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.auth.routes import ROUTES
from storage.models import LeafOpening, Recording, Review, ReviewNote, StoredObject
from storage.retention.restriction import release, restrict
from tests.pages.people import Town, Visitor
from tests.pages.reviewing import answered
from tests.pages.test_recordings import copied

POSTED = ("heard", "unheard", "review", "notes", "notes/delete")


@pytest.fixture(autouse=True)
def _as_before(town: Town) -> Iterator[None]:
    """No review, nothing heard, and of recordings the first alone."""
    yield
    with town.house.at.database.begin() as session:
        session.execute(sa.delete(Review))
        session.execute(sa.delete(ReviewNote))
        session.execute(sa.update(StoredObject).values(heard_at=None, heard_by=None))
        session.execute(
            sa.update(StoredObject)
            .where(StoredObject.id != town.kept.id, StoredObject.kind == "recording")
            .values(state="deleted")
        )
        session.execute(sa.update(StoredObject).where(StoredObject.id == town.kept.id).values(state="stored"))


def at(town: Town, object_id: str = "") -> str:
    return f"/recordings/{object_id or town.kept.id}"


def rows(town: Town, table: Any) -> list[Any]:
    return list(town.house.ask(lambda s: s.scalars(sa.select(table)).all()))


def submit(town: Town, visitor: Visitor, *, seen: int = 0, **more: str) -> Any:
    return submit_these(town, visitor, more, seen)


def submit_these(town: Town, visitor: Visitor, more: dict[str, str], seen: int = 0) -> Any:
    page = at(town)
    fields = answered(visitor.get(page).text) | more
    return visitor.post(f"{page}/review", form=visitor.form(page), seen=str(seen), more=fields)


def heard(town: Town, object_id: str = "") -> bool:
    row = town.house.ask(lambda s: s.get_one(StoredObject, object_id or town.kept.id))
    return row.heard_at is not None


@pytest.mark.parametrize("name", ["bob", "charlie", "mira", "pavel", "aidar"])
@pytest.mark.parametrize("what", POSTED)
def test_others_write_nothing(town: Town, name: str, what: str) -> None:
    alice, visitor = town.signed_in("alice"), town.signed_in(name)
    alice.post(f"{at(town)}/notes", form=alice.form(at(town)), at="0:00", text="mine")
    (note,) = rows(town, ReviewNote)
    fields = answered(alice.get(at(town)).text) | {"seen": "0", "at": "0:01", "text": "theirs", "note": note.id}
    before = len(town.leaves("media_refused"))
    answer = visitor.post(f"{at(town)}/{what}", form=visitor.form("/sessions"), more=fields)
    assert answer.status_code == 404
    assert [row.text for row in rows(town, ReviewNote)] == ["mine"]
    assert (rows(town, Review), heard(town)) == ([], False)
    # Whose role may review somewhere is told of in the ledger; others do not come as far as that.
    refused = town.leaves("media_refused")[before:]
    assert [each["how"] for each in refused] == (["review"] if name == "bob" else [])
    nothing = visitor.post(f"/recordings/{'0' * 32}/{what}", form=visitor.form("/sessions"), more=fields)
    assert (nothing.status_code, nothing.data) == (404, answer.data)


@pytest.mark.parametrize("name", ["bob", "charlie", "mira", "pavel", "aidar"])
def test_others_see_no_waveform(town: Town, name: str) -> None:
    assert town.signed_in(name).get(f"{at(town)}/peaks.json").status_code == 404
    assert town.leaves("media_refused")[-1]["person"] == town.person(name).id


def test_the_waveform_is_the_recordings_and_told_of_once(town: Town) -> None:
    town.house.clock.sleep(16 * 60)
    alice, before = town.signed_in("alice"), len(town.leaves("media_shown"))
    assert alice.get(at(town)).status_code == 200
    answer = alice.get(f"{at(town)}/peaks.json")
    told = json.loads(answer.text)
    assert [max(channel) > 20 for channel in told["channels"]] == [True, True]
    assert answer.mimetype == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    assert len(town.leaves("media_shown")) == before + 1


@pytest.mark.parametrize("what", ["", "/audio.wav", "/peaks.json"])
def test_peaks_addressed_as_a_recording_are_nothing(town: Town, what: str) -> None:
    (peaks,) = [row for row in town.house.objects() if row.kind == "peaks" and row.state == "stored"]
    alice = town.signed_in("alice")
    answer = alice.get(f"/recordings/{peaks.id}{what}")
    assert answer.status_code == 404
    assert answer.data == alice.get(f"/recordings/{'0' * 32}{what}").data
    for each in POSTED:
        sent = alice.post(f"/recordings/{peaks.id}/{each}", form=alice.form("/sessions"), seen="0", at="0", text="x")
        assert sent.status_code == 404
    assert rows(town, ReviewNote) == []


def test_every_address_of_a_recording_is_tried_here() -> None:
    posted = {f"/recordings/<object_id>/{each}" for each in POSTED}
    seen = {"/recordings", "/recordings/next", "/recordings/<object_id>"}
    seen |= {f"/recordings/<object_id>/{each}" for each in ("audio.wav", "peaks.json")}
    assert {rule for rule in ROUTES if rule.startswith("/recordings")} == posted | seen


def test_heard_is_taken_back_by_who_marked_it(town: Town) -> None:
    alice = town.signed_in("alice")
    undo = f'action="{at(town)}/unheard"'
    assert undo not in alice.get(at(town)).text
    assert alice.post(f"{at(town)}/heard", form=alice.form(at(town))).status_code == 303
    assert undo in alice.get(at(town)).text
    assert alice.post(f"{at(town)}/unheard", form=alice.form(at(town))).status_code == 303
    assert not heard(town)
    assert town.kept.id in alice.get("/recordings?show=unheard").text
    with town.house.at.database.begin() as session:
        row = session.get_one(StoredObject, town.kept.id)
        row.heard_at, row.heard_by = town.house.clock.now(), town.person("bob").id
    assert undo not in alice.get(at(town)).text
    assert alice.post(f"{at(town)}/unheard", form=alice.form(at(town))).status_code == 400
    assert heard(town)


def test_a_review_is_kept_scored_told_and_marks_as_heard(town: Town) -> None:
    alice, before = town.signed_in("alice"), len(town.leaves("review_submitted"))
    answer = submit(town, alice, answer_greeting="no", answer_manner="3", then="stay")
    assert answer.headers["Location"] == f"{at(town)}?saved=1"
    (review,) = rows(town, Review)
    call = town.house.ask(lambda s: s.scalars(sa.select(Recording)).first()).call
    assert (review.number, review.person_id, review.delete_after) == (1, town.person("alice").id, call.delete_after)
    # yes, yes, no; 1 of 5, 3 of 5: 2 + 0 + 0.5 of 5
    assert (review.answers["manner"], review.score) == ("3", 50)
    assert call.score == 50
    assert heard(town)
    (told,) = town.leaves("review_submitted")[before:]
    assert told == {
        "review": review.id,
        "recording": review.recording_id,
        "number": 1,
        "person": review.person_id,
        "scorecard": review.scorecard_id,
    }
    assert [str(each) for each in town.house.at.verification.problems()] == []
    text = alice.get(f"{at(town)}?lang=en&saved=1").text
    assert "50%" in text
    assert "The review is saved." in text


def test_who_comes_second_is_told_and_loses_nothing(town: Town) -> None:
    first, second = town.signed_in("alice"), town.signed_in("alice")
    assert submit(town, first).status_code == 303
    late = submit(town, second, answer_manner="5", answer_greeting="no")
    assert late.status_code == 409
    assert 'name="answer_manner" value="5" required checked' in late.text
    assert 'name="answer_greeting" value="no" required checked' in late.text
    assert 'name="seen" value="1"' in late.text
    assert len(rows(town, Review)) == 1
    assert submit(town, second, seen=1, answer_manner="5").status_code == 303
    assert sorted(row.number for row in rows(town, Review)) == [1, 2]


@pytest.mark.parametrize("wrong", [{"answer_manner": "6"}, {"answer_greeting": ""}, {"scorecard": "0" * 32}])
def test_what_is_no_answer_is_shown_again_with_the_others(town: Town, wrong: dict[str, str]) -> None:
    answer = submit_these(town, town.signed_in("alice"), {"answer_answer": "4"} | wrong)
    assert answer.status_code == 400
    assert 'name="answer_answer" value="4" required checked' in answer.text
    assert (rows(town, Review), heard(town)) == ([], False)


def test_notes_stand_in_order_and_only_ones_own_go(town: Town) -> None:
    alice = town.signed_in("alice")
    with town.house.at.database.begin() as session:
        recording = session.scalars(sa.select(Recording).where(Recording.object_id == town.kept.id)).one()
        now = town.house.clock.now()
        session.add(
            ReviewNote(
                recording_id=recording.id,
                person_id=town.person("bob").id,
                at_ms=500,
                text="theirs <b>",
                written_at=now,
                delete_after=now,
            )
        )
    for moment, text in (("0:02", "later"), ("1", "earlier")):
        assert alice.post(f"{at(town)}/notes", form=alice.form(at(town)), at=moment, text=text).status_code == 303
    page = alice.get(at(town)).text
    assert re.findall(r'class="said">(.*?)<', page) == ["theirs &lt;b&gt;", "earlier", "later"]
    assert len(re.findall(r'name="note" value="(\w+)"', page)) == 2
    for note in rows(town, ReviewNote):
        form = alice.form(at(town))
        status = alice.post(f"{at(town)}/notes/delete", form=form, note=note.id).status_code
        assert status == (404 if note.text == "theirs <b>" else 303)
    assert [row.text for row in rows(town, ReviewNote)] == ["theirs <b>"]


@pytest.mark.parametrize(
    ("moment", "text"), [("x", "y"), ("0:01", "  "), ("59:00", "behind"), ("0:01", "x" * 1001), ("0:01", "a\0b")]
)
def test_a_note_that_cannot_be_is_shown_again(town: Town, moment: str, text: str) -> None:
    alice = town.signed_in("alice")
    answer = alice.post(f"{at(town)}/notes", form=alice.form(at(town)), at=moment, text=text)
    assert answer.status_code == 400
    assert f'value="{moment}"' in answer.text
    assert rows(town, ReviewNote) == []


def test_the_next_is_the_oldest_that_nobody_has_heard(town: Town) -> None:
    older, oldest = copied(town, timedelta(hours=1)), copied(town, timedelta(hours=2))
    copied(town, timedelta(hours=3), centre_id=town.person("bob").centre_id)
    copied(town, timedelta(hours=3), restricted_at=town.house.clock.now())
    alice = town.signed_in("alice")
    for wanted in (oldest, older, town.kept.id):
        assert alice.get("/recordings/next").headers["Location"] == at(town, wanted)
        assert "lang" not in alice.get(at(town, wanted)).headers["Content-Type"]
        answer = alice.post(f"{at(town, wanted)}/heard", form=alice.form(at(town, wanted)))
        assert answer.headers["Location"] == "/recordings/next"
    assert alice.get("/recordings/next").headers["Location"] == "/recordings"
    assert "Next unheard" not in alice.get("/recordings?lang=en").text


def test_who_skips_one_comes_back_to_it(town: Town) -> None:
    older, alice = copied(town, timedelta(hours=1)), town.signed_in("alice")
    assert alice.get(f"/recordings/next?but={older}").headers["Location"] == at(town)
    alice.post(f"{at(town)}/heard", form=alice.form(at(town)))
    assert alice.get(f"/recordings/next?but={older}").headers["Location"] == at(town, older)


def test_the_list_is_filtered_and_counts_what_is_left(town: Town) -> None:
    older, alice = copied(town, timedelta(hours=1)), town.signed_in("alice")
    assert "2 calls left to hear" in alice.get("/recordings?lang=en").text
    alice.post(f"{at(town)}/heard", form=alice.form(at(town)))
    assert "1 call left to hear" in alice.get("/recordings?lang=en").text
    shown = {show: re.findall(r'href="/recordings/(\w{32})"', alice.get(f"/recordings?show={show}").text)
             for show in ("heard", "unheard", "")}  # fmt: skip
    assert shown == {"heard": [town.kept.id], "unheard": [older], "": [town.kept.id, older]}


def test_of_what_is_restricted_nothing_is_said(town: Town) -> None:
    alice, now = town.signed_in("alice"), town.house.clock.now()
    form, fields = alice.form(at(town)), answered(alice.get(at(town)).text)
    with town.house.at.database.begin() as session:
        restrict(session, town.kept.id, "a test", now)
    try:
        assert alice.post(f"{at(town)}/review", form=form, seen="0", more=fields).status_code == 404
        assert alice.get(f"{at(town)}/peaks.json").status_code == 404
    finally:
        with town.house.at.database.begin() as session:
            release(session, town.kept.id, "a test", now)
    assert rows(town, Review) == []


def test_leaves_of_reviews_hold_no_word(town: Town) -> None:
    alice = town.signed_in("alice")
    alice.post(f"{at(town)}/notes", form=alice.form(at(town)), at="0:01", text="Kanarova")
    submit(town, alice)
    assert "Kanarova" not in repr(town.house.ask(lambda s: s.scalars(sa.select(LeafOpening.facts)).all()))
