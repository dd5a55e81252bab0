"""The sound of a recording for programs: who may, why, which bytes; and the ledger before the first of them."""

import pytest

from tests.api.programs import Program, program
from tests.pages.people import Town


@pytest.fixture(scope="module")
def sound(town: Town) -> str:
    return f"/recordings/{town.house.recordings()[0].recording_sid}/audio.wav?purpose="


def last(town: Town, kind: str) -> dict[str, object]:
    return town.leaves(kind)[-1]


def test_alice_hears_it_whole_and_in_ranges(town: Town, sound: str) -> None:
    alice = program(town, "alice")
    plain = town.house.plain(town.kept)
    whole = alice.get(sound + "quality")
    assert (whole.status_code, whole.mimetype, whole.data) == (200, "audio/wav", plain)
    part = alice.get(sound + "quality", Range="bytes=100-299")
    assert (part.status_code, part.data) == (206, plain[100:300])
    assert part.headers["Content-Range"] == f"bytes 100-299/{len(plain)}"
    assert alice.get(sound + "quality", Range="bytes=-10").data == plain[-10:]
    beyond = alice.get(sound + "quality", Range=f"bytes={len(plain)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(plain)}")
    head = alice.ask("HEAD", sound + "quality")
    assert (head.status_code, head.data, head.content_length) == (200, b"", len(plain))
    assert alice.get(sound + "training").status_code == 200


def test_the_ledger_knows_before_the_first_byte(town: Town, sound: str) -> None:
    told = {"person": town.person("alice").id, "object": town.kept.id, "how": "api"}
    alice = program(town, "alice")
    before = len(town.leaves("media_shown"))
    town.house.clock.sleep(3600)
    answer = alice.client.get(
        f"/api/v1{sound}quality", headers={"Authorization": f"Bearer {alice.token}"}, buffered=False
    )
    assert len(town.leaves("media_shown")) == before + 1
    assert last(town, "media_shown") == told | {"purpose": "quality"}
    answer.close()


@pytest.mark.parametrize(
    ("name", "status"), [("bob", 404), ("charlie", 403), ("mira", 403), ("pavel", 403), ("aidar", 403)]
)
def test_who_may_not_gets_nothing_and_the_ledger_is_told(town: Town, sound: str, name: str, status: int) -> None:
    refused = len(town.leaves("media_refused"))
    answer = program(town, name).get(sound + "quality", Range="bytes=0-10")
    assert answer.status_code == status
    assert len(town.leaves("media_refused")) == refused + 1
    assert last(town, "media_refused")["person"] == town.person(name).id


def test_a_token_without_the_scope_gets_nothing_and_the_ledger_is_told(town: Town, sound: str) -> None:
    refused = len(town.leaves("media_refused"))
    assert program(town, "alice", ["recordings:read"]).get(sound + "quality").status_code == 403
    assert len(town.leaves("media_refused")) == refused + 1


def test_a_purpose_is_named(town: Town, sound: str) -> None:
    alice = program(town, "alice")
    for purpose in ("", "security", "quality&x=1"):
        assert alice.get(sound + purpose).status_code == 422
    assert alice.get("/recordings/REnone/audio.wav?purpose=quality").status_code == 404
    assert Program(town, None).get(sound + "quality").status_code == 401


def test_a_session_opens_nothing_here_and_a_token_nothing_there(town: Town, sound: str) -> None:
    alice = town.signed_in("alice")
    assert alice.get(f"/api/v1{sound}quality").status_code == 401
    token = program(town, "alice").token
    assert town.visitor().get("/recordings", Authorization=f"Bearer {token}").status_code == 303
