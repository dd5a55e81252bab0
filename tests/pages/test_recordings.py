"""The recordings that somebody may hear: exactly those, the newest first; and who may hear one by session."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.audible import A_PAGE, audible
from app.auth.policy import Viewer
from app.viewing import grant
from storage.errors import NotFound
from storage.models import Call, ObjectPurpose, Person, Recording, StoredObject
from storage.models.columns import random_id
from tests.pages.people import Town, Visitor

LISTED = re.compile(r'href="/recordings/(\w{32})"')


def copied(town: Town, age: timedelta = timedelta(0), **other: Any) -> str:
    """Another recording like the first, so much older. `other` changes its object; `until` its purposes."""
    until = other.pop("until", None)
    new = {"object": random_id(), "call": random_id()}
    with town.house.at.database.begin() as session:
        kept = session.get_one(StoredObject, town.kept.id)
        recording = session.scalars(sa.select(Recording).where(Recording.object_id == kept.id)).one()

        def another(row: Any, **changed: Any) -> None:
            values = {column.key: getattr(row, column.key) for column in sa.inspect(type(row)).column_attrs}
            session.execute(sa.insert(type(row)).values(**values | changed))

        another(kept, id=new["object"], **{"began_at": kept.began_at - age} | other)
        another(session.get_one(Call, recording.call_id), id=new["call"], call_sid=new["call"])
        another(recording, id=random_id(), call_id=new["call"], object_id=new["object"], recording_sid=new["call"])
        for purpose in kept.purposes:
            another(purpose, object_id=new["object"], until=(until or {}).get(purpose.purpose, purpose.until))
    return new["object"]


@pytest.fixture(autouse=True)
def _only_the_first(town: Town) -> Any:
    yield
    with town.house.at.database.begin() as session:
        others = sa.select(StoredObject.id).where(StoredObject.id != town.kept.id)
        calls = sa.select(Recording.call_id).where(Recording.object_id.in_(others))
        gone = list(session.scalars(calls))
        session.execute(sa.delete(Recording).where(Recording.object_id.in_(others)))
        session.execute(sa.delete(Call).where(Call.id.in_(gone)))
        session.execute(sa.delete(ObjectPurpose).where(ObjectPurpose.object_id != town.kept.id))
        session.execute(sa.delete(StoredObject).where(StoredObject.id != town.kept.id))


def listed(visitor: Visitor, path: str = "/recordings") -> list[str]:
    return LISTED.findall(visitor.get(path).text)


def test_what_is_listed_is_what_may_be_heard(town: Town) -> None:
    now = town.house.clock.now()
    past, day = now - timedelta(seconds=1), timedelta(days=1)
    elsewhere = town.person("bob").centre_id
    copied(town, restricted_at=past)
    copied(town, state="deleting")
    copied(town, state="deleted")
    copied(town, state="arriving")
    copied(town, centre_id=elsewhere)
    copied(town, until={"quality": past})
    copied(town, until={"quality": past, "training": past})
    copied(town, until={"quality": now, "training": now})
    copied(town, until={"quality": now + day, "training": past})
    copied(town, kind="preview")
    everything = town.house.ask(lambda s: s.scalars(sa.select(StoredObject.id)).all())
    seen = {}
    for name in ("alice", "bob", "charlie", "mira", "pavel", "aidar"):
        person = town.person(name)
        viewer = Viewer(person.role, person.centre_id, person.active)
        may = {each for each in everything if _may_hear(town, person, each)}
        with town.house.at.database.read() as session:
            assert {row.object_id for row in audible(session, viewer, now).rows} == may, name
        assert set(listed(town.signed_in(name))) == may
        seen[name] = len(may)
    assert seen == {"alice": 3, "bob": 1, "charlie": 0, "mira": 0, "pavel": 0, "aidar": 0}


def _may_hear(town: Town, person: Person, object_id: str) -> bool:
    try:
        grant(town.house.at, person.id, object_id, "page")
    except NotFound:
        return False
    return True


def test_who_may_hear_all_centres_sees_all(town: Town) -> None:
    there = copied(town, centre_id=town.person("bob").centre_id)
    with town.house.at.database.read() as session:
        page = audible(session, Viewer("qa_reviewer", None, True), town.house.clock.now())
        nobody = audible(session, Viewer("qa_reviewer", None, False), town.house.clock.now())
    assert {row.object_id for row in page.rows} == {town.kept.id, there}
    assert not nobody.rows


def test_pages_go_on_where_the_last_ended(town: Town) -> None:
    """Several of one moment, one that comes between two pages, and one that goes."""
    ages = [timedelta(minutes=each // 3) for each in range(1, 2 * A_PAGE + 6)]
    made = [copied(town, age) for age in ages]
    alice, path = town.signed_in("alice"), "/recordings"
    pages = []
    while path:
        text = alice.get(path).text
        pages.append(LISTED.findall(text))
        found = re.search(r'rel="next" href="([^"]+)"', text)
        path = found[1] if found else ""
        if len(pages) == 1:
            new = copied(town, -timedelta(minutes=1))
    assert [len(page) for page in pages] == [A_PAGE, A_PAGE, 6]
    together = [each for page in pages for each in page]
    assert len(set(together)) == len(together)
    assert set(together) == {*made, town.kept.id}
    assert listed(alice)[0] == new
    began = town.house.ask(lambda s: {row.id: row.began_at for row in s.scalars(sa.select(StoredObject))})
    assert [began[each] for each in together] == sorted((began[each] for each in together), reverse=True)


@pytest.mark.parametrize("before", ["x", "20261102T090000", "2026-11-02", "99999999T000000000000-a", "-"])
def test_a_page_that_is_none_says_so(town: Town, before: str) -> None:
    assert town.signed_in("alice").get(f"/recordings?before={before}").status_code == 404


@pytest.mark.parametrize(
    ("left", "told"), [({"days": 3, "hours": 5}, "3"), ({"hours": 23}, "&lt;1"), ({"days": 1}, "1")]
)
def test_days_that_are_left(town: Town, left: dict[str, int], told: str) -> None:
    until = town.house.clock.now() + timedelta(**left)
    copied(town, -timedelta(minutes=1), until={"quality": until, "training": until - timedelta(hours=1)})
    first = town.signed_in("alice").get("/recordings?lang=en").text.split("<tr>")[2]
    assert f'data-label="Days left" class="number">{told}</td>' in first


@pytest.mark.parametrize("name", ["charlie", "mira", "pavel", "aidar"])
def test_who_hears_nothing_has_no_list(town: Town, name: str) -> None:
    visitor = town.signed_in(name)
    assert visitor.get("/recordings").status_code == 404
    assert 'href="/recordings"' not in visitor.get("/").text


def test_alice_hears_it_and_the_ledger_is_told_first(town: Town) -> None:
    town.house.clock.sleep(16 * 60)
    alice, before = town.signed_in("alice"), len(town.leaves("media_shown"))
    page = alice.get(f"/recordings/{town.kept.id}")
    assert page.status_code == 200
    sound = re.search(r'<audio[^>]*src="([^"]+)"', page.text)
    assert sound is not None
    plain = town.house.plain(town.kept)
    whole = alice.get(sound[1])
    assert (whole.status_code, whole.data) == (200, plain)
    part = alice.get(sound[1], Range="bytes=100-199")
    assert (part.status_code, part.data) == (206, plain[100:200])
    assert "no-store" in part.headers["Cache-Control"]
    assert alice.get(sound[1], Range="bytes=999999999-").status_code == 416
    told = {"person": town.person("alice").id, "object": town.kept.id, "purpose": "quality", "how": "page"}
    assert town.leaves("media_shown")[before:] == [told]


@pytest.mark.parametrize("purpose", ["training", "quality"])
def test_the_purpose_that_is_chosen_is_what_is_told(town: Town, purpose: str) -> None:
    town.house.clock.sleep(16 * 60)
    alice = town.signed_in("alice")
    page = alice.get(f"/recordings/{town.kept.id}?purpose={purpose}").text
    alice.get(re.findall(r'<audio[^>]*src="([^"]+)"', page)[0])
    assert town.leaves("media_shown")[-1]["purpose"] == purpose
    other = {"training": "quality", "quality": "training"}[purpose]
    assert f'href="?purpose={other}"' in page
    assert alice.get(f"/recordings/{town.kept.id}?purpose=security").status_code == 404


@pytest.mark.parametrize("name", ["bob", "charlie", "mira", "pavel", "aidar"])
@pytest.mark.parametrize("what", ["", "/audio.wav"])
def test_the_others_hear_nothing_and_the_ledger_has_it(town: Town, name: str, what: str) -> None:
    visitor, before = town.signed_in(name), len(town.leaves("media_refused"))
    shown = len(town.leaves("media_shown"))
    answer = visitor.get(f"/recordings/{town.kept.id}{what}", Range="bytes=0-99")
    assert answer.status_code == 404
    assert town.kept.id not in answer.text.replace(f"/recordings/{town.kept.id}", "")
    refused = town.leaves("media_refused")[before:]
    assert [(each["person"], each["object"]) for each in refused] == [(town.person(name).id, town.kept.id)]
    assert len(town.leaves("media_shown")) == shown
    none = visitor.get(f"/recordings/{'0' * 32}{what}")
    assert (none.status_code, none.data) == (answer.status_code, answer.data)
