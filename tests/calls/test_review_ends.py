"""How reviews end: they outlive the sound, go with the call's rows, and are none of a call that was not recorded."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.auth.passwords import hashed
from storage.models import Call, LeafOpening, Person, Review, ReviewNote, Scorecard
from storage.retention.publish import set_policy
from storage.reviews import publish_questions
from telephony.settlement import settle
from tests.calls.purging import APPROVES, approved, asked, everything_agrees, stored
from tests.house import House
from tests.pages.people import PASSWORD, Visitor
from tests.pages.reviewing import answered

YEARS = timedelta(days=366 * 10)


@pytest.fixture
def alice(house: House) -> Visitor:
    with house.at.database.begin() as session:
        session.execute(sa.update(Person).values(password_hash=hashed(PASSWORD)))
    visitor = Visitor(house)
    assert visitor.sign_in("alice@example.com").status_code == 303
    return visitor


@pytest.fixture
def reviewed(house: House, alice: Visitor) -> str:
    """The object of a recording with a review and a note."""
    house.call("stay", "ru", "listen")
    house.work()
    (kept,) = house.objects()
    page = f"/recordings/{kept.id}"
    alice.post(f"{page}/notes", form=alice.form(page), at="0:01", text="Kanarova says so")
    answer = alice.post(f"{page}/review", form=alice.form(page), seen="0", more=answered(alice.get(page).text))
    assert answer.status_code == 303
    return kept.id


def rows_of(house: House, table: Any) -> list[Any]:
    return list(house.ask(lambda s: s.scalars(sa.select(table)).all()))


def count(house: House) -> tuple[int, int, int]:
    """Reviews, notes, and what leaves about reviews commit to."""
    told = house.ask(lambda s: s.scalars(sa.select(LeafOpening.facts)).all())
    reviews, notes = len(rows_of(house, Review)), len(rows_of(house, ReviewNote))
    return reviews, notes, sum("scorecard" in facts for facts in told)


def sign_in_again(house: House) -> Visitor:
    visitor = Visitor(house)
    assert visitor.sign_in("alice@example.com").status_code == 303
    return visitor


def test_they_outlive_the_sound_and_the_page_says_so(house: House, reviewed: str) -> None:
    house.clock.sleep(timedelta(days=91).total_seconds())
    house.work()
    assert [row.state for row in house.objects()] == ["deleted"]
    assert count(house) == (1, 1, 1)
    later = sign_in_again(house)
    page = later.get(f"/recordings/{reviewed}?lang=en")
    assert page.status_code == 200
    assert "The sound is gone." in page.text
    assert "Kanarova says so" in page.text
    assert "answer_manner" not in page.text, "no form"
    assert f"/recordings/{reviewed}/audio.wav" not in page.text
    assert later.get(f"/recordings/{reviewed}/audio.wav").status_code == 404
    listed = later.get("/reviews?lang=en").text
    assert f"/recordings/{reviewed}" in listed
    assert ">gone<" in listed
    everything_agrees(house)


def test_a_form_that_was_open_when_the_sound_went_is_taken(house: House, reviewed: str) -> None:
    visitor = sign_in_again(house)
    fields = answered(visitor.get(f"/recordings/{reviewed}").text)
    house.clock.sleep(timedelta(days=91).total_seconds())
    house.work()
    visitor = sign_in_again(house)
    form = visitor.form("/sessions")
    late = visitor.post(f"/recordings/{reviewed}/review", form=form, seen="0", more=fields)
    assert late.status_code == 409
    assert 'name="answer_manner" value="1" required checked' in late.text
    assert visitor.post(f"/recordings/{reviewed}/review", form=form, seen="1", more=fields).status_code == 303
    assert count(house)[0] == 2


def test_i4_they_go_with_the_calls_rows(house: House, reviewed: str) -> None:
    (call,) = house.ask(lambda s: s.scalars(sa.select(Call)).all())
    (note,) = house.ask(lambda s: s.scalars(sa.select(ReviewNote)).all())
    assert note.delete_after == call.delete_after
    house.clock.sleep(YEARS.total_seconds())
    house.work()
    house.work()
    assert count(house) == (0, 0, 0)
    house.at.database.forget_deleted()
    assert b"Kanarova" not in house.bytes_on_disk()
    assert sign_in_again(house).get(f"/recordings/{reviewed}").status_code == 404
    everything_agrees(house)


def test_i4_an_evidence_policy_that_is_shorter_brings_them_forward(house: House, reviewed: str) -> None:
    now = house.clock.now()
    with house.at.database.begin() as session:
        set_policy(session, purpose="evidence", window="P100D", reason="x", centre=None, now=now, dry_run=False)
    (call,) = house.ask(lambda s: s.scalars(sa.select(Call)).all())
    for table in (Review, ReviewNote):
        (row,) = rows_of(house, table)
        assert row.delete_after == call.delete_after < now + timedelta(days=101)


def test_i2_of_a_call_that_turns_out_unrecorded_there_are_none(house: House, reviewed: str, alice: Visitor) -> None:
    form, fields = alice.form("/sessions"), answered(alice.get(f"/recordings/{reviewed}").text)
    with house.at.database.begin() as session:
        call = session.scalars(sa.select(Call)).one()
        call.play_failed = True
        settle(session, call, house.clock.now())
    assert house.ask(lambda s: s.scalars(sa.select(Call.outcome)).one()) == "unrecorded"
    assert count(house) == (0, 0, 0)
    assert alice.get(f"/recordings/{reviewed}").status_code == 404
    for what in ("review", "notes", "heard"):
        sent = alice.post(f"/recordings/{reviewed}/{what}", form=form, seen="0", at="0", text="x", more=fields)
        assert sent.status_code == 404
    assert count(house) == (0, 0, 0)


def test_a_silenced_copy_takes_its_reviews_over(house: House, reviewed: str, alice: Visitor) -> None:
    approved(house, asked(house, [(0, 500)]), by=APPROVES)
    house.work()
    copy = stored(house)
    assert copy.id != reviewed
    assert copy.heard_at is not None
    page = alice.get(f"/recordings/{copy.id}?lang=en").text
    assert "Kanarova says so" in page
    assert "Card data, silenced" in page
    assert alice.get(f"/recordings/{reviewed}").status_code == 404
    everything_agrees(house)


def test_old_answers_keep_their_questions(house: House, reviewed: str, alice: Visitor) -> None:
    with house.at.database.begin() as session:
        (first,) = session.scalars(sa.select(Scorecard)).all()
        publish_questions(session, first.questions, house.clock.now())
        other = {"key": "new", "kind": "scale", "counts": True, "text": dict.fromkeys(("kk", "ru", "en"), "New?")}
        publish_questions(session, [other], house.clock.now())
    rows = house.ask(lambda s: s.scalars(sa.select(Scorecard).order_by(Scorecard.version)).all())
    assert [row.version for row in rows] == [1, 2]
    page = alice.get(f"/recordings/{reviewed}?lang=en").text
    assert 'name="answer_new"' in page
    assert 'name="answer_manner"' not in page
    assert "How polite and easy to follow" in page
