"""/play/<pass>, request by request: ranges, headers, who may not, and what the ledger has before a byte leaves."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner

from app.auth.pass_link import VALID_FOR_S, Pass, Passes
from storage.models import Centre, Leaf, LeafOpening, Person
from storage.models.columns import random_id
from storage.objects.store import StoreUnavailable
from storage.retention.claim import purge
from tests.backend import MadeDatabases
from tests.house import House

if TYPE_CHECKING:
    from tests.seaweed import Seaweed


class Room:
    """A house with one recording, people, and a browser of sorts."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.call("stay", "ru")
        house.work()
        (self.kept,) = house.objects()
        self.plain = house.plain(self.kept)
        self.client: FlaskClient = house.app.test_client(use_cookies=False)
        with house.at.database.begin() as session:
            now = house.clock.now()
            other = Centre(
                id=random_id(), code="alm", name="Almaty", jurisdiction="KZ", timezone="Asia/Almaty",
                languages=["kk"], created_at=now,
            )  # fmt: skip
            session.add(other)
            session.flush()
            for email, centre, active in (("bob", other.id, True), ("dana", self.kept.centre_id, False)):
                session.add(
                    Person(
                        id=random_id(), email=f"{email}@example.com", role="qa_reviewer", centre_id=centre,
                        active=active, created_at=now,
                    )
                )  # fmt: skip

    def person(self, name: str) -> str:
        found: str = self.house.ask(
            lambda s: s.scalars(sa.select(Person.id).where(Person.email == f"{name}@example.com")).one()
        )
        return found

    def address(self, name: str = "alice", purpose: str = "quality", object_id: str | None = None) -> str:
        held = Pass(self.person(name), object_id or self.kept.id, purpose)
        return f"/play/{Passes(self.house.at.home).issue(held)}"

    def leaves(self, kind: str) -> list[dict[str, str]]:
        told = sa.select(LeafOpening.facts).join(Leaf, Leaf.id == LeafOpening.leaf_id).where(Leaf.kind == kind)
        return list(self.house.ask(lambda s: s.scalars(told).all()))


@pytest.fixture(scope="module")
def room(
    tmp_path_factory: pytest.TempPathFactory, store_server: "Seaweed", made_databases: MadeDatabases
) -> Iterator[Room]:
    from tests.seaweed import made_bucket

    home: Path = tmp_path_factory.mktemp("room")
    with (
        made_bucket(store_server, versioned=False) as bucket,
        made_databases() as databases,
        House(home, store_server.store(bucket), databases).open() as house,
    ):
        yield Room(house)


def test_a_page_may_load_nothing_from_elsewhere(room: Room) -> None:
    for address in (room.address(), f"{room.address()}/audio.wav", "/play/nothing"):
        answer = room.client.get(address)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_page_speaks_the_language_that_is_asked_for(room: Room, language: str) -> None:
    asked = room.client.get(f"{room.address()}?lang={language}")
    wished = room.client.get(room.address(), headers={"Accept-Language": f"{language},de;q=0.5"})
    for answer in (asked, wished):
        assert answer.status_code == 200
        assert f'<html lang="{language}">' in answer.text
    missing = room.client.get(f"/play/nothing?lang={language}", headers={"Accept": "text/html"})
    assert f'<html lang="{language}">' in missing.text


def test_a_language_that_there_is_not_gives_kazakh(room: Room) -> None:
    for address, headers in ((f"{room.address()}?lang=de", {}), (room.address(), {"Accept-Language": "de"})):
        assert '<html lang="kk">' in room.client.get(address, headers=headers).text


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=1000-1999", 1000, 2000), ("bytes=-10", -10, None), ("bytes=44-", 44, None),
     ("bytes=100-999999999", 100, None)],
)  # fmt: skip
def test_a_range_is_served(room: Room, asked: str, start: int, stop: int | None) -> None:
    answer = room.client.get(f"{room.address()}/audio.wav", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.data == room.plain[start:stop]
    assert answer.headers["Content-Length"] == str(len(answer.data))
    first = start % len(room.plain)
    told = f"bytes {first}-{first + len(answer.data) - 1}/{len(room.plain)}"
    assert answer.headers["Content-Range"] == told


def test_without_a_range_all_of_it_comes(room: Room) -> None:
    answer = room.client.get(f"{room.address()}/audio.wav")
    assert (answer.status_code, answer.data) == (200, room.plain)
    assert answer.mimetype == "audio/wav"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Length"] == str(len(room.plain))


def test_a_range_that_cannot_be_is_416(room: Room) -> None:
    answer = room.client.get(f"{room.address()}/audio.wav", headers={"Range": "bytes=999999999-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(room.plain)}"


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=5-2", "bytes=x", "bytes=0-1,5-6", "bytes", ""])
def test_a_range_that_is_not_understood_is_ignored(room: Room, asked: str) -> None:
    """RFC 9110, 14.2: an unknown unit must be ignored, an invalid range and several ranges may be."""
    answer = room.client.get(f"{room.address()}/audio.wav", headers={"Range": asked})
    assert (answer.status_code, answer.data) == (200, room.plain)


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-0"}])
def test_head_tells_the_size_and_sends_nothing(room: Room, headers: dict[str, str]) -> None:
    """RFC 9110, 14.2: ranges are for GET alone."""
    answer = room.client.head(f"{room.address()}/audio.wav", headers=headers)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(room.plain))
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("name", ["bob", "charlie", "dana"])
@pytest.mark.parametrize("what", ["", "/audio.wav"])
def test_who_has_no_right_sees_nothing_and_the_ledger_has_it(room: Room, name: str, what: str) -> None:
    before, shown = len(room.leaves("media_refused")), len(room.leaves("media_shown"))
    answer = room.client.get(room.address(name) + what)
    assert answer.status_code == 404
    assert room.kept.id not in answer.text
    refused = room.leaves("media_refused")[before:]
    assert [(each["person"], each["object"]) for each in refused] == [(room.person(name), room.kept.id)]
    assert len(room.leaves("media_shown")) == shown


def test_a_purpose_that_it_is_not_kept_for_is_refused(room: Room) -> None:
    before = len(room.leaves("media_refused"))
    assert room.client.get(room.address(purpose="security")).status_code == 404
    assert len(room.leaves("media_refused")) == before + 1


def test_what_does_not_exist_looks_the_same_as_what_may_not_be_seen(room: Room) -> None:
    none = room.client.get(room.address(object_id="0" * 32))
    hidden = room.client.get(room.address("bob"))
    assert (none.status_code, none.data) == (hidden.status_code, hidden.data)
    assert list(none.headers.keys()) == list(hidden.headers.keys())


def test_a_pass_that_is_old_changed_or_somebody_elses_is_none(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = int((datetime.now(UTC) - timedelta(seconds=VALID_FOR_S + 60)).timestamp())
    with monkeypatch.context() as patched:
        patched.setattr(TimestampSigner, "get_timestamp", lambda _self: long_ago)
        old = room.address()
    fresh = room.address()
    for address in (old, fresh[:-1], fresh.replace(".", "x", 1), "/play/x", "/play/" + "a" * 5000):
        for what in ("", "/audio.wav"):
            assert room.client.get(address + what).status_code == 404, address
    assert room.client.get(fresh).status_code == 200


def test_listening_is_one_leaf_in_a_quarter_of_an_hour(room: Room) -> None:
    room.house.clock.sleep(3600)

    def shown() -> int:
        return len(room.leaves("media_shown"))

    before, address = shown(), room.address()
    for asked in ("bytes=0-99", "bytes=100-199", "bytes=200-"):
        room.client.get(f"{address}/audio.wav", headers={"Range": asked})
    room.client.get(address)
    assert shown() == before + 1
    room.house.clock.sleep(14 * 60)
    room.client.get(f"{address}/audio.wav")
    assert shown() == before + 1
    room.house.clock.sleep(61)
    room.client.get(f"{address}/audio.wav")
    assert shown() == before + 2
    room.client.get(f"{room.address(purpose='training')}/audio.wav")
    assert shown() == before + 3
    assert room.leaves("media_shown")[-1] == {
        "person": room.person("alice"),
        "object": room.kept.id,
        "purpose": "training",
        "how": "page",
    }


def test_the_leaf_is_written_before_a_byte_leaves(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.house.clock.sleep(3600)
    before = len(room.leaves("media_shown"))
    seen: list[int] = []

    def read(*_: object) -> Iterator[bytes]:
        seen.append(len(room.leaves("media_shown")))
        raise StoreUnavailable("a test")

    monkeypatch.setattr(type(room.house.at.store), "read", read)
    with suppress(StoreUnavailable):
        room.client.get(f"{room.address()}/audio.wav")
    assert seen[:1] == [before + 1]


def test_a_store_that_is_away_is_no_empty_sound(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> Iterator[bytes]:
        raise StoreUnavailable("a test")

    monkeypatch.setattr(type(room.house.at.store), "read", read)
    assert room.client.get(f"{room.address()}/audio.wav").status_code == 503


def test_what_has_been_deleted_is_gone_for_everybody(house: House) -> None:
    room = Room(house)
    address = room.address()
    assert room.client.get(f"{address}/audio.wav").status_code == 200
    with house.at.database.begin() as session:
        purge(session, room.kept.id, "a test", house.clock.now())
    assert [room.client.get(address + what).status_code for what in ("", "/audio.wav")] == [404, 404]
    house.work()
    assert [room.client.get(address + what).status_code for what in ("", "/audio.wav")] == [404, 404]
