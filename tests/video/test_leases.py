"""Several recorders share cameras: each its share, a dead one's are taken over, and no second is in two segments."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from storage.retention.holds import Span, Why, hold_span
from tests.storage.plain_house import PlainHouse
from tests.video.rtsp import Camera, Unit
from tests.video.sharing import Member, account, numbers
from tests.video.site import Site, wait_until
from video.leases import LEASE_FOR, Leases


def hold(house: PlainHouse, leases: Leases, cameras: list[str]) -> dict[str, int]:
    with house.database.begin() as session:
        return leases.hold(session, cameras)


@pytest.fixture
def four(site: Site) -> list[str]:
    return [site.add(code, "rtsp://127.0.0.1/live") for code in ("a", "b", "c", "d")]


def test_each_has_its_share_and_a_dead_ones_are_taken_over(site: Site, four: list[str]) -> None:
    house, clock = site.house, site.house.clock
    one, two = (Leases(house.database, clock, holder) for holder in ("one", "two"))
    assert hold(house, one, four) == dict.fromkeys(four, 1)
    taken = hold(house, two, four)
    assert list(taken.values()) == [2, 2], "who joins takes its share from who has more"
    assert hold(house, one, four) == {each: 1 for each in four if each not in taken}
    clock.sleep(LEASE_FOR.total_seconds() / 2)
    hold(house, one, four)
    clock.sleep(LEASE_FOR.total_seconds() / 2 + 1)
    assert hold(house, one, four) == {each: 3 if each in taken else 1 for each in four}
    assert list(hold(house, two, four).values()) == [4, 4], "it lives again, and has its share anew"


def test_who_begins_anew_resumes_its_own_at_once_under_a_new_number(site: Site, four: list[str]) -> None:
    house = site.house
    assert set(hold(house, Leases(house.database, house.clock, "one"), four).values()) == {1}
    again = Leases(house.database, house.clock, "one")
    assert set(hold(house, again, four).values()) == {2}
    assert set(hold(house, again, four).values()) == {2}, "renewing is no claim"


def test_who_ends_orderly_is_followed_at_once(site: Site, four: list[str]) -> None:
    house = site.house
    one, two = (Leases(house.database, house.clock, holder) for holder in ("one", "two"))
    hold(house, one, four)
    one.release()
    assert hold(house, two, four) == dict.fromkeys(four, 2)


def test_two_recorders_share_and_one_that_loses_the_database_records_on(
    site: Site, tmp_path: Path, long_stream: list[Unit]
) -> None:
    camera = Camera(long_stream)
    one, two = Member(site, tmp_path / "one"), Member(site, tmp_path / "two")
    with camera.on():
        door = site.add("door", camera.url)
        with one.on():
            wait_until(lambda: len(site.segments(door)) >= 1)
            one.alone = True
            real, one.upload.run = one.upload.run, lambda: False  # type: ignore[method-assign]
            with two.on():
                wait_until(lambda: two.holds() == {door})
                wait_until(lambda: len(site.runs(door)) == 2)
                one.alone = False
                one.upload.run = real  # type: ignore[method-assign]
                wait_until(lambda: list(one.spool.camera(door).folder.glob("*.part")) == [])
                enough = len(site.segments(door)) + 2
                wait_until(lambda: len(site.segments(door)) >= enough)
    stored = account(site, door, camera.all_sent())
    assert "starting" in site.reasons(door)
    assert numbers(site)[door] == (two.spool.identity, 2)
    # All but what came before the first key frame, or lies between a fragment and where the other began.
    assert stored[-1] - stored[0] + 1 - len(stored) <= 40


def test_a_held_segment_stays_whole_whatever_its_number_is(site: Site, tmp_path: Path, long_stream: list[Unit]) -> None:
    camera = Camera(long_stream)
    one, two = Member(site, tmp_path / "one"), Member(site, tmp_path / "two")
    with camera.on():
        door = site.add("door", camera.url)
        with one.on():
            wait_until(lambda: site.runs(door))
            first = site.segments(door)[0]
            one.alone = True
            with two.on():
                wait_until(lambda: two.holds() == {door})
                wait_until(lambda: "handed_over" not in site.reasons(door) and len(site.runs(door)) == 2)
                with site.house.database.begin() as session:
                    now = site.house.clock.now()
                    span = Span(door, first.began_at, site.clock.now() + timedelta(hours=1))
                    hold_span(session, span, Why("1", "a test", "operator", now + timedelta(days=1)), now)
                enough = len(site.segments(door)) + 2
                wait_until(lambda: len(site.segments(door)) >= enough)
    account(site, door, camera.all_sent())
    (still,) = [each for each in site.segments(door) if each.id == first.id]
    assert (still.began_at, still.ended_at, still.packets) == (first.began_at, first.ended_at, first.packets)


def test_what_nobody_takes_is_taken_whatever_the_share(site: Site, four: list[str]) -> None:
    """Two recorders live, and only one of them may take these."""
    house, clock = site.house, site.house.clock
    one, elsewhere = (Leases(house.database, clock, holder) for holder in ("one", "elsewhere"))
    assert hold(house, elsewhere, []) == {}
    assert len(hold(house, one, four)) == 2
    clock.sleep(LEASE_FOR.total_seconds() - 1)
    assert hold(house, elsewhere, []) == {}
    assert len(hold(house, one, four)) == 2, "the other one might still"
    clock.sleep(1)
    assert hold(house, elsewhere, []) == {}
    assert sorted(hold(house, one, four)) == sorted(four)


def test_of_one_centre_what_a_dead_one_had_is_taken_as_soon_as_its_leases_end(site: Site, four: list[str]) -> None:
    """Three live, two of which may take these: when one of the two dies, its cameras wait for no third one's share."""
    house, clock = site.house, site.house.clock
    elsewhere = Leases(house.database, clock, "elsewhere")
    one, two = (Leases(house.database, clock, holder) for holder in ("one", "two"))

    def of_one_centre(leases: Leases) -> dict[str, int]:
        with house.database.begin() as session:
            return leases.hold(session, four, all_may=False)

    hold(house, elsewhere, [])
    assert len(of_one_centre(one)) == 4
    assert len(of_one_centre(two)) == 1, "a third of four"
    for _ in range(int(LEASE_FOR.total_seconds()) // 2):
        clock.sleep(2)
        hold(house, elsewhere, [])
        found = of_one_centre(one)
    assert len(found) == 4


class Two:
    """Two recorders that ask every two seconds; `one` cannot open the first of the cameras."""

    def __init__(self, site: Site, cameras: list[str]) -> None:
        self.house, self.cameras = site.house, cameras
        self.one, self.two = (Leases(self.house.database, self.house.clock, holder) for holder in ("one", "two"))

    def pass_time(self, seconds: int, unopened: set[str]) -> list[str]:
        """Returns who had the first camera, moment by moment: o, t, or nobody (-)."""
        had = []
        for _ in range(0, seconds, 2):
            self.house.clock.sleep(2)
            with self.house.database.begin() as session:
                ones = self.one.hold(session, self.cameras, unopened)
            twos = hold(self.house, self.two, self.cameras)
            had.append("o" if self.cameras[0] in ones else "t" if self.cameras[0] in twos else "-")
        return had


def test_who_cannot_open_a_camera_leaves_it_to_another(site: Site, four: list[str]) -> None:
    # Who joins takes its share from the first ones: the last one stays.
    two = Two(site, sorted(four, reverse=True))
    hold(site.house, two.one, four)
    assert two.pass_time(10, set()) == ["o"] * 5
    had = "".join(two.pass_time(600, {two.cameras[0]}))
    assert had.rstrip("t").strip("o-") == "", had
    assert had.endswith("t" * 250), "and it stays there"
    assert had.count("-") * 2 <= LEASE_FOR.total_seconds() + 2


def test_alone_it_goes_on_trying(site: Site, four: list[str]) -> None:
    alone = Leases(site.house.database, site.house.clock, "one")
    for _ in range(100):
        site.house.clock.sleep(2)
        with site.house.database.begin() as session:
            assert sorted(alone.hold(session, four, set(four))) == sorted(four)


def test_what_the_other_may_not_take_is_tried_again_soon(site: Site, four: list[str]) -> None:
    one, elsewhere = (Leases(site.house.database, site.house.clock, holder) for holder in ("one", "elsewhere"))
    had = []
    for _ in range(300):
        site.house.clock.sleep(2)
        hold(site.house, elsewhere, [])
        with site.house.database.begin() as session:
            had.append(four[0] in one.hold(session, four[:1], set(four)))
    turns = "".join("o" if each else "-" for each in had).split("-")
    tried = [len(each) for each in turns if each]
    assert [seconds // 30 for seconds in tried[:-1]] == [1, 2, 4], "for a minute, two, four"
    assert sum(had) / len(had) > 0.8


def test_a_dead_camera_goes_round_slowly(site: Site, four: list[str]) -> None:
    """Neither can open it: each tries for longer each time, eight minutes at most, and begins anew once it could."""
    clock, door = site.house.clock, four[0]
    both = {holder: Leases(site.house.database, clock, holder) for holder in ("one", "two")}
    had = []
    for _ in range(3600):
        clock.sleep(4)
        for holder, leases in both.items():
            with site.house.database.begin() as session:
                if door in leases.hold(session, [door], {door}):
                    had.append(holder)
    turns = [holder for before, holder in pairwise(["", *had]) if holder != before]
    assert len(turns) <= 4 + 4 * 3600 / 480 + 1, "in four hours"
    assert set(had) == {"one", "two"}
    last, other = had[-1], next(each for each in both if each != had[-1])
    for tick in range(120):
        clock.sleep(4)
        assert hold(site.house, both[last], [door]) or tick < 20, "it can be opened, and stays"
    hold(site.house, both[other], [])
    with site.house.database.begin() as session:
        assert door not in both[last].hold(session, [door], {door}), "as at the first time, after a minute"
