"""Notices on the officer's pages: who meets them, what is taken and refused, and what becomes of a draft."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse as Answer
from werkzeug.test import encode_multipart

from app.privacy.notices import typed_moment
from storage.errors import Refused
from storage.models import NoticeAudio, NoticeDraft
from storage.notices import current, named, state_at
from storage.publication import Draft, publish
from tests.notices.sounds import as_mp3, as_wav, murmur
from tests.pages.officer import more_officers
from tests.pages.people import PASSWORD, Town, Visitor
from tests.practice.customer import wav

TEXT = "Этот разговор будет записан для обучения. Не согласны – положите трубку."
IN_ENGLISH = {"Accept-Language": "en"}
DRAFT = re.compile(r"/notices/drafts/(\w{32})$")


@pytest.fixture(scope="module", autouse=True)
def _officers(town: Town) -> None:
    more_officers(town)


def sent(visitor: Visitor, sound: bytes | None, name: str = "a.wav", /, **fields: str) -> Answer:
    """The form of a new version, with a file."""
    told: dict[str, Any] = {"kind": "notice", "mode": "stay", "language": "ru", "text": TEXT, "voice": "person"}
    told |= {"form": visitor.form("/notices/stay-ru-1")} | fields
    if sound is not None:
        told["audio"] = FileStorage(BytesIO(sound), name, "audio")
    return posted(visitor, "/notices/drafts", told)


def posted(visitor: Visitor, path: str, told: dict[str, Any]) -> Answer:
    # Encoded here: for what is large the test client leaves a temporary file open.
    boundary, body = encode_multipart(told)
    headers = IN_ENGLISH | {"Accept": "text/html", "Origin": visitor.base, "Sec-Fetch-Site": "same-origin"}
    kind = f"multipart/form-data; boundary={boundary}"
    return visitor.client.post(path, data=body, content_type=kind, headers=headers, base_url=visitor.base)


def drafted(visitor: Visitor, sound: bytes | None, name: str = "a.wav", /, **fields: str) -> str:
    """Its address."""
    answer = sent(visitor, sound, name, **fields)
    assert answer.status_code == 303, answer.text
    found = DRAFT.search(answer.headers["Location"])
    assert found is not None
    return found[0]


def left(town: Town) -> tuple[int, int]:
    """How many drafts there are, and how many sounds that callers hear."""
    with town.house.at.database.read() as session:
        waiting, sounds = (sa.select(sa.func.count()).select_from(of) for of in (NoticeDraft, NoticeAudio))
        return session.scalar(waiting) or 0, session.scalar(sounds) or 0


def test_a_draft_is_heard_by_officers_alone_until_it_is_published(town: Town) -> None:
    pavel, before = town.signed_in("pavel"), left(town)
    path = drafted(pavel, as_wav(murmur(3)))
    page = pavel.get(f"{path}?lang=en").text
    assert "<ins>" in page
    assert "<del>" in page
    heard = pavel.get(f"{path}/audio.wav")
    assert heard.data[:4] == b"RIFF"
    assert (heard.headers["Cache-Control"], heard.mimetype) == ("no-store", "audio/wav")
    sha256 = re.findall(r"<code>(\w{64})</code>", page)[0]
    assert town.visitor().get(f"/twilio/audio/{sha256}.wav").status_code == 404
    for name in ("alice", "bob", "charlie", "mira", "aidar", "here"):
        visitor = town.signed_in(name)
        assert visitor.get(path).status_code == 404
        assert visitor.get(f"{path}/audio.wav").status_code == 404
        for deed in ("publish", "discard"):
            assert visitor.post(f"{path}/{deed}", form=visitor.form("/sessions"), when="now").status_code == 404
        assert "/notices/drafts/" not in visitor.get("/notices").text
        assert "/notices/drafts" not in visitor.get("/notices/stay-ru-1").text
    assert town.visitor().get(f"{path}/audio.wav").status_code == 303
    assert path in pavel.get("/notices").text
    assert pavel.post(f"{path}/discard", form=pavel.form(path)).headers["Location"] == "/notices"
    assert pavel.get(f"{path}/audio.wav").status_code == 404
    assert left(town) == before


def test_published_for_later_it_is_shown_and_withdrawn(town: Town) -> None:
    pavel, clock = town.signed_in("pavel"), town.house.clock
    path = drafted(pavel, as_mp3(murmur(3)), "a.mp3", mode="opt_in", language="kk")
    later = (clock.now() + timedelta(days=9)).strftime("%Y-%m-%dT07:00")
    asked = {"when": "later", "from": later, "zone": "Asia/Almaty"}
    answer = pavel.post(f"{path}/publish", form=pavel.form(path), more=asked)
    assert answer.headers["Location"] == "/notices/opt_in-kk-2"
    assert pavel.get(path).status_code == 404
    version = town.house.ask(lambda s: named(s, "opt_in-kk-2"))
    assert (state_at(version, clock.now()), version.placeholder) == ("scheduled", False)
    assert version.effective_from.strftime("%H:%M") == "02:00"
    for name in ("pavel", "aidar", "mira"):
        listed = town.signed_in(name).get("/notices?lang=en").text
        assert "opt_in-kk-1" in listed
        assert "opt_in-kk-2" in listed
    assert "Astana, opt-in" in town.signed_in("aidar").get("/notices/opt_in-kk-2?lang=en").text
    # Of which lines it is heard on, people of a centre know their own.
    assert "Astana, opt-in" not in town.signed_in("mira").get("/notices/opt_in-kk-2?lang=en").text
    aidar = town.signed_in("aidar")
    page = "/notices/opt_in-kk-2"
    assert aidar.post(f"{page}/withdraw", form=aidar.form("/sessions"), reason="no").status_code == 404
    clock.sleep(11 * 60)
    assert pavel.post(f"{page}/withdraw", form=pavel.form(page), reason="another word").status_code == 403
    again = {"reason": "another word", "confirm_password": PASSWORD}
    assert pavel.post(f"{page}/withdraw", form=pavel.form(page), more=again).status_code == 303
    shown = pavel.get(f"{page}?lang=en").text
    assert "another word" in shown
    assert "Withdrawn" in shown
    by = town.person("pavel").id
    assert town.leaves("notice_withdrawn") == [{"version": "opt_in-kk-2", "reason": "another word", "by": by}]
    assert town.leaves("notice_published")[-1]["by"] == by
    # Who did it: twice for who watches over it, and for nobody else.
    for name, times in (("aidar", 2), ("mira", 0), ("alice", 0)):
        assert town.signed_in(name).get(page).text.count("pavel@example.com") == times
    assert pavel.post(f"{page}/withdraw", form=pavel.form(page), reason="again").status_code == 400


def test_a_machine_speaks_where_nobody_has_recorded_it(town: Town) -> None:
    pavel = town.signed_in("pavel")
    path = drafted(pavel, None, kind="unavailable", mode="", language="en", text="Call again.", voice="machine")
    assert "Spoken by a machine" in pavel.get(f"{path}?lang=en").text
    answer = pavel.post(f"{path}/publish", form=pavel.form(path), when="now")
    assert answer.headers["Location"] == "/notices/unavailable-en-2"
    now = town.house.ask(lambda s: current(s, "unavailable", None, "en", town.house.clock.now()))
    assert (now.version, now.text, now.placeholder) == ("unavailable-en-2", "Call again.", True)


@pytest.mark.parametrize(
    ("sound", "fields", "words"),
    [
        (as_wav(murmur(3, level=0.001)), {}, "The recording is silent"),
        (b"no sound", {}, "The file is neither WAV nor MP3"),
        (None, {}, "Choose a WAV or MP3 file"),
        (as_wav(murmur(3)), {"text": " "}, "Give the text: the words that are heard."),
    ],
)
def test_what_could_not_be_heard_is_refused_and_what_was_typed_stays(
    town: Town, sound: bytes | None, fields: dict[str, str], words: str
) -> None:
    before = left(town)
    answer = sent(town.signed_in("pavel"), sound, **fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert fields.get("text", TEXT) in answer.text
    assert left(town) == before


@pytest.mark.parametrize(
    ("when", "zone", "words"),
    [
        ("2020-01-01T00:00", "Asia/Almaty", "This moment has passed"),
        ("", "Asia/Almaty", "Name the day and the time from which"),
        ("2030-01-01T00:00+05:00", "Asia/Almaty", "Name the day and the time without a zone"),
        ("2030-01-01T00:00", "Mars/Olympus", "Choose one of these time zones: Asia/Almaty, UTC."),
    ],
)
def test_a_moment_that_cannot_be_is_refused_and_the_draft_waits_on(
    town: Town, when: str, zone: str, words: str
) -> None:
    pavel = town.signed_in("pavel")
    path = drafted(pavel, as_wav(murmur(3)))
    asked = {"when": "later", "from": when, "zone": zone}
    answer = pavel.post(f"{path}/publish", form=pavel.form(path), more=asked, headers=IN_ENGLISH)
    assert answer.status_code == 400
    assert words in answer.text
    assert pavel.get(path).status_code == 200


ZONES = [ZoneInfo(name) for name in ("Asia/Almaty", "Europe/Luxembourg", "UTC")]


def test_a_day_and_a_time_are_of_a_place() -> None:
    told = [("2026-12-01T00:00", "Asia/Almaty"), ("2026-12-01", "UTC"), ("2027-03-28T01:59", "Europe/Luxembourg")]
    moments = [typed_moment(typed, zone, ZONES).isoformat() for typed, zone in told]
    assert moments == ["2026-11-30T19:00:00+00:00", "2026-12-01T00:00:00+00:00", "2027-03-28T00:59:00+00:00"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2027-03-28T02:30", "clocks of Europe/Luxembourg are changed then"),  # never shown
        ("2026-10-25T02:30", "clocks of Europe/Luxembourg are changed then"),  # shown twice
        ("0001-01-01T00:00", "a day of this century"),
        ("9999-12-31T23:30", "a day of this century"),
    ],
)
def test_a_time_that_no_clock_shows_or_shows_twice_is_refused(typed: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        typed_moment(typed, "Europe/Luxembourg", ZONES)


def test_publishing_takes_the_password_once_more(town: Town) -> None:
    pavel = town.signed_in("pavel")
    path = drafted(pavel, as_wav(murmur(3)))
    town.house.clock.sleep(11 * 60)
    assert pavel.post(f"{path}/publish", form=pavel.form(path), when="now").status_code == 403
    assert pavel.get(path).status_code == 200


def test_that_address_alone_takes_more_than_a_form(town: Town) -> None:
    pavel = town.signed_in("pavel")
    large = as_wav(murmur(20), murmur(20))
    assert len(large) > 3 * 1024 * 1024
    assert DRAFT.search(drafted(pavel, large))
    form = pavel.form("/notices/stay-ru-1")
    for path in ("/holds/set", "/notices/stay-ru-1/withdraw"):
        told = {"form": form, "audio": FileStorage(BytesIO(large), "a.wav", "audio")}
        assert posted(pavel, path, told).status_code == 413
    assert sent(pavel, bytes(21 * 1024 * 1024)).status_code == 413
    told = {"form": form, "audio": FileStorage(BytesIO(large), "a.wav", "audio")}
    assert posted(town.visitor(), "/notices/drafts", told).status_code == 303, "who is not signed in is asked to"


def test_of_each_use_the_page_says_what_is_so(town: Town) -> None:
    now = town.house.clock.now()
    with town.house.at.database.begin() as session:
        later = now + timedelta(days=3)
        publish(session, Draft("menu", None, "kk", "Қазақша – бір.", wav(3.0), 3000, False), now, later)
    page = town.signed_in("aidar").get("/notices?lang=en").text
    rows = re.findall(r'<tr>\s*<th scope="row">(.*?)</th>(.*?)</tr>', page, re.DOTALL)
    assert len(rows) == 7
    told = dict(rows)["Choice of language"]
    assert told.index("menu-kk-1") < told.index("menu-kk-2")
    assert "Spoken by a machine" in told
    for gone in ("/notices/stay-ru-99", "/notices/drafts", "/notices/new?kind=menu&language=de"):
        assert town.signed_in("pavel").get(gone).status_code in (400, 404)
