"""Playing a camera's footage: few questions for each part, and each part by the right to it, asked anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from storage.models import Camera, Person, Segment, StoredObject
from storage.objects.keys import KeyRing
from storage.objects.store import ObjectStore
from tests.house import House
from tests.pages.filmed import Filmed, filmed
from tests.pages.people import Town
from video.clips_asked import ask


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


@pytest.fixture
def here(town: Town) -> Filmed:
    """A camera of Mira's centre."""
    centre_id = town.person("mira").centre_id
    assert centre_id is not None
    return filmed(town.house, centre_id)


def first(town: Town, here: Filmed) -> Segment:
    found: Segment = town.house.ask(
        lambda s: s.scalars(
            sa.select(Segment).where(Segment.camera_id == here.camera_id).order_by(Segment.began_at)
        ).first()
    )
    return found


class Counted:
    """What it stands for, and how often one of its doings was asked for."""

    def __init__(self, real: Any, name: str) -> None:
        self._real, self._name = real, name
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            self.asked += 1
        return getattr(self._real, name)


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    """What is asked of a database meanwhile."""
    told: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT") and "pg_catalog" not in statement:
            told.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_the_first_picture_is_one_look_into_the_store(town: Town, here: Filmed) -> None:
    mira, segment, playback = town.signed_in("mira"), first(town, here), town.house.at.playback
    path = f"/cameras/{here.camera_id}/media/{segment.object_id}"
    offset, size, *_ = segment.fragments[0]
    store, keys = Counted(town.house.at.store, "read"), Counted(town.house.at.keys, "get")
    playback._store, playback._keys = cast("ObjectStore", store), cast("KeyRing", keys)
    for begin, length in ((0, segment.init_bytes), (offset, size)):
        assert mira.get(path, Range=f"bytes={begin}-{begin + length - 1}").status_code == 206
    assert (store.asked, keys.asked) == (1, 1)
    with statements(town.house.at.database.engine) as told:
        assert mira.get(path, Range=f"bytes={offset}-{offset + size - 1}").status_code == 206
    assert len(told) == 2, "who asks, and what they may see"


def test_i11_i6_what_was_played_a_moment_ago_is_asked_anew(town: Town, here: Filmed) -> None:
    mira, object_id = town.signed_in("mira"), first(town, here).object_id
    path = f"/cameras/{here.camera_id}/media/{object_id}"
    for _ in range(3):
        assert mira.get(path, Range="bytes=0-9").status_code == 206
    database = town.house.at.database
    with database.begin() as session:
        session.execute(sa.update(StoredObject).where(StoredObject.id == object_id).values(state="deleting"))
    assert mira.get(path, Range="bytes=0-9").status_code == 404
    with database.begin() as session:
        session.execute(sa.update(StoredObject).where(StoredObject.id == object_id).values(state="stored"))
    assert mira.get(path, Range="bytes=0-9").status_code == 206
    with database.begin() as session:
        elsewhere = town.house.lines()[0].centre_id
        session.execute(sa.update(Person).where(Person.email == "mira@example.com").values(centre_id=elsewhere))
    assert mira.get(path, Range="bytes=0-9").status_code == 404


def test_i9_what_is_remembered_as_told_is_told_anew_in_time(town: Town, here: Filmed) -> None:
    mira, object_id = town.signed_in("mira"), first(town, here).object_id
    path = f"/cameras/{here.camera_id}/media/{object_id}"
    for minute in range(31):
        assert mira.get(path, Range="bytes=0-9").status_code == 206
        assert len(town.leaves("media_shown")) == 1 + minute // 15
        town.house.clock.sleep(60)


def spanned(here: Filmed) -> str:
    begin = here.runs[0] - timedelta(minutes=1)
    return f"?from={begin:%Y-%m-%dT%H:%M:%S}Z&to={begin + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}Z"


@pytest.mark.parametrize("address", ["", "/day.json", "/previews.json", "/playlist.m3u8"])
def test_i9_who_is_refused_stands_in_the_ledger_once_a_quarter_of_an_hour(town: Town, address: str) -> None:
    elsewhere = filmed(town.house, town.house.lines()[0].centre_id)
    mira = town.signed_in("mira")
    for _ in range(3):
        assert mira.get(f"/cameras/{elsewhere.camera_id}{address}{spanned(elsewhere)}").status_code == 404
    (told,) = town.leaves("media_refused")
    assert told == {
        "person": town.person("mira").id,
        "object": elsewhere.camera_id,
        "purpose": "security",
        "how": "page",
    }
    town.house.clock.sleep(15 * 60)
    mira.get(f"/cameras/{elsewhere.camera_id}{address}{spanned(elsewhere)}")
    assert len(town.leaves("media_refused")) == 2
    assert mira.get(f"/cameras/{'0' * 32}{address}").status_code == 404
    assert len(town.leaves("media_refused")) == 2, "of what never was nobody is refused"
    assert town.leaves("media_shown") == []


def test_i9_who_sees_what_moved_stands_in_the_ledger(town: Town, here: Filmed) -> None:
    mira, base = town.signed_in("mira"), f"/cameras/{here.camera_id}"
    day = here.runs[0].astimezone(ZoneInfo("Asia/Almaty")).date().isoformat()
    told = {"person": town.person("mira").id, "camera": here.camera_id, "purpose": "security", "how": "page"}
    for _ in range(2):
        for address in (base, f"{base}/day.json"):
            assert mira.get(f"{address}?day={day}").status_code == 200
    assert town.leaves("media_shown") == [told | {"day": day}]
    hour = here.runs[0].replace(minute=0).isoformat()
    for _ in range(2):
        assert mira.get(f"{base}/previews.json{spanned(here)}").status_code == 200
    assert town.leaves("media_shown")[1] == told | {"hour": hour}
    shown = len(town.leaves("media_shown"))
    pavel = town.signed_in("pavel")
    assert pavel.get(f"{base}?day={day}").status_code == 200
    assert len(town.leaves("media_shown")) == shown, "an officer sees the line alone"


@pytest.mark.parametrize("file", ["video.mp4", "manifest.json"])
def test_i9_who_may_not_have_a_clip_stands_in_the_ledger(town: Town, file: str) -> None:
    elsewhere = filmed(town.house, town.house.lines()[0].centre_id)
    house, begin = town.house, elsewhere.runs[0]
    with house.at.database.begin() as session:
        camera = session.get_one(Camera, elsewhere.camera_id)
        clip = ask(session, camera, (begin, begin + timedelta(seconds=3)), town.person("pavel").id, house.clock.now())
    mira = town.signed_in("mira")
    for _ in range(2):
        assert mira.get(f"/clips/{clip.id}/{file}").status_code == 404
    (told,) = town.leaves("media_refused")
    assert (told["object"], told["how"]) == (elsewhere.camera_id, "download")
