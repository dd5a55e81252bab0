"""A camera's day, by the manager of its centre, and by everybody else: what there is, and what there is not."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.web.local import Local
from storage.models import Hold, Segment, StoredObject
from storage.retention.restriction import restrict
from tests.house import House
from tests.pages.filmed import Filmed, filmed
from tests.pages.people import Town
from tests.video import footage

MEDIA = re.compile(r"/cameras/\w+/media/\w+")
OF_MEDIA = ("playlist.m3u8", "previews.json", "day.json", "media/{object}", "thumbnails/{object}", "strips/{object}")


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


@pytest.fixture
def here(town: Town) -> Filmed:
    """A camera of Mira's centre."""
    centre_id = town.person("mira").centre_id
    assert centre_id is not None
    return filmed(town.house, centre_id)


def spanned(here: Filmed) -> str:
    begin = here.runs[0] - timedelta(minutes=1)
    return f"?from={begin:%Y-%m-%dT%H:%M:%S}Z&to={begin + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}Z"


def segments(town: Town, here: Filmed) -> list[Segment]:
    found: list[Segment] = town.house.ask(
        lambda s: s.scalars(
            sa.select(Segment).where(Segment.camera_id == here.camera_id).order_by(Segment.began_at)
        ).all()
    )
    return found


def test_the_day_is_told_and_played(town: Town, here: Filmed) -> None:
    mira, base = town.signed_in("mira"), f"/cameras/{here.camera_id}"
    page = mira.get(base)
    assert page.status_code == 200
    assert page.text.count('class="recorded"') == 2 + 1, "two stretches, and the legend"
    assert "media-src 'self' blob:" in page.headers["Content-Security-Policy"]
    assert "blob:" not in mira.get("/").headers["Content-Security-Policy"]
    playlist = mira.get(f"{base}/playlist.m3u8{spanned(here)}")
    assert playlist.mimetype == "application/vnd.apple.mpegurl"
    objects = [each.object_id for each in segments(town, here)]
    assert list(dict.fromkeys(MEDIA.findall(playlist.text))) == [f"{base}/media/{each}" for each in objects]
    (looked,) = town.leaves("media_shown")
    assert looked["day"] == f"{here.runs[0].astimezone(ZoneInfo('Asia/Almaty')):%Y-%m-%d}", "what moved in it"
    shown = []
    for each in objects:
        answer = mira.get(f"{base}/media/{each}")
        assert (answer.status_code, answer.mimetype) == (200, "video/mp4")
        shown += footage.numbers(answer.data)
        part = mira.get(f"{base}/media/{each}", Range="bytes=10-29")
        assert (part.status_code, part.data) == (206, answer.data[10:30])
    assert shown == [*range(300), *range(300)]
    (_, told) = town.leaves("media_shown")
    assert (told["person"], told["camera"], told["purpose"]) == (town.person("mira").id, here.camera_id, "security")
    town.house.clock.sleep(15 * 60)
    mira.get(f"{base}/media/{objects[0]}", Range="bytes=0-9")
    assert len(town.leaves("media_shown")) == 3, "renewed"


def test_pictures_and_motion(town: Town, here: Filmed) -> None:
    mira, base = town.signed_in("mira"), f"/cameras/{here.camera_id}"
    told: list[dict[str, Any]] = mira.get(f"{base}/previews.json{spanned(here)}").json or []
    assert [each["object"] for each in told] == [each.object_id for each in segments(town, here)]
    for kind in ("thumbnails", "strips"):
        answer = mira.get(f"{base}/{kind}/{told[0]['object']}")
        assert (answer.mimetype, answer.data[:2], answer.data[-2:]) == ("image/jpeg", b"\xff\xd8", b"\xff\xd9")
    day: dict[str, Any] = mira.get(f"{base}/day.json").json or {}
    assert len(day["motion"]) == 24 * 60
    assert max(day["motion"]) > 0
    assert len(day["recorded"]) == 2


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "pavel", "aidar", "stranger"])
def test_i11_nobody_else_gets_a_picture_by_any_address(town: Town, here: Filmed, name: str) -> None:
    visitor = town.visitor() if name == "stranger" else town.signed_in(name)
    object_id = segments(town, here)[0].object_id
    for each in OF_MEDIA:
        answer = visitor.get(f"/cameras/{here.camera_id}/{each.format(object=object_id)}{spanned(here)}")
        assert answer.status_code == (303 if name == "stranger" else 404), each
        assert b"\xff\xd8" not in answer.data
    assert town.leaves("media_shown") == []
    # One for the camera, however often they ask within a quarter of an hour.
    assert len(town.leaves("media_refused")) == (0 if name == "stranger" else 1)
    page = visitor.get(f"/cameras/{here.camera_id}")
    assert page.status_code == {"pavel": 200, "aidar": 200, "stranger": 303}.get(name, 404)
    assert "footage.js" not in page.text
    assert 'class="motion" d' not in page.text, "what moved tells as much"


def test_i11_of_another_centre_there_is_nothing(town: Town) -> None:
    elsewhere = filmed(town.house, town.house.lines()[0].centre_id)
    mira, object_id = town.signed_in("mira"), segments(town, elsewhere)[0].object_id
    base = f"/cameras/{elsewhere.camera_id}"
    for each in ("", "/span", *(f"/{path.format(object=object_id)}" for path in OF_MEDIA)):
        assert mira.get(f"{base}{each}{spanned(elsewhere)}").status_code == 404, each
    form = mira.form("/sessions")
    sent = {"from": "2026-11-02T00:00:00Z", "to": "2026-11-03T00:00:00Z", "case": "1", "reason": "1"}
    assert mira.post(f"{base}/hold", form=form, more=sent, review="2026-11-30").status_code == 404
    assert town.house.ask(lambda s: s.scalars(sa.select(Hold)).all()) == []


def test_what_is_restricted_or_another_cameras_is_not_there(town: Town, here: Filmed) -> None:
    mira, first = town.signed_in("mira"), segments(town, here)[0].object_id
    assert mira.get(f"/cameras/{here.camera_id}/media/{town.kept.id}").status_code == 404, "a recording of a call"
    with town.house.at.database.begin() as session:
        restrict(session, first, "asked", town.house.clock.now())
    assert mira.get(f"/cameras/{here.camera_id}/media/{first}").status_code == 404
    assert town.leaves("media_refused") == [], "it is hers to see, and not there"
    assert first not in mira.get(f"/cameras/{here.camera_id}/playlist.m3u8{spanned(here)}").text


def test_i5_a_marked_span_is_held_and_nothing_else(town: Town, here: Filmed) -> None:
    mira, base = town.signed_in("mira"), f"/cameras/{here.camera_id}"
    begin = here.runs[1]
    asked = {"from": begin.isoformat(), "to": (begin + timedelta(seconds=0.5)).isoformat()}
    page = mira.client.get(f"{base}/span", query_string=asked | {"lang": "en"}, base_url=mira.base)
    assert page.status_code == 200
    form = mira.form(f"{base}/span{spanned(here)}")
    answer = mira.post(f"{base}/hold", form=form, more=asked, case="7/26", reason="a fall", review="2026-11-30")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{base}?day=")
    held = town.house.ask(lambda s: s.scalars(sa.select(StoredObject).where(StoredObject.holds == 1)).all())
    first = next(each for each in segments(town, here) if each.began_at == begin)
    assert {(row.kind, row.id if row.kind == "segment" else row.parent_id) for row in held} == {
        ("segment", first.object_id),
        ("preview", first.object_id),
    }
    assert f"This would hold 2 objects · {Local('en').size(sum(row.bytes for row in held))}" in page.text
    assert mira.get(base).text.count('class="held"') == 1 + 1
    late = mira.post(f"{base}/hold", form=form, more=asked, case="", reason="a fall", review="2026-11-30")
    assert late.status_code == 409


def offered(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(from|to)" type="datetime-local" step="1" required value="([^"]+)"', page))


def test_the_span_that_the_day_begins_with_is_what_was_recorded_last(town: Town, here: Filmed) -> None:
    mira, base = town.signed_in("mira"), f"/cameras/{here.camera_id}"
    asked = offered(mira.get(base).text) | {"lang": "en"}
    span = mira.client.get(f"{base}/span", query_string=asked, base_url=mira.base)
    last = [each for each in segments(town, here) if each.began_at >= here.runs[-1]]
    assert f"· {len(last)} segments" in span.text
    assert offered(mira.get(f"{base}?day=2001-01-01").text) == {
        "from": "2001-01-01T00:00:00",
        "to": "2001-01-01T00:05:00",
    }


def test_what_a_hold_came_to_is_read_from_its_row(town: Town, here: Filmed) -> None:
    mira, base = town.signed_in("mira"), f"/cameras/{here.camera_id}"
    told = mira.get(f"{base}?held=5&gone=9999&hold=none&lang=en").text
    assert '<p class="notice"' not in told
    form = mira.form(f"{base}/span{spanned(here)}")
    more = {"case": "7/26", "reason": "a fall", "review": "2026-11-30"}
    begin = here.runs[0]
    span = {"from": begin.isoformat(), "to": (begin + timedelta(seconds=0.5)).isoformat()}
    made = mira.post(f"{base}/hold", form=form, more=span | more)
    assert "The span is held: 2 objects." in mira.get(f"{made.headers['Location']}&lang=en").text
    coming = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-20T01:00:00Z"}
    made = mira.post(f"{base}/hold", form=form, more=coming | more)
    assert "Nothing of the span is stored so far" in mira.get(f"{made.headers['Location']}&lang=en").text
    other = filmed(town.house, town.person("mira").centre_id or "", runs=1, code="yard")
    query = made.headers["Location"].partition("?")[2]
    assert '<p class="notice"' not in mira.get(f"/cameras/{other.camera_id}?{query}").text, "another camera's hold"


def test_before_there_was_a_camera_nothing_is_held(town: Town, here: Filmed) -> None:
    mira, base = town.signed_in("mira"), f"/cameras/{here.camera_id}"
    span = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T01:00:00Z"}
    form = mira.form(f"{base}/span{spanned(here)}")
    more = {"case": "7/26", "reason": "a fall", "review": "2026-11-30"}
    refused = mira.post(f"{base}/hold?lang=ru", form=form, more=span | more)
    assert refused.status_code == 409
    assert "раньше, чем появилась камера" in refused.text
    assert town.house.ask(lambda s: s.scalars(sa.select(Hold)).all()) == []


@pytest.mark.parametrize("asked", ["", "?from=x&to=y", "?from=2026-11-02T10:00:00&to=2026-11-02T09:00:00", "?day=x"])
def test_what_is_typed_wrong_is_said(town: Town, here: Filmed, asked: str) -> None:
    mira = town.signed_in("mira")
    assert mira.get(f"/cameras/{here.camera_id}/span{asked}").status_code == 400
    for each in ("playlist.m3u8", "previews.json"):
        assert mira.get(f"/cameras/{here.camera_id}/{each}{asked}").status_code in {200, 400}


@pytest.mark.parametrize(
    "asked",
    [
        "playlist.m3u8?from=9999-12-31T23:10Z&to=9999-12-31T23:20Z",
        "previews.json?from=9999-12-31T23:10Z&to=9999-12-31T23:20Z",
        "span?from=0001-01-01T06:00Z&to=0001-01-01T07:00Z",
        "span?from=0001-01-01T00:00&to=2100-01-01T00:00",
        "?day=0001-01-01",
        "?day=9999-12-31",
        "day.json?day=1969-12-31",
    ],
)
def test_a_year_in_which_nothing_was_filmed_is_refused_in_words(town: Town, here: Filmed, asked: str) -> None:
    separator = "" if asked.startswith("?") else "/"
    answer = town.signed_in("mira").get(f"/cameras/{here.camera_id}{separator}{asked}&lang=ru")
    assert answer.status_code == 400
    assert "укажите год с 1970 по 2099" in answer.text
    field = "День" if "day=" in asked else "С"
    assert f"Поле «{field}»" in answer.text


@pytest.mark.parametrize("day", ["1970-01-01", "2099-12-31"])
def test_the_first_and_the_last_day_are_shown(town: Town, here: Filmed, day: str) -> None:
    assert town.signed_in("mira").get(f"/cameras/{here.camera_id}?day={day}").status_code == 200
