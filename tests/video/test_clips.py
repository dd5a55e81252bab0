"""Clips: every frame of the span once, provable, gone with the first of their segments, held with all of them."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
import sqlalchemy as sa

from storage.ledger.ledger import Ledger
from storage.ledger.log import sequence
from storage.models import Camera, Clip, ObjectPart, Person, Receipt, RecordingRun, StoredObject
from storage.models.columns import random_id
from storage.objects.store import StoreUnavailable
from storage.retention.claim import claim
from storage.retention.holds import Span, Why, hold_objects, hold_span, lift
from tests.video import footage
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from video.clips import KEPT_FOR, Clips
from video.clips_asked import ask
from video.salvage import recover

DAY = timedelta(days=1)


@dataclass
class Studio:
    """A camera with eight seconds, a gap, and four more; and who asks for clips of it."""

    site: Site
    door: str
    person_id: str
    clips: Clips

    def place(self) -> None:
        with self.site.house.database.begin() as session:
            while sequence(session):
                pass

    def ask(self, begin: float, end: float) -> str:
        with self.site.house.database.begin() as session:
            camera = session.get_one(Camera, self.door)
            span = NOW + timedelta(seconds=begin), NOW + timedelta(seconds=end)
            return ask(session, camera, span, self.person_id, self.site.house.clock.now()).id

    def clip(self, clip_id: str) -> Clip:
        with self.site.house.database.read() as session:
            return session.get_one(Clip, clip_id)

    def made(self, begin: float, end: float) -> tuple[Clip, bytes]:
        clip_id = self.ask(begin, end)
        self.place()
        assert self.clips.run() == 1
        clip = self.clip(clip_id)
        assert (clip.state, clip.bytes_done, clip.next_attempt_at) == ("made", clip.bytes_all, None)
        return clip, self.site.house.content(str(clip.object_id))

    def exports(self) -> dict[str, str]:
        with self.site.house.database.read() as session:
            return {row.id: row.state for row in session.scalars(sa.select(StoredObject)) if row.kind == "export"}


@pytest.fixture
def studio(site: Site, tmp_path: Path) -> Studio:
    return studio_of(site, tmp_path)


def studio_of(site: Site, tmp_path: Path, second: str = "libx264") -> Studio:
    door, house = site.add("door", "rtsp://127.0.0.1/live"), site.house
    spool = site.spool.camera(door)
    recover(spool, NOW - timedelta(seconds=3)).end(NOW)
    write(spool, footage.make(tmp_path / "a.mp4", 200), camera_id=door)
    later = NOW + timedelta(seconds=20)
    recover(spool, later).end(later)
    write(spool, footage.make(tmp_path / "b.mp4", 100, second), camera_id=door, began_at=later)
    assert site.upload.run()
    house.clock.sleep(max(0.0, (site.clock.now() - house.clock.now()).total_seconds()))
    person = Person(
        id=random_id(),
        email="mira@example.com",
        role="centre_manager",
        centre_id=house.centre_id,
        created_at=house.clock.now(),
    )
    with house.database.begin() as session:
        session.add(person)
    ledger = Ledger(tmp_path / "ledger.key", "test.example/log", house.clock)
    clips = Clips(house.database, house.clock, house.intake, house.playback, ledger)
    return Studio(site, door, person.id, clips)


def times(media: bytes) -> list[Fraction]:
    """When each frame is decoded, in seconds."""
    with av.open(BytesIO(media), "r") as file:
        packets = [each for each in file.demux(file.streams.video[0]) if each.size]
        return [Fraction(each.dts or 0) * (each.time_base or 0) for each in packets]


def test_every_frame_once_over_segments_and_a_gap(studio: Studio) -> None:
    clip, media = studio.made(-100, 100)
    assert footage.numbers(media) == [*range(200), *range(100)]
    assert times(media) == [Fraction(number, footage.FPS) for number in range(300)], "time goes on over the gap"
    with av.open(BytesIO(media), "r") as file:
        assert file.duration == 12_000_000, "the index says how long it is"
    told: dict[str, Any] = clip.manifest or {}
    assert (told["video"]["sha256"], told["video"]["bytes"]) == (hashlib.sha256(media).hexdigest(), len(media))
    assert told["asked_by"] == "mira@example.com"
    assert [(each["reason"]) for each in told["gaps"]] == ["starting", "ended", "ended"], "of all that was asked for"
    assert json.dumps(told)
    assert {part["clock_ahead_s"] for part in told["parts"]} == {0}
    at = 0.0
    for part in told["parts"]:
        source = studio.site.house.content(part["object_id"])
        assert part["sha256"] == hashlib.sha256(source).hexdigest() == part["leaf"]["facts"]["sha256"]
        assert part["in_clip_s"][0] == at
        at = part["in_clip_s"][1]
        assert part["leaf"]["proof"].startswith("c2sp.org/tlog-proof@v1\n")
        assert f"index {part['leaf']['index']}\n" in part["leaf"]["proof"]
    assert at == 12.0


def test_parts_whose_times_are_ahead_say_by_how_much(studio: Studio) -> None:
    with studio.site.house.database.begin() as session:
        runs = session.scalars(sa.select(RecordingRun).order_by(RecordingRun.began_at)).all()
        runs[0].clock_said = runs[0].began_at - timedelta(seconds=2)
        runs[1].clock_said = runs[1].began_at - timedelta(hours=1)
    clip, _ = studio.made(-100, 100)
    told: dict[str, Any] = clip.manifest or {}
    assert [part["clock_ahead_s"] for part in told["parts"]] == [0] * 5 + [3600] * 3


def test_it_begins_and_ends_at_key_frames_around_what_was_asked(studio: Studio) -> None:
    clip, media = studio.made(3.5, 5.2)
    shown = footage.numbers(media)
    assert shown == list(range(shown[0], shown[-1] + 1))
    assert (shown[0] % 25, shown[0] <= 87, shown[-1] >= 129, len(shown) <= 100) == (0, True, True, True)
    told: dict[str, Any] = clip.manifest or {}
    given = [datetime.fromisoformat(told["given"][each]) for each in ("from", "to")]
    assert given[0] <= NOW + timedelta(seconds=3.5) <= NOW + timedelta(seconds=5.2) <= given[1]
    assert times(media)[0] == 0


def test_i6_it_goes_a_week_later_or_with_the_first_of_its_segments(studio: Studio) -> None:
    house = studio.site.house
    clip, _ = studio.made(-100, 100)
    row = house.row(str(clip.object_id))
    assert row.delete_after is not None
    assert row.delete_after - house.clock.now() <= KEPT_FOR
    first = studio.site.segments(studio.door)[0].object_id
    with house.database.begin() as session:
        assert claim(session, first, "policy", house.clock.now()) == 2, "the segment, and the clip"
    house.deleter.run()
    assert studio.exports() == {row.id: "deleted"}
    with house.database.read() as session:
        assert set(session.scalars(sa.select(Receipt.object_id))) == {first, row.id}
        assert session.scalars(sa.select(Clip)).all() == [], "who asked for it goes with it"
        assert session.scalars(sa.select(ObjectPart)).all() == []


def test_i6_of_old_footage_it_goes_before_the_first_segment_does(studio: Studio) -> None:
    house = studio.site.house
    house.clock.sleep((timedelta(days=29)).total_seconds())
    clip, _ = studio.made(-100, 100)
    first = studio.site.segments(studio.door)[0]
    date = house.row(first.object_id).delete_after
    row = house.row(str(clip.object_id))
    assert date is not None
    assert row.delete_after is not None
    assert date - timedelta(seconds=2) < row.delete_after < date
    house.clock.sleep((date - house.clock.now()).total_seconds())
    house.deleter.run()
    assert studio.exports() == {row.id: "deleted"}


@pytest.mark.parametrize("when", ["before", "while", "after"])
def test_i5_a_hold_over_all_of_its_segments_holds_it(studio: Studio, when: str) -> None:
    house = studio.site.house
    span, review = Span(studio.door, NOW, NOW + timedelta(seconds=60)), house.clock.now() + 90 * DAY

    def hold() -> str:
        with house.database.begin() as session:
            return hold_span(session, span, Why("1", "a test", "operator", review), house.clock.now())[0].id

    if when == "before":
        held = hold()
    clip_id = studio.ask(-100, 100)
    studio.place()
    if when == "while":
        taken = studio.clips._planned(*(studio.clips._claim(None) or ("", 0)))
        held = hold()
        house.clock.sleep(60)
        assert taken.ticket.object_id in studio.exports()
    assert studio.clips.run() == 1
    if when == "after":
        held = hold()
    clip = studio.clip(clip_id)
    assert house.row(str(clip.object_id)).holds == 1
    house.clock.sleep((40 * DAY).total_seconds())
    house.deleter.run()
    assert house.row(str(clip.object_id)).state == "stored"
    with house.database.begin() as session:
        lift(session, held, "closed", house.clock.now())
    house.deleter.run()
    assert house.row(str(clip.object_id)).state == "deleted"


def test_a_hold_over_some_of_its_segments_keeps_no_copy_of_the_others(studio: Studio) -> None:
    house = studio.site.house
    clip, _ = studio.made(-100, 100)
    span = Span(studio.door, NOW, NOW + timedelta(seconds=0.5))
    with house.database.begin() as session:
        review = house.clock.now() + 90 * DAY
        hold_span(session, span, Why("1", "a test", "operator", review), house.clock.now())
    house.clock.sleep((40 * DAY).total_seconds())
    house.deleter.run()
    assert house.row(str(clip.object_id)).state == "deleted"
    assert [each.number for each in studio.site.segments(studio.door)] == [0]


def test_who_holds_a_clip_holds_what_it_was_made_of(studio: Studio) -> None:
    house = studio.site.house
    clip, _ = studio.made(-100, 100)
    with house.database.begin() as session:
        why = Why("1", "a test", "operator", house.clock.now() + 90 * DAY)
        hold_objects(session, [str(clip.object_id)], why, house.clock.now())
    house.clock.sleep((40 * DAY).total_seconds())
    house.deleter.run()
    assert house.row(str(clip.object_id)).state == "stored"
    assert len(studio.site.segments(studio.door)) == len((clip.manifest or {})["parts"])


def test_what_cannot_be_one_file_is_refused_with_a_reason(site: Site, tmp_path: Path) -> None:
    studio = studio_of(site, tmp_path, "libx265")
    clip_id = studio.ask(-100, 100)
    nothing = studio.ask(1000, 1001)
    studio.place()
    assert studio.clips.run() == 0
    assert (studio.clip(clip_id).state, studio.clip(clip_id).last_error) == ("refused", "changes")
    assert (studio.clip(nothing).state, studio.clip(nothing).last_error) == ("refused", "nothing_there")
    _, media = studio.made(20, 100)
    assert footage.numbers(media) == list(range(100)), "H.265, too"
    site.house.clock.sleep(1200)
    site.house.deleter.run()
    assert sorted(studio.exports().values()) == ["deleted", "stored"]
    site.house.clock.sleep(8 * DAY.total_seconds())
    studio.clips.forget()
    with site.house.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Clip.state == "refused")) == 0


def test_a_store_that_is_away_makes_it_wait_and_a_segment_that_goes_meanwhile_ends_it(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = studio.site.house

    def away(*_args: object) -> None:
        raise StoreUnavailable("away")

    clip_id = studio.ask(-100, 100)
    studio.place()
    with monkeypatch.context() as patched:
        patched.setattr(house.store, "put", away)
        assert studio.clips.run() == 0
    assert (studio.clip(clip_id).state, studio.clip(clip_id).last_error) == ("asked", "StoreUnavailable")
    house.clock.sleep(60)
    taken = studio.clips._planned(*(studio.clips._claim(None) or ("", 0)))
    with house.database.begin() as session:
        claim(session, next(iter(taken.items)), "policy", house.clock.now())
    house.clock.sleep(1200)
    house.deleter.run()
    assert studio.clips.run() == 1, "of what is still there"
    assert len((studio.clip(clip_id).manifest or {})["parts"]) == len(taken.items) - 1
    assert sorted(studio.exports().values()) == ["deleted", "stored"]
