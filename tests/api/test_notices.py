"""Notices by programs: drafts made and heard, brought into force and taken back, each once, by whom it is for."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage.models import KeptAnswer, NoticeDraft, NoticeVersion
from tests.api.programs import Program, program
from tests.notices.sounds import as_mp3, as_wav, murmur, tone
from tests.pages.people import Town

WAV = base64.b64encode(as_wav(murmur(3))).decode()
DRAFT = {"kind": "notice", "mode": "stay", "language": "en", "text": "This call is recorded.", "voice": "person"}
SPOKEN = {"kind": "menu", "language": "en", "text": "For English, press three.", "voice": "machine"}


@pytest.fixture
def pavel(town: Town) -> Program:
    return program(town, "pavel")


def made(shown: Program, audio: str = WAV, **other: Any) -> Any:
    answer = shown.post("/notices/drafts", DRAFT | {"audio": audio} | other)
    assert answer.status_code == 201, answer.text
    return answer.json


def count(town: Town, table: type[Any]) -> int:
    return int(town.house.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(table))))


def published(shown: Program, draft: Any, **other: Any) -> Any:
    answer = shown.post(f"/notices/drafts/{draft['draft']}/publish", {"audio_sha256": draft["audio_sha256"]} | other)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_draft_is_heard_and_then_published(town: Town, pavel: Program) -> None:
    draft = made(pavel, text="This call\nis  recorded, once.")
    assert (draft["text"], draft["by"]) == ("This call is recorded, once.", "pavel@example.com")
    assert (draft["placeholder"], draft["seconds"]) == (False, 3.0)
    assert pavel.get(f"/notices/drafts/{draft['draft']}").json == draft
    assert draft in pavel.listed("/notices/drafts")
    sound = pavel.get(f"/notices/drafts/{draft['draft']}/audio.wav")
    assert (sound.mimetype, sound.data[:4], sound.headers["Cache-Control"]) == ("audio/wav", b"RIFF", "no-store")
    assert town.visitor().get(f"/twilio/audio/{draft['audio_sha256']}.wav").status_code == 404
    version = published(pavel, draft)
    assert (version["state"], version["text"]) == ("published", draft["text"])
    assert version["audio_sha256"] == draft["audio_sha256"]
    assert pavel.get(f"/notices/{version['version']}/audio.wav").data == sound.data
    assert pavel.get(f"/notices/drafts/{draft['draft']}").status_code == 404
    told = town.leaves("notice_published")[-1]
    assert (told["version"], told["by"]) == (version["version"], town.person("pavel").id)
    assert list(town.house.at.verification.problems()) == []


def test_a_machine_speaks_it_for_now(pavel: Program) -> None:
    answer = pavel.post("/notices/drafts", SPOKEN)
    assert answer.status_code == 201
    assert answer.json is not None
    assert (answer.json["placeholder"], answer.json["mode"]) == (True, None)
    assert answer.json["seconds"] > 0.5


def test_for_later_and_taken_back(town: Town, pavel: Program) -> None:
    begins = (town.house.clock.now() + timedelta(days=9)).isoformat(timespec="seconds").replace("+00:00", "Z")
    before = next(each for each in pavel.listed("/notices") if each["version"] == "opt_in-ru-1")
    version = published(pavel, made(pavel, mode="opt_in", language="ru"), **{"from": begins})
    assert (version["state"], version["effective_from"]) == ("scheduled", begins.replace("Z", ".000Z"))
    path = f"/notices/{version['version']}/withdraw"
    assert pavel.post(path, {"reason": " "}).status_code == 409
    taken = pavel.post(path, {"reason": "A word is wrong"}, Idempotency_Key="taken")
    assert taken.status_code == 200
    assert taken.json is not None
    assert taken.json["state"] == "withdrawn"
    assert pavel.post(path, {"reason": "A word is wrong"}, Idempotency_Key="taken").data == taken.data
    assert pavel.post(path, {"reason": "A word is wrong"}).status_code == 409
    assert pavel.post("/notices/opt_in-ru-1/withdraw", {"reason": "in force"}).status_code == 409
    assert pavel.post("/notices/none/withdraw", {"reason": "nothing"}).status_code == 404
    assert before in pavel.listed("/notices"), "it has its time again"
    told = town.leaves("notice_withdrawn")[-1]
    assert (told["version"], told["by"]) == (version["version"], town.person("pavel").id)


def test_each_is_done_once(town: Town, pavel: Program) -> None:
    sent = DRAFT | {"audio": WAV, "text": "Said once."}
    before = count(town, NoticeDraft)
    first = pavel.post("/notices/drafts", sent, Idempotency_Key="made")
    again = pavel.post("/notices/drafts", sent, Idempotency_Key="made")
    assert (again.status_code, again.data, count(town, NoticeDraft)) == (201, first.data, before + 1)
    assert pavel.post("/notices/drafts", sent | {"text": "Another."}, Idempotency_Key="made").status_code == 409
    assert first.json is not None
    path, heard = f"/notices/drafts/{first.json['draft']}", {"audio_sha256": first.json["audio_sha256"]}
    versions = count(town, NoticeVersion)
    done = pavel.post(f"{path}/publish", heard, Idempotency_Key="published")
    assert pavel.post(f"{path}/publish", heard, Idempotency_Key="published").data == done.data
    assert pavel.post(f"{path}/publish", heard).status_code == 404
    assert count(town, NoticeVersion) == versions + 1
    gone = made(pavel)["draft"]
    discarded = pavel.post(f"/notices/drafts/{gone}/discard", Idempotency_Key="gone")
    assert (discarded.status_code, discarded.json) == (200, {"draft": gone})
    assert pavel.post(f"/notices/drafts/{gone}/discard", Idempotency_Key="gone").data == discarded.data
    assert pavel.post(f"/notices/drafts/{gone}/discard").status_code == 404
    # Answers are kept; the sound that was sent is in none of them.
    assert all(WAV[:80] not in body for body in town.house.ask(lambda s: s.scalars(sa.select(KeptAnswer.body)).all()))


def test_publishing_is_bound_to_what_was_heard(town: Town, pavel: Program) -> None:
    draft, versions = made(pavel), count(town, NoticeVersion)
    path = f"/notices/drafts/{draft['draft']}/publish"
    other = pavel.post(path, {"audio_sha256": "0" * 64})
    assert other.status_code == 409
    assert other.json is not None
    assert "hear it first" in other.json["detail"]
    late = (town.house.clock.now() - timedelta(days=1)).isoformat()
    assert pavel.post(path, {"audio_sha256": draft["audio_sha256"], "from": late}).status_code == 409
    assert pavel.post(path, {}).status_code == 422
    assert count(town, NoticeVersion) == versions
    assert pavel.get(f"/notices/drafts/{draft['draft']}").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "status", "says"),
    [
        ({"audio": base64.b64encode(as_wav(tone(440, 0.2, 8000), rate_hz=8000)).decode()}, 409, "at least 1 second"),
        ({"audio": base64.b64encode(b"no sound at all").decode()}, 409, "neither a WAV nor an MP3"),
        ({"audio": "QUJ"}, 409, "no base64"),
        ({"audio": "<>"}, 422, ""),
        ({"audio": None}, 409, "person takes audio"),
        ({"voice": "machine", "audio": WAV}, 409, "machine takes none"),
        ({"mode": None}, 409, "a notice needs one of"),
        ({"kind": "menu"}, 409, "or one of"),
        ({"language": "de"}, 422, ""),
        ({"text": "  "}, 409, "needs the words"),
        ({"text": "a\0b"}, 422, ""),
    ],
)
def test_what_could_not_be_heard_is_refused_and_leaves_nothing(
    town: Town, pavel: Program, wrong: dict[str, Any], status: int, says: str
) -> None:
    before = count(town, NoticeDraft)
    answer = pavel.post("/notices/drafts", DRAFT | {"audio": WAV} | wrong, Idempotency_Key="wrong")
    assert answer.status_code == status, answer.text
    assert says in answer.text
    assert count(town, NoticeDraft) == before


def test_a_large_file_is_taken_there_and_nowhere_else(town: Town, pavel: Program) -> None:
    large = base64.b64encode(as_wav(murmur(20), murmur(20))).decode()
    assert len(large) > 4 * 1024 * 1024
    draft = made(pavel, large)
    assert draft["seconds"] == 20.0
    assert pavel.post("/holds", {"reason": large}).status_code == 413
    assert pavel.post(f"/notices/drafts/{draft['draft']}/publish", {"audio_sha256": large}).status_code == 413
    assert pavel.post("/notices/drafts", DRAFT | {"audio": "A" * 28 * 1024 * 1024}).status_code == 413
    stranger = Program(town, None)
    assert stranger.post("/notices/drafts", DRAFT | {"audio": large}).status_code == 401
    assert made(pavel, base64.b64encode(as_mp3(murmur(3))).decode())["placeholder"] is False


@pytest.mark.parametrize("name", ["alice", "bob", "charlie", "mira", "aidar"])
def test_nobody_else_meets_a_draft(town: Town, pavel: Program, name: str) -> None:
    draft, shown = made(pavel), program(town, name)
    path = f"/notices/drafts/{draft['draft']}"
    assert {shown.get(each).status_code for each in ("/notices/drafts", path, f"{path}/audio.wav")} == {404}
    heard = {"audio_sha256": draft["audio_sha256"]}
    assert shown.post(f"{path}/publish", heard).status_code == 404
    assert shown.post(f"{path}/discard").status_code == 404
    assert shown.post("/notices/drafts", DRAFT | {"audio": WAV}).status_code == 404
    assert shown.post("/notices/stay-kk-1/withdraw", {"reason": "x"}).status_code == 404
    assert draft["draft"] not in json.dumps(shown.get("/notices").json)
    assert program(town, "pavel").get(path).status_code == 200


def test_making_is_one_scope_and_publishing_another(town: Town, pavel: Program) -> None:
    draft = made(pavel)
    path, heard = f"/notices/drafts/{draft['draft']}", {"audio_sha256": draft["audio_sha256"]}
    maker = program(town, "pavel", ["drafts:read", "drafts:write"])
    refused = maker.post(f"{path}/publish", heard)
    assert refused.status_code == 403
    assert 'scope="notices:write"' in refused.headers["WWW-Authenticate"]
    assert maker.get(path).status_code == 200
    reader = program(town, "pavel", ["notices:read"])
    assert reader.get("/notices").status_code == 200
    assert {reader.get(path).status_code, reader.get(f"{path}/audio.wav").status_code} == {403}
    publisher = program(town, "pavel", ["notices:write"])
    assert publisher.post("/notices/drafts", DRAFT | {"audio": WAV}).status_code == 403
    assert publisher.post(f"{path}/publish", heard).status_code == 200
