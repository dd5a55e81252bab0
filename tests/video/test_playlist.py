"""Playlists: what they say is what the bytes are."""

import re
from datetime import datetime, timedelta
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import av
import pytest

from storage.models import Segment
from tests.video import footage
from tests.video.site import Site
from tests.video.test_segments import NOW, write
from video.footage import codecs, line, playable_between, previewed
from video.playlist import pieces, playlist
from video.salvage import recover
from video.timeline import GAP, RECORDED
from video.timing import TIMESCALE

HOUR = timedelta(hours=1)
MAP = re.compile(r'#EXT-X-MAP:URI="(\w+)",BYTERANGE="(\d+)@0"')


@pytest.fixture
def door(site: Site, tmp_path: Path) -> str:
    """Eight seconds, a gap, and another run of four."""
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    recover(spool, NOW - timedelta(seconds=3)).end(NOW)
    write(spool, footage.make(tmp_path / "a.mp4", 200), camera_id=door)
    recover(spool, NOW + timedelta(seconds=20)).end(NOW + timedelta(seconds=20))
    write(spool, footage.make(tmp_path / "b.mp4", 100), camera_id=door, began_at=NOW + timedelta(seconds=20))
    assert site.upload.run()
    return door


def written(site: Site, door: str, begin: datetime, end: datetime) -> list[str]:
    with site.house.database.read() as session:
        return playlist(playable_between(session, door, begin, end), begin, end, "").splitlines()


def played(site: Site, lines: list[str]) -> list[list[int]]:
    """The frames that a player would show, between discontinuities, by fetching the very ranges."""
    shown: list[list[int]] = [[]]
    init, media, ranges = b"", b"", ""
    for each in [*lines, "#EXT-X-DISCONTINUITY"]:
        if found := MAP.match(each):
            init = site.house.content(found[1])[: int(found[2])]
        elif each.startswith("#EXT-X-BYTERANGE:"):
            ranges = each.partition(":")[2]
        elif each == "#EXT-X-DISCONTINUITY":
            shown[-1] = footage.numbers(init + media)
            shown.append([])
            media = b""
        elif not each.startswith("#") and each:
            size, _, offset = ranges.partition("@")
            media += site.house.content(each)[int(offset) : int(offset) + int(size)]
    return shown[:-1]


def test_a_player_that_fetches_the_ranges_shows_every_frame_once(site: Site, door: str) -> None:
    lines = written(site, door, NOW - HOUR, NOW + HOUR)
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert lines.count("#EXT-X-DISCONTINUITY") == 1
    assert len([each for each in lines if each.startswith("#EXT-X-MAP")]) == 2
    assert played(site, lines) == [list(range(200)), list(range(100))]
    lasts = [float(each[8:-1]) for each in lines if each.startswith("#EXTINF")]
    assert sum(lasts) == pytest.approx(12.0, abs=0.01)
    (target,) = (int(each.partition(":")[2]) for each in lines if each.startswith("#EXT-X-TARGETDURATION"))
    assert max(lasts) <= target
    told = [datetime.fromisoformat(each.partition(":")[2]) for each in lines if "DATE-TIME" in each]
    assert told == sorted(told)
    assert abs(told[0] - NOW) < timedelta(milliseconds=2)


def test_a_part_begins_and_ends_at_key_frames_around_what_was_asked(site: Site, door: str) -> None:
    lines = written(site, door, NOW + timedelta(seconds=3.5), NOW + timedelta(seconds=4.5))
    (shown,) = played(site, lines)
    assert shown[0] % 25 == 0
    assert shown[0] <= 87
    assert shown[-1] >= 112
    assert len(shown) < 200


def test_what_was_deleted_between_is_a_discontinuity(site: Site, door: str) -> None:
    segments = site.segments(door)
    with site.house.database.read() as session:
        there = playable_between(session, door, NOW - HOUR, NOW + HOUR)
    assert [each.object_id for each in there] == [each.object_id for each in segments]
    lines = playlist([there[0], *there[2:]], NOW - HOUR, NOW + HOUR, "").splitlines()
    assert lines.count("#EXT-X-DISCONTINUITY") == 2


def test_pieces_cover_a_segment_and_begin_at_key_frames(site: Site, door: str) -> None:
    with site.house.database.read() as session:
        there = playable_between(session, door, NOW - HOUR, NOW + HOUR)
    for segment in there:
        for least in (0.5, 1.0, 4.0):
            found = list(pieces(segment, least))
            assert found[0].offset == segment.init_bytes
            assert sum(each.size for each in found) + segment.init_bytes == len(site.house.content(segment.object_id))
            assert (found[0].begin, found[-1].end) == (segment.media_begin, segment.media_end)
            assert (found[0].at, found[-1].until) == (segment.began_at, segment.ended_at)
            for piece in found:
                data = site.house.content(segment.object_id)
                media = data[: segment.init_bytes] + data[piece.offset : piece.offset + piece.size]
                with av.open(BytesIO(media), "r") as file:
                    packets = [each for each in file.demux(file.streams.video[0]) if each.size]
                assert packets[0].is_keyframe
                assert packets[0].time_base == Fraction(1, TIMESCALE)
                assert packets[0].pts == piece.begin


def test_the_day_says_what_there_is(site: Site, door: str) -> None:
    now = NOW + timedelta(minutes=1)
    with site.house.database.read() as session:
        day = line(session, door, NOW - HOUR, NOW + HOUR, now)
        assert codecs(session, door, NOW - HOUR, NOW + HOUR) == {"h264"}
        assert previewed(session, door, NOW - HOUR, NOW + HOUR) == []
    assert [(each.kind, each.reason) for each in day] == [
        (GAP, "starting"), (RECORDED, None), (GAP, "ended"), (RECORDED, None), (GAP, "ended"),
    ]  # fmt: skip
    assert [each.lasts for each in day] == [False] * 4 + [True]
    assert day[-1].end == now
    for before, after in pairwise(day):
        assert before.end == after.begin
    with site.house.database.read() as session:
        middle = line(session, door, NOW + timedelta(seconds=1), NOW + timedelta(seconds=2), now)
        (before,) = line(session, door, NOW - HOUR, NOW - timedelta(seconds=1), now)
    assert [(each.kind, each.seconds) for each in middle] == [(RECORDED, 1.0)]
    assert before.kind == GAP


def test_what_another_recorder_lost_hides_nothing(site: Site, tmp_path: Path) -> None:
    door = site.add("door", "rtsp://127.0.0.1/live")
    spool = site.spool.camera(door)
    recover(spool, NOW - timedelta(seconds=3)).end(NOW)
    write(spool, footage.make(tmp_path / "a.mp4", 150), camera_id=door)
    assert site.upload.run()
    _, second, third, *_ = site.segments(door)
    within = second.began_at + (second.ended_at - second.began_at) / 2
    with site.house.database.begin() as session:
        # As line.py leaves it: no length, in the middle of the one that counts.
        lost = session.get_one(Segment, third.id)
        lost.began_at = lost.ended_at = within
    begin, end = within + timedelta(milliseconds=100), within + timedelta(milliseconds=200)
    with site.house.database.read() as session:
        assert [each.object_id for each in playable_between(session, door, begin, end)] == [second.object_id]
        assert [each.kind for each in line(session, door, begin, end, NOW)] == ["recorded"]
