"""What happens while a silenced copy is made: a store that is away, another worker, a change of mind, its date."""

import pytest

from storage.objects.store import StoreUnavailable
from storage.retention.card_data import withdraw
from storage.retention.claim import purge
from tests.calls.purging import (
    ASKS,
    approved,
    asked,
    everything_agrees,
    has_taken_its_place,
    hold,
    purge_row,
    stored,
)
from tests.calls.watched import WatchedHouse

DAY = 86400


@pytest.fixture
def caught_on_the_way(watched: WatchedHouse) -> WatchedHouse:
    """One recording, in a house whose store and clock can be reached between two steps."""
    watched.call("stay", "ru", "listen")
    watched.work()
    return watched


def test_i7_a_store_that_is_away_loses_nothing_and_it_is_tried_again(caught_on_the_way: WatchedHouse) -> None:
    house = caught_on_the_way
    before = stored(house)
    content = house.plain(before)
    hold(house, before.id)
    approved(house, asked(house))

    def away() -> None:
        raise StoreUnavailable("away")

    house.door.before_put = away
    house.work()
    assert "StoreUnavailable" in str(purge_row(house).last_error)
    assert (stored(house).id, stored(house).holds) == (before.id, 1)
    house.work_for(30)
    has_taken_its_place(house, before, content, 1)


def test_what_is_withdrawn_while_it_is_done_is_not_done(caught_on_the_way: WatchedHouse) -> None:
    house = caught_on_the_way
    before = stored(house)
    request = asked(house)
    approved(house, request)

    def withdrawn() -> None:
        with house.at.database.begin() as session:
            withdraw(session, request.id, ASKS, "the wrong call", house.clock.now())

    house.door.before_put = withdrawn
    assert house.at.card_data.run() == 0
    house.work_for(200)
    assert (stored(house).id, purge_row(house).state) == (before.id, "withdrawn")
    assert house.in_store() == [before.key]
    assert list(house.at.keys.object_ids()) == [before.id]
    everything_agrees(house)


@pytest.mark.parametrize("held", [False, True])
def test_what_goes_by_itself_meanwhile_is_gone_and_so_is_its_copy(caught_on_the_way: WatchedHouse, held: bool) -> None:
    """Unless a hold came before it: then the copy is held."""
    house = caught_on_the_way
    before = stored(house)
    content = house.plain(before)
    approved(house, asked(house))

    def meanwhile() -> None:
        if held:
            hold(house, before.id)
            return
        with house.at.database.begin() as session:
            purge(session, before.id, "by hand", house.clock.now())

    house.door.before_put = meanwhile
    assert house.at.card_data.run() == int(held)
    house.work_for(200)
    if held:
        has_taken_its_place(house, before, content, 1)
        return
    assert purge_row(house).state == "void"
    assert {row.state for row in house.objects()} == {"deleted"}
    assert house.in_store() == []
    assert list(house.at.keys.object_ids()) == []


def test_two_workers_make_one_copy(caught_on_the_way: WatchedHouse) -> None:
    """The slow one's lease runs out while it puts; the other takes over."""
    house = caught_on_the_way
    before = stored(house)
    content = house.plain(before)
    approved(house, asked(house))

    def taken_over() -> None:
        house.clock.sleep(61)
        assert house.at.card_data.run() == 1

    house.door.before_put = taken_over
    assert house.at.card_data.run() == 0
    house.work_for(10)
    has_taken_its_place(house, before, content, 0)
