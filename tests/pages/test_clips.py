"""Clips by the manager of a centre: asked for with the password, made, taken away; and by nobody else."""

import hashlib
from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage.ledger.log import sequence
from storage.models import Clip, Segment
from storage.retention.restriction import restrict
from tests.calls.purging import everything_agrees
from tests.house import House
from tests.pages.filmed import Filmed, filmed
from tests.pages.people import PASSWORD, Town
from tests.video import footage


@pytest.fixture
def town(house: House) -> Town:
    return Town(house)


@pytest.fixture
def here(town: Town) -> Filmed:
    """A camera of Mira's centre."""
    centre_id = town.person("mira").centre_id
    assert centre_id is not None
    return filmed(town.house, centre_id, signed=True)


def span(here: Filmed) -> dict[str, str]:
    return {"from": here.runs[0].isoformat(), "to": (here.runs[1] + timedelta(minutes=1)).isoformat()}


def asked(town: Town, here: Filmed, **more: str) -> tuple[int, str]:
    mira = town.signed_in("mira")
    form = mira.form("/sessions")
    answer = mira.post(f"/cameras/{here.camera_id}/clips", form=form, more=span(here) | more)
    return answer.status_code, answer.headers.get("Location", "")


def made(town: Town, here: Filmed) -> str:
    status, address = asked(town, here, confirm_password=PASSWORD)
    assert status == 303
    with town.house.at.database.begin() as session:
        while sequence(session):
            pass
    assert town.house.at.clips.run() == 1
    return address


def test_it_is_asked_for_made_and_taken_away(town: Town, here: Filmed) -> None:
    status, address = asked(town, here, confirm_password=PASSWORD)
    assert status == 303
    mira = town.signed_in("mira")
    assert mira.get(f"{address}/state.json").json == {"state": "asked", "done": 0, "all": None}
    assert "<progress" in mira.get(address).text
    assert mira.get(f"{address}/video.mp4").status_code == 404, "not yet"
    with town.house.at.database.begin() as session:
        sequence(session)
    assert town.house.at.clips.run() == 1
    page = mira.get(address).text
    video = mira.get(f"{address}/video.mp4")
    assert footage.numbers(video.data) == [*range(300), *range(300)]
    assert video.headers["Content-Disposition"].startswith("attachment; filename=alm-door-2026")
    told = mira.get(f"{address}/manifest.json").json
    assert told is not None
    assert told["video"]["sha256"] == hashlib.sha256(video.data).hexdigest()
    assert told["video"]["sha256"] in page
    clip_id = address.rpartition("/")[2]
    everything_agrees(town.house)
    (leaf,) = town.leaves("clip_asked")
    assert (leaf["clip"], leaf["person"]) == (clip_id, town.person("mira").id)
    (shown,) = town.leaves("media_shown")
    assert shown["object"] == town.house.ask(lambda s: s.get_one(Clip, clip_id).object_id)
    assert f'href="{address}"' in mira.get(f"/cameras/{here.camera_id}").text


def test_without_the_password_nothing_is_asked_for(town: Town, here: Filmed) -> None:
    town.house.clock.sleep(3600)
    mira = town.signed_in("mira")
    form = mira.form("/sessions")
    town.house.clock.sleep(11 * 60)
    answer = mira.post(f"/cameras/{here.camera_id}/clips", form=form, more=span(here))
    assert answer.status_code == 403
    assert town.house.ask(lambda s: s.scalars(sa.select(Clip)).all()) == []


@pytest.mark.parametrize("name", ["alice", "charlie", "pavel", "aidar"])
def test_i11_nobody_else_gets_it(town: Town, here: Filmed, name: str) -> None:
    address, other = made(town, here), town.signed_in(name)
    for each in ("", "/state.json", "/video.mp4", "/manifest.json"):
        assert other.get(f"{address}{each}").status_code == 404
    form = other.form("/sessions")
    more = span(here) | {"confirm_password": PASSWORD}
    assert other.post(f"/cameras/{here.camera_id}/clips", form=form, more=more).status_code == 404
    assert town.leaves("media_shown") == []


def test_of_another_centres_camera_none_can_be_asked_for(town: Town) -> None:
    elsewhere = filmed(town.house, town.house.lines()[0].centre_id)
    assert asked(town, elsewhere, confirm_password=PASSWORD)[0] == 404


def test_when_a_segment_is_restricted_it_is_given_to_nobody(town: Town, here: Filmed) -> None:
    address = made(town, here)
    first = town.house.ask(lambda s: s.scalars(sa.select(Segment.object_id)).first())
    with town.house.at.database.begin() as session:
        restrict(session, str(first), "asked", town.house.clock.now())
    mira = town.signed_in("mira")
    for each in ("/video.mp4", "/manifest.json"):
        assert mira.get(f"{address}{each}").status_code == 404
