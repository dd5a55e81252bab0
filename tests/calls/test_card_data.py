"""Card data is purged by two people, also under a hold; a silenced copy inherits all that the recording was (I5)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.errors import NotFound, Refused
from storage.models import CardDataPurge, StoredObject
from storage.retention.card_data import ask, withdraw
from storage.retention.claim import discard
from storage.retention.holds import Span, Why, hold_span, lift
from storage.retention.redaction import CardDataPurges, Taken
from storage.retention.restriction import restrict
from telephony.silence import silenced
from tests.calls.keeping import policy
from tests.calls.purging import (
    APPROVES,
    ASKS,
    SPANS,
    approved,
    asked,
    everything_agrees,
    has_taken_its_place,
    hold,
    objects_of,
    purge_row,
    stored,
)
from tests.fsck.spoiled import derive
from tests.house import House

DAY = 86400


@pytest.fixture
def caught(house: House) -> House:
    """One recording."""
    house.call("stay", "ru", "listen")
    house.work()
    return house


@pytest.mark.parametrize("holds", [0, 1, 2])
def test_i5_a_silenced_copy_takes_its_place_and_is_held_as_it_was(caught: House, holds: int) -> None:
    before = stored(caught)
    content = caught.plain(before)
    set_ = [hold(caught, before.id, str(case)) for case in range(holds)]
    approved(caught, asked(caught))
    caught.work()
    copy = has_taken_its_place(caught, before, content, holds)
    assert copy.delete_after == before.delete_after
    assert [(each.purpose, each.until, each.policy_id) for each in copy.purposes] == [
        (each.purpose, each.until, each.policy_id) for each in before.purposes
    ]
    assert [objects_of(caught, each) for each in set_] == [[copy.id]] * holds
    caught.clock.sleep(400 * DAY)
    for left, each in reversed(list(enumerate(set_))):
        caught.work()
        assert stored(caught).id == copy.id
        with caught.at.database.begin() as session:
            told = lift(session, each, "the case is closed", caught.clock.now())
        assert (told.go_now, told.still_held) == (((), (copy.id,)) if left else ((copy.id,), ()))
    caught.work()
    assert {row.state for row in caught.objects()} == {"deleted"}
    assert caught.in_store() == []
    everything_agrees(caught)


def test_i5_a_hold_over_the_line_holds_the_copy_once(caught: House) -> None:
    before, now = stored(caught), caught.clock.now()
    content = caught.plain(before)
    with caught.at.database.begin() as session:
        span = Span(before.source_id, now - timedelta(days=1), now + timedelta(days=1))
        held, _ = hold_span(session, span, Why("1", "r", "x", now + timedelta(days=999)), now)
    hold(caught, before.id, "2")
    approved(caught, asked(caught))
    caught.work()
    copy = has_taken_its_place(caught, before, content, 2)
    assert objects_of(caught, held.id) == [copy.id]


def test_what_was_derived_goes_too_although_it_is_held(caught: House) -> None:
    before = stored(caught)
    derived = derive(caught)
    hold_id = hold(caught, before.id)
    assert sorted(objects_of(caught, hold_id)) == sorted([before.id, derived])
    with caught.at.database.read() as session:
        lasts = caught.at.card_data.lasts_ms(session.get_one(StoredObject, before.id))
        with pytest.raises(Refused, match="is a peaks: only recording can be silenced"):
            caught.at.card_data.lasts_ms(session.get_one(StoredObject, derived))
    with caught.at.database.begin() as session:
        request = ask(session, session.get_one(StoredObject, before.id), SPANS, lasts, "r", ASKS, caught.clock.now())
    approved(caught, request)
    caught.work()
    states = {row.id: row.state for row in caught.objects()}
    assert (states[before.id], states[derived]) == ("deleted", "deleted")
    assert objects_of(caught, hold_id) == [stored(caught).id]
    assert caught.in_store() == [stored(caught).key]
    everything_agrees(caught)


def test_dates_and_restriction_are_those_of_the_moment_in_which_it_takes_its_place(caught: House) -> None:
    request = asked(caught)
    approved(caught, request)
    policy(caught, "training", "P40D")
    with caught.at.database.begin() as session:
        restrict(session, request.object_id, "the caller contests it", caught.clock.now())
    policy(caught, "quality", "P90D")
    caught.work()
    copy = stored(caught)
    assert copy.delete_after == copy.counted_from + timedelta(days=40)
    assert {each.purpose: (each.until - copy.counted_from).days for each in copy.purposes} == {
        "training": 40,
        "quality": 30,
    }
    assert copy.restricted_at is not None
    everything_agrees(caught)


def test_what_should_never_have_been_kept_and_is_held_goes_with_its_hold_all_the_same(caught: House) -> None:
    before = stored(caught)
    hold_id = hold(caught, before.id)
    with caught.at.database.begin() as session:
        discard(session, before.id, "notice_not_proven", caught.clock.now())
    content = caught.plain(before)
    approved(caught, asked(caught))
    caught.work()
    copy = has_taken_its_place(caught, before, content, 1)
    assert copy.restricted_at is not None
    with caught.at.database.begin() as session:
        lift(session, hold_id, "closed", caught.clock.now())
    caught.work()
    assert caught.in_store() == []


def test_a_copy_can_be_purged_again(caught: House) -> None:
    first = stored(caught)
    content = caught.plain(first)
    hold(caught, first.id)
    approved(caught, asked(caught))
    caught.work()
    second = stored(caught)
    approved(caught, asked(caught, [(3000, 3500)]))
    caught.work()
    third = stored(caught)
    assert len({first.id, second.id, third.id}) == 3
    assert caught.plain(third) == b"".join(silenced([content], [*SPANS, (3000, 3500)]))
    assert (third.holds, caught.in_store()) == (1, [third.key])
    everything_agrees(caught)


def test_i5_one_person_another_hash_and_a_second_approval_are_refused(caught: House) -> None:
    before = stored(caught)
    request = asked(caught)
    assert request.spans == [[500, 750], [1000, 2500]]
    for by, sha256, words in ((ASKS, None, "second person"), (APPROVES, "0" * 64, "--hash")):
        with pytest.raises(Refused, match=words):
            approved(caught, request, by=by, sha256=sha256)
    caught.work()
    assert stored(caught).id == before.id, "nothing happens before it is approved"
    with pytest.raises(Refused, match="already"):
        asked(caught)
    approved(caught, request)
    with pytest.raises(Refused, match="it is approved"):
        approved(caught, request)
    caught.work()
    with pytest.raises(Refused, match="it is done"):
        approved(caught, request)
    with pytest.raises(Refused, match="it is done"), caught.at.database.begin() as session:
        withdraw(session, request.id, ASKS, "too late", caught.clock.now())
    with pytest.raises(NotFound), caught.at.database.begin() as session:
        withdraw(session, "nothing", ASKS, "r", caught.clock.now())


def test_i10_what_was_asked_and_changed_since_is_refused_and_found(caught: House) -> None:
    request = asked(caught)
    with caught.at.database.begin() as session:
        session.execute(sa.update(CardDataPurge).values(spans=[[0, 1]]))
    with pytest.raises(Refused, match="was changed since"):
        approved(caught, request)
    problems = [str(problem) for problem in caught.at.verification.problems()]
    assert any("purge_asked" in problem and "spans" in problem for problem in problems)


def test_i10_a_copy_of_something_else_is_found(caught: House) -> None:
    approved(caught, asked(caught))
    caught.work()
    with caught.at.database.begin() as session:
        row = session.scalars(sa.select(CardDataPurge)).one()
        row.approved_by, row.copy_id = ASKS, row.object_id
    problems = " ".join(str(problem) for problem in caught.at.verification.problems())
    assert "purge_approved" in problems
    assert "purge_done" in problems


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([], "--from and --to"),
        ([(0, 10_000_000)], "it is over after"),
        ([(1, 2), (-1, 5)], "ends after it begins"),
        ([(5, 5)], "ends after it begins"),
    ],
)
def test_a_span_that_is_not_within_it_is_refused(caught: House, spans: list[tuple[int, int]], words: str) -> None:
    with pytest.raises(Refused, match=words):
        asked(caught, spans)
    whole = caught.at.card_data.lasts_ms(stored(caught))
    with pytest.raises(Refused, match="it is over after"):
        asked(caught, [(0, whole + 1)])
    assert asked(caught, [(0, whole)]).state == "asked"


def test_a_content_that_is_not_what_was_approved_is_not_copied(caught: House) -> None:
    before = stored(caught)
    approved(caught, asked(caught))
    with caught.at.database.begin() as session:
        session.execute(sa.update(CardDataPurge).values(sha256="0" * 64))
    caught.work()
    assert "not what was approved" in str(purge_row(caught).last_error)
    assert stored(caught).id == before.id
    assert caught.in_store() == [before.key]


def test_a_slow_purge_keeps_its_claim(caught: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day's recording takes longer than a lease: while bytes come, no other worker takes it over."""
    approved(caught, asked(caught))
    real = CardDataPurges._renewing
    took = []

    def slowly(self: CardDataPurges, taken: Taken, chunks: Iterator[bytes]) -> Iterator[bytes]:
        whole = b"".join(chunks)
        for piece in real(self, taken, (whole[at : at + 20_000] for at in range(0, len(whole), 20_000))):
            caught.clock.sleep(40)
            took.append(self._take())
            yield piece

    monkeypatch.setattr(CardDataPurges, "_renewing", slowly)
    assert caught.at.card_data.run() == 1
    assert len(took) > 3
    assert set(took) == {None}
